"""Vouchers at work in an order: looked up, then locked after the quotas, then used; and given back with the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from services.ticket.domain.errors import VoucherUnknown, VoucherUsedUp
from services.ticket.domain.order import Order
from services.ticket.domain.quota import Quota
from services.ticket.domain.voucher import UNKNOWN, Voucher
from services.ticket.store import conferences, guesses, vouchers
from shared.database import Database, Transaction
from shared.errors import InvalidInput, TooMany

MOST_GUESSES: Final = 10
GUESSING: Final = timedelta(minutes=15)
"""So many unknown codes a client may try within this time, at one conference."""
LONGEST_CODE: Final = 20


def look_up(connection: sa.Connection, conference_id: str, code: str, now: datetime, client: str = "") -> Voucher:
    """A code that can be used now. Raises as `Voucher.check`: one sentence for whatever we do not know.

    `client` is who asks, see `count_guess`; who guessed too often gets no answer. Raises `TooMany` then.
    """
    if client and guesses.count_guesses(connection, conference_id, client, now - GUESSING) >= MOST_GUESSES:
        sentence = "Too many voucher codes were tried. Please try again in 15 minutes."
        raise TooMany(sentence, retry_after=int(GUESSING.total_seconds()), errors={"voucher": [sentence]})
    voucher = vouchers.voucher_by_code(connection, conference_id, code) if 0 < len(code) <= LONGEST_CODE else None
    if voucher is None:
        raise VoucherUnknown(UNKNOWN, errors={"voucher": [UNKNOWN]})
    voucher.check(now)
    return voucher


def look_up_for(
    connection: sa.Connection, conference_id: str, code: str, types: Sequence[str], now: datetime, client: str = ""
) -> Voucher:
    """As `look_up`, and refused where nobody of these types could use it."""
    voucher = look_up(connection, conference_id, code, now, client)
    if voucher.lot.admission_type not in types:
        sentence = f"This voucher is for another ticket: choose {voucher.lot.admission_type}."
        raise InvalidInput(sentence, errors={"voucher": [sentence]}, admission_type=voucher.lot.admission_type)
    return voucher


def count_guess(database: Database, slug: str, client: str, code: str) -> None:
    """A code was asked for that we do not know. The same one again is no other guess: people press a button twice."""
    if not client:
        return
    with database.transaction() as tx:
        conference = conferences.conference_by_slug(tx.connection, slug)
        guesses.record_guess(tx, conference.conference_id, client, code, tx.now - GUESSING)


def lock_again(tx: Transaction, seen: Voucher, wanted: int) -> Voucher:
    """Under its lock now: somebody may have been quicker. Locked after the quotas."""
    locked = vouchers.lock_voucher(tx, seen.lot.conference_id, seen.code)
    if locked is None:
        raise VoucherUnknown(UNKNOWN, errors={"voucher": [UNKNOWN]})
    locked.check(tx.now)
    if locked.left < wanted:
        sentence = "This voucher code has been used by somebody else meanwhile."
        raise VoucherUsedUp(sentence, errors={"voucher": [sentence]})
    return locked


def reserved_by(voucher: Voucher | None, count: int) -> dict[str, int]:
    """Admission type -> how many of an order's admissions are out of the quotas already, by its voucher."""
    return {voucher.lot.admission_type: count} if voucher is not None and voucher.keeps and count else {}


def drawn_of_tiers(order: Order, voucher: Voucher | None) -> dict[str, int]:
    """Tier id -> how many an order takes of it, or gives back to it, besides what its voucher keeps of that tier."""
    counts = order.tier_counts()
    if voucher is not None and voucher.keeps and voucher.lot.tier_id in counts:
        counts[voucher.lot.tier_id] -= order.voucher_count
    return {tier_id: count for tier_id, count in counts.items() if count}


def drawn(quota: Quota, types: Mapping[str, int], reserved: Mapping[str, int]) -> int:
    """How many an order of these types takes out of a quota, or gives back to it, besides what its voucher reserves."""
    return sum(count - reserved.get(code, 0) for code, count in types.items() if code in quota.admission_types)


def lock_voucher_of(tx: Transaction, order: Order) -> Voucher | None:
    """The voucher that an order used, after the quotas."""
    if not order.voucher_code or not order.voucher_count:
        return None
    return vouchers.lock_voucher(tx, order.conference_id, order.voucher_code)
