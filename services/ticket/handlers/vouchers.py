"""Vouchers: lots of codes are made (a sponsor's by its package), revoked, and end when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ticket.domain.conference import Conference
from services.ticket.domain.voucher import CODE_LENGTH, MOST_CODES, MOST_USES, Kind, Purpose, VoucherLot
from services.ticket.handlers.waiting import end_offer, give_back_kept, lock_capacity, save_capacity, serve_line
from services.ticket.store import conferences, vouchers
from services.ticket.store.waiting import lock_line
from shared.database import Transaction
from shared.errors import InvalidInput
from shared.events.sponsorship import BenefitGranted, BenefitRevoked
from shared.service import Timer
from shared.wire import Envelope


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
    """No code of it works any more, and what it kept can be sold again. Once; who used one keeps the ticket."""
    _end(tx, lot_id, is_revoked=True)


def end_vouchers(timer: Timer, tx: Transaction) -> None:
    """A lot is over: what it kept and nobody used goes to who waits, or back on sale."""
    _end(tx, timer.subject, is_revoked=False)


def _end(tx: Transaction, lot_id: str, *, is_revoked: bool) -> None:
    seen = vouchers.load_lot(tx.connection, lot_id)
    line = lock_line(tx, seen.conference_id)
    ladders, quotas = lock_capacity(tx, line, [seen.admission_type])
    lot = vouchers.lock_lot(tx, lot_id)
    if lot.revoked_at is not None or lot.ended_at is not None or not (is_revoked or lot.is_over(tx.now)):
        return
    unused = vouchers.unused_of(tx.connection, lot_id)
    give_back_kept(lot, unused, ladders, quotas)
    if is_revoked:
        lot.revoked_at = tx.now
    else:
        lot.ended_at = tx.now
    vouchers.save_lot(tx, lot)
    if lot.purpose is Purpose.OFFER:
        end_offer(tx, lot, unused)
    serve_line(tx, line, ladders, quotas)
    save_capacity(tx, ladders, quotas)


def _check_has_price(tx: Transaction, conference: Conference, admission_type: str) -> None:
    if admission_type not in conferences.load_ladders(tx.connection, conference.conference_id):
        sentence = "This type has no price: make a free voucher, or one with a price of its own."
        raise InvalidInput(sentence, errors={"kind": [sentence]})
