"""Vouchers: lots of codes are made (a sponsor's by its package), revoked, and end when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ticket.domain.conference import Conference
from services.ticket.domain.voucher import MOST_CODES, MOST_USES, Kind, Purpose, VoucherLot
from services.ticket.store import conferences, vouchers
from shared.database import Transaction
from shared.errors import InvalidInput
from shared.events.sponsorship import BenefitGranted, BenefitRevoked
from shared.service import Timer
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
    if lot is not None:
        revoke_lot(tx, lot.lot_id)


def make_vouchers(
    tx: Transaction,
    conference: Conference,
    admission_type: str,
    count: int,
    *,
    uses: int = 1,
    kind: Kind = Kind.FREE,
    value: int = 0,
    reserves: bool = False,
    expires_at: datetime | None = None,
    note: str = "",
    sponsorship_id: str = "",
    benefit_id: str = "",
    purpose: Purpose = Purpose.LOT,
) -> VoucherLot:
    """A lot of `count` codes for `uses` admissions each. Its codes are `vouchers.codes_of`.

    Raises `NotFound` for a type that the conference does not have, `InvalidInput`, and `SoldOut` or `NotEnoughLeft` where there is
    less than it shall reserve.
    """
    conference.admission_type(admission_type)
    if not 1 <= count <= MOST_CODES:
        raise InvalidInput("A lot has 1 to 1,000 vouchers.", errors={"count": ["Choose 1 to 1,000."]})
    if not 1 <= uses <= MOST_USES:
        raise InvalidInput("A code admits 1 to 1,000 times.", errors={"uses": ["Choose 1 to 1,000."]})
    if expires_at is not None and expires_at <= tx.now:
        raise InvalidInput("This time is past.", errors={"expires_at": ["This time is past."]})
    lot = VoucherLot(
        lot_id=tx.ids.new("lot", tx.now),
        conference_id=conference.conference_id,
        admission_type=admission_type,
        count=count * uses,
        note=note,
        sponsorship_id=sponsorship_id,
        benefit_id=benefit_id,
        kind=kind,
        value=value,
        reserves=reserves,
        expires_at=expires_at,
        purpose=purpose,
    )
    lot.check()
    if kind is Kind.PERCENT or kind is Kind.UNLOCK:
        _check_has_price(tx, conference, admission_type)
    if reserves:
        quotas = conferences.lock_quotas(tx, conference.conference_id, [admission_type])
        for quota in quotas:
            quota.take(lot.count)
        conferences.save_quotas(tx, quotas)
    vouchers.record_lot(tx, lot, [tx.ids.code(CODE_LENGTH) for _ in range(count)], uses)
    if expires_at is not None:
        tx.schedule("end_vouchers", lot.lot_id, expires_at)
    tx.publish(*lot.issued())
    return lot


def revoke_lot(tx: Transaction, lot_id: str) -> None:
    """No code of it works any more, and what it reserved can be sold again. Once; who used one keeps the ticket."""
    lot = _lock_with_quotas(tx, lot_id)
    if lot.revoked_at is None:
        give_back_reserved(tx, lot)
        lot.revoked_at = tx.now
        vouchers.save_lot(tx, lot)


def end_vouchers(timer: Timer, tx: Transaction) -> None:
    """A lot is over: what it reserved and nobody used can be sold again."""
    lot = _lock_with_quotas(tx, timer.subject)
    if lot.ended_at is None and lot.is_over(tx.now):
        give_back_reserved(tx, lot)
        lot.ended_at = tx.now
        vouchers.save_lot(tx, lot)


def give_back_reserved(tx: Transaction, lot: VoucherLot) -> None:
    """What a lot keeps out of the quotas and nobody used. To be called under the quotas' lock, before the lot is ended."""
    unused = vouchers.unused_of(tx.connection, lot.lot_id) if lot.keeps else 0
    if not unused:
        return
    quotas = conferences.lock_quotas(tx, lot.conference_id, [lot.admission_type])
    for quota in quotas:
        quota.give_back(unused)
    conferences.save_quotas(tx, quotas)


def _lock_with_quotas(tx: Transaction, lot_id: str) -> VoucherLot:
    seen = vouchers.load_lot(tx.connection, lot_id)
    conferences.lock_quotas(tx, seen.conference_id, [seen.admission_type])
    return vouchers.lock_lot(tx, lot_id)


def _check_has_price(tx: Transaction, conference: Conference, admission_type: str) -> None:
    if admission_type not in conferences.load_ladders(tx.connection, conference.conference_id):
        sentence = "This type has no price: make a free voucher, or one with a price of its own."
        raise InvalidInput(sentence, errors={"kind": [sentence]})
