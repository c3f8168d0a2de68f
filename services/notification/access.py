"""What notification does about who is not in yet: those who wait, and those who are invited."""

from __future__ import annotations

from services.notification.domain import rule as rules
from services.notification.domain.message import Occasion
from services.notification.occasions import make_due, money, occasion
from shared.database import Transaction
from shared.events.ticketing import InvitationSent, WaitlistJoined, WaitlistOffered
from shared.wire import Envelope


def send_invitation(envelope: Envelope[InvitationSent], tx: Transaction) -> None:
    """Who is invited gets their personal link, each time it is asked for. The link is fetched when the mail goes out."""
    event = envelope.event
    occurrence = f"sent-{envelope.sequence}"
    make_due(tx, occasion(envelope, rules.INVITATION, event.invitation_id, event.person, occurrence))


def confirm_waiting(envelope: Envelope[WaitlistJoined], tx: Transaction) -> None:
    """Who stands in a line gets the link to their place in it."""
    event = envelope.event
    make_due(tx, occasion(envelope, rules.WAITLIST_JOINED, event.entry_id, event.person, "joined"))


def tell_offer(envelope: Envelope[WaitlistOffered], tx: Transaction) -> None:
    """Whose turn it is hears so, with the price and until when; never later than that."""
    event = envelope.event
    offered = Occasion(
        rule=rules.WAITLIST_OFFERED,
        subject=event.entry_id,
        occurrence="offered",
        recipient=event.person,
        conference_id=event.conference_id,
        happened_at=envelope.time,
        not_after=event.offer_expires_at,
        facts={"price": money(event.price), "expires_at": event.offer_expires_at.isoformat()},
    )
    make_due(tx, offered)
