"""What goes back by Stripe: whole payments and parts of them, and why those that wait do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.store.money_tables import refunds
from services.ticket.store.tables import orders
from shared.database import Transaction
from shared.errors import NotFound
from shared.money import Money

MOST_SHOWN = 500

_REFUND = sa.select(refunds).where(refunds.c.refund_id == sa.bindparam("refund_id"))
_BY_STRIPE = sa.select(refunds).where(refunds.c.stripe_id == sa.bindparam("stripe_id"))
_REFUNDS_OF = sa.select(refunds).where(refunds.c.order_id == sa.bindparam("order_id")).order_by(refunds.c.refund_id)
_RECORD = sa.insert(refunds)
_SAVE = (
    sa.update(refunds)
    .where(refunds.c.refund_id == sa.bindparam("b_refund_id"))
    .values({name: sa.bindparam(name) for name in ("stripe_id", "waits_for", "done_at")})
)
_NOTE = (
    sa.update(refunds)
    .where(refunds.c.refund_id == sa.bindparam("b_refund_id"), refunds.c.done_at.is_(None))
    .values(waits_for=sa.bindparam("waits_for"))
)
_OPEN = (
    sa.select(refunds, orders.c.reference)
    .join(orders, orders.c.order_id == refunds.c.order_id)
    .where(refunds.c.conference_id == sa.bindparam("conference_id"), refunds.c.done_at.is_(None))
    .order_by(refunds.c.requested_at, refunds.c.refund_id)
    .limit(MOST_SHOWN)
)
_SUMS = (
    sa.select(
        refunds.c.done_at.is_not(None).label("is_done"),
        sa.func.count().label("how_many"),
        sa.func.sum(refunds.c.amount).label("amount"),
    )
    .where(refunds.c.conference_id == sa.bindparam("conference_id"))
    .group_by(refunds.c.done_at.is_not(None))
)


@dataclass(slots=True)
class Refund:
    """A part of a payment, or all of it, that Stripe is to give back. `waits_for` says what Stripe answered last."""

    refund_id: str
    payment_id: str
    order_id: str
    conference_id: str
    amount: Money
    reason: str
    requested_at: datetime
    stripe_id: str = ""
    waits_for: str = ""
    done_at: datetime | None = None


def record_refund(tx: Transaction, refund: Refund) -> None:
    tx.execute(
        _RECORD,
        {
            "refund_id": refund.refund_id,
            "payment_id": refund.payment_id,
            "order_id": refund.order_id,
            "conference_id": refund.conference_id,
            "amount": refund.amount.amount,
            "currency": refund.amount.currency,
            "reason": refund.reason,
            "requested_at": refund.requested_at,
            "stripe_id": refund.stripe_id,
            "waits_for": refund.waits_for,
            "done_at": refund.done_at,
        },
    )


def load_refund(connection: sa.Connection, refund_id: str) -> Refund:
    """Raises `NotFound`."""
    row = connection.execute(_REFUND, {"refund_id": refund_id}).first()
    if row is None:
        raise NotFound("There is no such refund.", refund_id=refund_id)
    return _refund(row)


def find_refund(connection: sa.Connection, stripe_id: str) -> Refund | None:
    """The one that Stripe knows by this name."""
    row = connection.execute(_BY_STRIPE, {"stripe_id": stripe_id}).first()
    return None if row is None else _refund(row)


def refunds_of(connection: sa.Connection, order_id: str) -> list[Refund]:
    """Of all payments of an order, the oldest first."""
    return [_refund(row) for row in connection.execute(_REFUNDS_OF, {"order_id": order_id})]


def save_refund(tx: Transaction, refund: Refund) -> None:
    tx.execute(
        _SAVE,
        {
            "b_refund_id": refund.refund_id,
            "stripe_id": refund.stripe_id,
            "waits_for": refund.waits_for,
            "done_at": refund.done_at,
        },
    )


def note_waiting(tx: Transaction, refund_id: str, waits_for: str) -> None:
    """Why it has not gone back yet, for staff to see."""
    tx.execute(_NOTE, {"b_refund_id": refund_id, "waits_for": waits_for[:200]})


def open_refunds(connection: sa.Connection, conference_id: str) -> list[tuple[Refund, str]]:
    """(refund, the order's reference) of all that have not gone back, the oldest first."""
    return [(_refund(row), row.reference) for row in connection.execute(_OPEN, {"conference_id": conference_id})]


def sums(connection: sa.Connection, conference_id: str, currency: str) -> dict[bool, tuple[int, Money]]:
    """(how many, how much) of those that are done (True) and that wait (False)."""
    nothing = (0, Money(0, currency))
    found = {
        bool(row.is_done): (int(row.how_many), Money(int(row.amount), currency))
        for row in connection.execute(_SUMS, {"conference_id": conference_id})
    }
    return {True: found.get(True, nothing), False: found.get(False, nothing)}


def _refund(row: Any) -> Refund:
    return Refund(
        row.refund_id,
        row.payment_id,
        row.order_id,
        row.conference_id,
        Money(row.amount, row.currency),
        row.reason,
        row.requested_at,
        row.stripe_id,
        row.waits_for,
        row.done_at,
    )
