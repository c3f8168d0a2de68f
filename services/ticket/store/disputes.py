"""What banks take back for card holders, until it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.store.money_tables import disputes
from shared.database import Transaction
from shared.database.upsert import insert
from shared.money import Money

_RECORD = insert(disputes).on_conflict_do_nothing(index_elements=["dispute_id"])
_DISPUTE = sa.select(disputes).where(disputes.c.dispute_id == sa.bindparam("dispute_id"))
_OF_ORDER = sa.select(disputes).where(disputes.c.order_id == sa.bindparam("order_id")).order_by(disputes.c.opened_at)
_OF_CONFERENCE = (
    sa.select(disputes)
    .where(disputes.c.conference_id == sa.bindparam("conference_id"))
    .order_by(disputes.c.opened_at.desc())
    .limit(500)
)
_CLOSE = (
    sa.update(disputes)
    .where(disputes.c.dispute_id == sa.bindparam("b_dispute_id"))
    .values(closed_at=sa.bindparam("closed_at"), outcome=sa.bindparam("outcome"))
)


@dataclass(frozen=True, slots=True)
class Dispute:
    """`outcome`: empty while it is open, then won or lost."""

    dispute_id: str
    payment_id: str
    order_id: str
    conference_id: str
    amount: Money
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: str = ""


def record_dispute(tx: Transaction, dispute: Dispute) -> None:
    tx.execute(
        _RECORD,
        {
            "dispute_id": dispute.dispute_id,
            "payment_id": dispute.payment_id,
            "order_id": dispute.order_id,
            "conference_id": dispute.conference_id,
            "amount": dispute.amount.amount,
            "currency": dispute.amount.currency,
            "opened_at": dispute.opened_at,
            "closed_at": dispute.closed_at,
            "outcome": dispute.outcome,
        },
    )


def find_dispute(connection: sa.Connection, dispute_id: str) -> Dispute | None:
    row = connection.execute(_DISPUTE, {"dispute_id": dispute_id}).first()
    return None if row is None else _dispute(row)


def disputes_of(connection: sa.Connection, order_id: str) -> list[Dispute]:
    """Of an order, the oldest first. It is flagged while one of them is open."""
    return [_dispute(row) for row in connection.execute(_OF_ORDER, {"order_id": order_id})]


def disputes_at(connection: sa.Connection, conference_id: str) -> list[Dispute]:
    """Of a conference, the newest first."""
    return [_dispute(row) for row in connection.execute(_OF_CONFERENCE, {"conference_id": conference_id})]


def close_dispute(tx: Transaction, dispute_id: str, outcome: str) -> None:
    tx.execute(_CLOSE, {"b_dispute_id": dispute_id, "closed_at": tx.now, "outcome": outcome})


def _dispute(row: Any) -> Dispute:
    return Dispute(
        row.dispute_id,
        row.payment_id,
        row.order_id,
        row.conference_id,
        Money(row.amount, row.currency),
        row.opened_at,
        row.closed_at,
        row.outcome,
    )
