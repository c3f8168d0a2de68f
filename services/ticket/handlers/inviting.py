"""Invitations: made from a list or one by one, mailed again, accepted in the shop by their voucher, revoked."""

from __future__ import annotations

from collections.abc import Sequence

from services.ticket.domain.conference import Conference
from services.ticket.domain.invitation import Invitation, Invitee, check_guests
from services.ticket.domain.voucher import Kind, Purpose
from services.ticket.handlers.vouchers import make_vouchers
from services.ticket.store import invitations, vouchers
from services.ticket.store.orders import Person
from shared.database import Transaction
from shared.errors import Conflict, NotFound


def invite(
    tx: Transaction,
    conference: Conference,
    people: Sequence[Invitee],
    admission_type: str,
    kind: Kind = Kind.FREE,
    value: int = 0,
) -> list[Invitation]:
    """A personal voucher and link for each of these people, mailed to them. Raises as `make_vouchers`."""
    lot = make_vouchers(tx, conference, admission_type, len(people), kind=kind, value=value, purpose=Purpose.INVITATION)
    codes = [row.code for row in vouchers.codes_of(tx.connection, lot.lot_id)]
    persons = [Person(tx.ids.new("per", tx.now), each.name, each.email, each.language) for each in people]
    made = [
        Invitation(
            invitation_id=tx.ids.new("inv", tx.now),
            conference_id=conference.conference_id,
            lot_id=lot.lot_id,
            code=code,
            admission_type=admission_type,
            person=person.person_id,
            invited_at=tx.now,
        )
        for code, person in zip(codes, persons, strict=True)
    ]
    invitations.record_invitations(tx, made, [tx.ids.secret() for _ in made], persons)
    for each in made:
        tx.publish(*each.sent())
    return made


def send_invitation_again(tx: Transaction, conference_id: str, invitation_id: str) -> None:
    """Raises `Conflict` where it was revoked, `NotFound`."""
    tx.publish(*_of(tx, conference_id, invitation_id).sent())


def revoke_invitation(tx: Transaction, conference_id: str, invitation_id: str) -> None:
    """Its link leads nowhere any more. Raises `Conflict` where it was accepted: that is an order, to be cancelled as one."""
    invitation = _of(tx, conference_id, invitation_id)
    voucher = vouchers.lock_voucher(tx, conference_id, invitation.code)
    if voucher is not None and voucher.used:
        raise Conflict("This invitation was accepted: cancel the order instead.")
    invitation.revoked_at = invitation.revoked_at or tx.now
    invitations.save_invitation(tx, invitation)
    if voucher is not None:
        voucher.revoked_at = invitation.revoked_at
        vouchers.save_voucher(tx, voucher)


def name_guests(tx: Transaction, invitation_id: str, count: int) -> None:
    """How many a host takes out for dinner. Raises `InvalidInput`."""
    check_guests(count)
    invitation = invitations.lock_invitation(tx, invitation_id)
    invitation.guests = count
    invitations.save_invitation(tx, invitation)


def _of(tx: Transaction, conference_id: str, invitation_id: str) -> Invitation:
    invitation = invitations.lock_invitation(tx, invitation_id)
    if invitation.conference_id != conference_id:
        raise NotFound("There is no such invitation.")
    return invitation
