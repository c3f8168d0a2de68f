"""Vouchers: a sponsor's package becomes codes that buy free admissions."""

from __future__ import annotations

from typing import Any

from services.ticket.domain.conference import Conference
from services.ticket.domain.voucher import VoucherLot
from services.ticket.store import conferences, vouchers
from shared.database import Transaction
from shared.errors import InvalidInput
from shared.events.sponsorship import BenefitGranted, BenefitRevoked
from shared.wire import Envelope

CODE_LENGTH = 12


def issue_vouchers(envelope: Envelope[Any], tx: Transaction) -> None:
    """Make the codes of a benefit, once. The sponsor gets them by mail, fetched when it is sent."""
    event: BenefitGranted = envelope.event
    if event.kind != "vouchers" or vouchers.lot_of_benefit(tx.connection, event.benefit_id) is not None:
        return
    conference = conferences.conference_by_id(tx.connection, event.conference_id)
    make_vouchers(
        tx,
        conference,
        event.admission_type or conference.admission_types[0].code,
        event.count,
        sponsorship_id=event.sponsorship_id,
        benefit_id=event.benefit_id,
    )


def revoke_vouchers(envelope: Envelope[Any], tx: Transaction) -> None:
    """Codes that were not used cannot be used any more; who used one keeps the ticket."""
    event: BenefitRevoked = envelope.event
    lot = vouchers.lot_of_benefit(tx.connection, event.benefit_id)
    if lot is not None and lot.revoked_at is None:
        vouchers.revoke_lot(tx, lot.lot_id)


def make_vouchers(
    tx: Transaction,
    conference: Conference,
    admission_type: str,
    count: int,
    *,
    note: str = "",
    sponsorship_id: str = "",
    benefit_id: str = "",
) -> VoucherLot:
    """A lot of single-use codes. Raises `NotFound` for a type that the conference does not have."""
    conference.admission_type(admission_type)
    if not 1 <= count <= 1000:
        raise InvalidInput("A lot has 1 to 1,000 vouchers.", errors={"count": ["Choose 1 to 1,000."]})
    lot = VoucherLot(
        lot_id=tx.ids.new("lot", tx.now),
        conference_id=conference.conference_id,
        admission_type=admission_type,
        count=count,
        note=note,
        sponsorship_id=sponsorship_id,
        benefit_id=benefit_id,
    )
    vouchers.record_lot(tx, lot, [tx.ids.code(CODE_LENGTH) for _ in range(count)])
    tx.publish(*lot.issued())
    return lot
