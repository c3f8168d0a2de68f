"""Lots of vouchers and their codes. A code is a secret of this service."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.ticket.domain.voucher import Voucher, VoucherLot
from services.ticket.store.tables import voucher_codes, voucher_lots
from shared.database import Transaction
from shared.errors import NotFound

_BY_CODE = (
    sa.select(voucher_codes.c.code, voucher_codes.c.uses, voucher_codes.c.used, voucher_lots)
    .join(voucher_lots, voucher_lots.c.lot_id == voucher_codes.c.lot_id)
    .where(voucher_codes.c.code == sa.bindparam("code"), voucher_lots.c.conference_id == sa.bindparam("conference_id"))
)
_LOCK = _BY_CODE.with_for_update(of=voucher_codes)
_SAVE = sa.update(voucher_codes).where(voucher_codes.c.code == sa.bindparam("b_code")).values(used=sa.bindparam("used"))
_INSERT_LOT = sa.insert(voucher_lots)
_INSERT_CODES = sa.insert(voucher_codes)


def voucher_by_code(connection: sa.Connection, conference_id: str, code: str) -> Voucher | None:
    """To look at."""
    return _voucher(connection.execute(_BY_CODE, {"code": code, "conference_id": conference_id}).first())


def lock_voucher(tx: Transaction, conference_id: str, code: str) -> Voucher | None:
    """To be changed; locked after quotas."""
    return _voucher(tx.execute(_LOCK, {"code": code, "conference_id": conference_id}).first())


def save_voucher(tx: Transaction, voucher: Voucher) -> None:
    tx.execute(_SAVE, {"b_code": voucher.code, "used": voucher.used})


def record_lot(tx: Transaction, lot: VoucherLot, codes: list[str]) -> None:
    """A lot with one single-use code per admission."""
    tx.execute(
        _INSERT_LOT,
        {
            "lot_id": lot.lot_id,
            "conference_id": lot.conference_id,
            "admission_type": lot.admission_type,
            "count": lot.count,
            "note": lot.note,
            "sponsorship_id": lot.sponsorship_id,
            "benefit_id": lot.benefit_id,
            "made_at": tx.now,
        },
    )
    tx.execute(_INSERT_CODES, [{"code": code, "lot_id": lot.lot_id, "uses": 1, "used": 0} for code in codes])


def lot_of_benefit(connection: sa.Connection, benefit_id: str) -> VoucherLot | None:
    row = connection.execute(sa.select(voucher_lots).where(voucher_lots.c.benefit_id == benefit_id)).first()
    return None if row is None else _lot(row)


def load_lot(connection: sa.Connection, lot_id: str) -> VoucherLot:
    """Raises `NotFound`."""
    row = connection.execute(sa.select(voucher_lots).where(voucher_lots.c.lot_id == lot_id)).first()
    if row is None:
        raise NotFound("There is no such lot of vouchers.", lot_id=lot_id)
    return _lot(row)


def revoke_lot(tx: Transaction, lot_id: str) -> None:
    """Codes that were not used cannot be used any more."""
    tx.execute(sa.update(voucher_lots).where(voucher_lots.c.lot_id == lot_id).values(revoked_at=tx.now))


def codes_of(connection: sa.Connection, lot_id: str) -> list[Any]:
    """Rows with `code`, `uses`, `used`."""
    statement = sa.select(voucher_codes).where(voucher_codes.c.lot_id == lot_id).order_by(voucher_codes.c.code)
    return list(connection.execute(statement))


def lots_of(connection: sa.Connection, conference_id: str) -> list[Any]:
    """Rows of lots with `used`, the number of admissions taken from them."""
    used = sa.func.coalesce(sa.func.sum(voucher_codes.c.used), 0).label("used")
    statement = (
        sa.select(voucher_lots, used)
        .join(voucher_codes, voucher_codes.c.lot_id == voucher_lots.c.lot_id)
        .where(voucher_lots.c.conference_id == conference_id)
        .group_by(voucher_lots.c.lot_id)
        .order_by(voucher_lots.c.lot_id)
    )
    return list(connection.execute(statement))


def _voucher(row: Any) -> Voucher | None:
    return None if row is None else Voucher(row.code, _lot(row), row.uses, row.used)


def _lot(row: Any) -> VoucherLot:
    return VoucherLot(
        row.lot_id,
        row.conference_id,
        row.admission_type,
        row.count,
        row.note,
        row.sponsorship_id,
        row.benefit_id,
        row.revoked_at,
    )
