"""What buyers still have to do: pay by transfer, before their day; name their people, before doors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.notification.domain import rule as rules
from services.notification.domain.message import Occasion
from services.notification.occasions import make_due, occasion
from shared.database import Transaction
from shared.events.ticketing import NamesMissing, OrderPlaced
from shared.service import Timer
from shared.wire import Envelope

TRANSFER = "transfer"
REMIND_BEFORE = timedelta(days=3)


def tell_how_to_pay(envelope: Envelope[OrderPlaced], tx: Transaction) -> None:
    """The buyer of an order that waits for a transfer hears how to pay, again when it is given more time, and once more three days
    before its day.

    Who orders so late that the two would come on one another's heels hears it once.
    """
    event = envelope.event
    if event.payment_method != TRANSFER:
        return
    facts = {"reference": event.reference, "pay_by": event.pay_by.isoformat()}
    occurrence = f"until-{event.pay_by.isoformat()}" if event.extended else "placed"
    told = replace(
        occasion(envelope, rules.HOW_TO_PAY, event.order_id, event.buyer, occurrence, **facts), not_after=event.pay_by
    )
    make_due(tx, told)
    remind_at = event.pay_by - REMIND_BEFORE
    if remind_at > envelope.time + timedelta(days=1):
        known = {"buyer": event.buyer, "conference_id": event.conference_id, **facts}
        tx.schedule("remind_to_pay", event.order_id, remind_at, known)


def remind_to_pay(timer: Timer, tx: Transaction) -> None:
    """Three days are left. Who has paid meanwhile, or given it up, is found out when the mail goes out."""
    due = Occasion(
        rule=rules.PAYMENT_DUE,
        subject=timer.subject,
        occurrence="due",
        recipient=timer.facts["buyer"],
        conference_id=timer.facts["conference_id"],
        happened_at=timer.due_at,
        not_after=datetime.fromisoformat(timer.facts["pay_by"]),
        facts={"reference": timer.facts["reference"], "pay_by": timer.facts["pay_by"]},
    )
    make_due(tx, due)


def ask_for_names(envelope: Envelope[NamesMissing], tx: Transaction) -> None:
    """A company was to name some of its people later, and doors are near."""
    event = envelope.event
    facts = {"reference": event.reference, "count": event.count}
    make_due(tx, occasion(envelope, rules.NAMES_MISSING, event.order_id, event.buyer, "doors", **facts))
