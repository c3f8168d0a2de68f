"""Lots of vouchers and their codes. A code is a secret of this service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.voucher import Kind, Purpose, Voucher, VoucherLot
from services.ticket.store.tables import admissions, orders, voucher_codes, voucher_lots
from shared.database import Transaction
from shared.errors import NotFound

_BY_CODE = (
    sa.select(
        voucher_codes.c.code,
        voucher_codes.c.uses,
        voucher_codes.c.used,
        voucher_codes.c.revoked_at.label("code_revoked_at"),
        voucher_lots,
    )
    .join(voucher_lots, voucher_lots.c.lot_id == voucher_codes.c.lot_id)
    .where(voucher_codes.c.code == sa.bindparam("code"), voucher_lots.c.conference_id == sa.bindparam("conference_id"))
)
_LOCK = _BY_CODE.with_for_update(of=voucher_codes)
_SAVE = (
    sa.update(voucher_codes)
    .where(voucher_codes.c.code == sa.bindparam("b_code"))
    .values(used=sa.bindparam("used"), revoked_at=sa.bindparam("revoked_at", type_=voucher_codes.c.revoked_at.type))
)
_SAVE_LOT = (
    sa.update(voucher_lots)
    .where(voucher_lots.c.lot_id == sa.bindparam("b_lot_id"))
    .values(
        {
            name: sa.bindparam(name, type_=voucher_lots.c[name].type)
            for name in ("note", "revoked_at", "ended_at", "expires_at")
        }
    )
)
_INSERT_LOT = sa.insert(voucher_lots)
_INSERT_CODES = sa.insert(voucher_codes)
_LOT = sa.select(voucher_lots).where(voucher_lots.c.lot_id == sa.bindparam("lot_id"))
_LOCK_LOT = _LOT.with_for_update()
_LOT_OF_BENEFIT = sa.select(voucher_lots).where(voucher_lots.c.benefit_id == sa.bindparam("benefit_id"))
_UNUSED = sa.select(sa.func.coalesce(sa.func.sum(voucher_codes.c.uses - voucher_codes.c.used), 0)).where(
    voucher_codes.c.lot_id == sa.bindparam("lot_id"), voucher_codes.c.revoked_at.is_(None)
)
_CODES = sa.select(voucher_codes).where(voucher_codes.c.lot_id == sa.bindparam("lot_id")).order_by(voucher_codes.c.code)
_USED_BY = (
    sa.select(orders.c.order_id, orders.c.reference, orders.c.state, sa.func.count().label("n"))
    .join(admissions, admissions.c.order_id == orders.c.order_id)
    .where(orders.c.lot_id == sa.bindparam("lot_id"), admissions.c.by_voucher)
    .group_by(orders.c.order_id, orders.c.reference, orders.c.state)
    .order_by(orders.c.order_id)
)


def voucher_by_code(connection: sa.Connection, conference_id: str, code: str) -> Voucher | None:
    """To look at."""
    return _voucher(connection.execute(_BY_CODE, {"code": code, "conference_id": conference_id}).first())


def lock_voucher(tx: Transaction, conference_id: str, code: str) -> Voucher | None:
    """To be changed; locked after quotas."""
    return _voucher(tx.execute(_LOCK, {"code": code, "conference_id": conference_id}).first())


def save_voucher(tx: Transaction, voucher: Voucher) -> None:
    tx.execute(_SAVE, {"b_code": voucher.code, "used": voucher.used, "revoked_at": voucher.revoked_at})


def record_lot(tx: Transaction, lot: VoucherLot, codes: Sequence[str], uses: int = 1) -> None:
    """A lot with its codes, each for `uses` admissions."""
    tx.execute(_INSERT_LOT, {**asdict(lot), "kind": str(lot.kind), "purpose": str(lot.purpose), "made_at": tx.now})
    tx.execute(_INSERT_CODES, [{"code": code, "lot_id": lot.lot_id, "uses": uses, "used": 0} for code in codes])


def save_lot(tx: Transaction, lot: VoucherLot) -> None:
    """Its note and how it ended; what it admits for never changes."""
    values = {
        "note": lot.note,
        "revoked_at": lot.revoked_at,
        "ended_at": lot.ended_at,
        "expires_at": lot.expires_at,
    }
    tx.execute(_SAVE_LOT, {"b_lot_id": lot.lot_id, **values})


def lot_of_benefit(connection: sa.Connection, benefit_id: str) -> VoucherLot | None:
    row = connection.execute(_LOT_OF_BENEFIT, {"benefit_id": benefit_id}).first()
    return None if row is None else _lot(row)


def load_lot(connection: sa.Connection, lot_id: str) -> VoucherLot:
    """Raises `NotFound`."""
    return _found(connection.execute(_LOT, {"lot_id": lot_id}).first(), lot_id)


def lock_lot(tx: Transaction, lot_id: str) -> VoucherLot:
    """To be changed; locked after quotas. Raises `NotFound`."""
    return _found(tx.execute(_LOCK_LOT, {"lot_id": lot_id}).first(), lot_id)


def unused_of(connection: sa.Connection, lot_id: str) -> int:
    """How many admissions are left on the codes of a lot that were not revoked one by one."""
    return int(connection.execute(_UNUSED, {"lot_id": lot_id}).scalar_one())


def codes_of(connection: sa.Connection, lot_id: str) -> list[Any]:
    """Rows with `code`, `uses`, `used`, `revoked_at`."""
    return list(connection.execute(_CODES, {"lot_id": lot_id}))


def orders_with(connection: sa.Connection, lot_id: str) -> list[Any]:
    """Rows with `order_id`, `reference`, `state` and `n`: who redeemed how many of this lot, also orders that ended."""
    return list(connection.execute(_USED_BY, {"lot_id": lot_id}))


def lots_of(connection: sa.Connection, conference_id: str, purpose: Purpose = Purpose.LOT) -> list[Any]:
    """Rows of lots with `used`, the number of admissions taken from them."""
    used = sa.func.coalesce(sa.func.sum(voucher_codes.c.used), 0).label("used")
    statement = (
        sa.select(voucher_lots, used)
        .join(voucher_codes, voucher_codes.c.lot_id == voucher_lots.c.lot_id)
        .where(voucher_lots.c.conference_id == conference_id, voucher_lots.c.purpose == str(purpose))
        .group_by(voucher_lots.c.lot_id)
        .order_by(voucher_lots.c.lot_id)
    )
    return list(connection.execute(statement))


def _found(row: Any, lot_id: str) -> VoucherLot:
    if row is None:
        raise NotFound("There is no such lot of vouchers.", lot_id=lot_id)
    return _lot(row)


def _voucher(row: Any) -> Voucher | None:
    return None if row is None else Voucher(row.code, _lot(row), row.uses, row.used, row.code_revoked_at)


def _lot(row: Any) -> VoucherLot:
    return VoucherLot(
        lot_id=row.lot_id,
        conference_id=row.conference_id,
        admission_type=row.admission_type,
        count=row.count,
        note=row.note,
        sponsorship_id=row.sponsorship_id,
        benefit_id=row.benefit_id,
        revoked_at=row.revoked_at,
        kind=Kind(row.kind),
        value=row.value,
        reserves=row.reserves,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        purpose=Purpose(row.purpose),
        tier_id=row.tier_id,
    )
