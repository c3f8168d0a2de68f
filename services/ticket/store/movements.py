"""What moved at Stripe by its own list, how a day of it compares with the ledger, and who is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.reconciliation import Difference, Side, Wrong
from services.ticket.store.money_tables import disputes, movements, reconciliations, refunds
from services.ticket.store.tables import ledger, orders, payments
from services.ticket.stripe_facts import Movement
from shared.database import Transaction
from shared.database.upsert import insert
from shared.money import Money

DAYS_SHOWN = 60

_KEEP = insert(movements).on_conflict_do_nothing(index_elements=["movement_id"]).returning(movements.c.movement_id)
_SET_PAYOUT = (
    sa.update(movements)
    .where(movements.c.movement_id == sa.bindparam("b_movement_id"))
    .values(payout_id=sa.bindparam("payout_id"))
)
_OBJECT: sa.BindParameter[Any] = sa.bindparam("object_id")
_OF_PAYMENT = (
    sa.select(payments.c.payment_id, orders.c.order_id, orders.c.conference_id)
    .join(orders, orders.c.order_id == payments.c.order_id)
    .where(payments.c.intent_id == _OBJECT)
)
_CONCERNS: Mapping[str, sa.Select[Any]] = {
    "charge": _OF_PAYMENT,
    "refund": sa.select(refunds.c.payment_id, refunds.c.order_id, refunds.c.conference_id).where(
        refunds.c.stripe_id == _OBJECT
    ),
    "dispute": sa.select(disputes.c.payment_id, disputes.c.order_id, disputes.c.conference_id).where(
        disputes.c.dispute_id == _OBJECT
    ),
}
_LIKE = {"refund_failed": "refund", "dispute_won": "dispute"}
_SINCE: sa.BindParameter[Any] = sa.bindparam("since")
_UNTIL: sa.BindParameter[Any] = sa.bindparam("until")
_AT_STRIPE = ledger.c.account == "stripe"
_OUR_FEES = ledger.c.kind.in_(["fee", "fee_returned"])
_MOVED = sa.select(movements.c.object_id).where(movements.c.made_at >= _SINCE, movements.c.made_at < _UNTIL)
_BOOKED = sa.select(ledger.c.stripe_id).where(
    ledger.c.booked_at >= _SINCE, ledger.c.booked_at < _UNTIL, _AT_STRIPE, ~_OUR_FEES
)
_THEIRS = sa.select(movements).where(sa.or_(movements.c.object_id.in_(_MOVED), movements.c.object_id.in_(_BOOKED)))
_OURS = sa.select(ledger).where(
    _AT_STRIPE, ~_OUR_FEES, sa.or_(ledger.c.stripe_id.in_(_MOVED), ledger.c.stripe_id.in_(_BOOKED))
)
_saved = insert(reconciliations)
_SAVE_DAY = _saved.on_conflict_do_update(
    index_elements=["day"],
    set_={name: _saved.excluded[name] for name in ("time_zone", "compared_at", "movements", "differences")},
)
_DAYS = sa.select(reconciliations).order_by(reconciliations.c.day.desc())
_COUNT = (
    sa.select(sa.func.count()).select_from(movements).where(movements.c.made_at >= _SINCE, movements.c.made_at < _UNTIL)
)
_OF_CONFERENCE = sa.select(movements).where(
    movements.c.object_id.in_(
        sa.select(ledger.c.stripe_id).where(ledger.c.conference_id == sa.bindparam("conference_id"), _AT_STRIPE)
    )
)
_OF_HOUSE = (
    sa.select(ledger, sa.literal("").label("reference"))
    .where(ledger.c.conference_id == "")
    .order_by(ledger.c.booked_at, ledger.c.entry_id)
)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whose movement it is; all empty for what belongs to no order of ours."""

    payment_id: str = ""
    order_id: str = ""
    conference_id: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day of the account, in a time zone, as it compared last: `movements` of Stripe's list, and what differs."""

    day: date
    time_zone: str
    compared_at: datetime
    movements: int
    differences: tuple[Difference, ...]


def concerned(connection: sa.Connection, movement: Movement) -> Concerned:
    statement = _CONCERNS.get(_LIKE.get(movement.what, movement.what))
    row = None if statement is None else connection.execute(statement, {"object_id": movement.object_id}).first()
    return Concerned() if row is None else Concerned(row.payment_id, row.order_id, row.conference_id)


def keep(tx: Transaction, movement: Movement, whose: Concerned) -> bool:
    """False when it is known already."""
    values = {
        "movement_id": movement.movement_id,
        "what": movement.what,
        "object_id": movement.object_id,
        "amount": movement.amount.amount,
        "fee": movement.fee.amount,
        "currency": movement.amount.currency,
        "made_at": movement.made_at,
        "payout_id": "",
        "order_id": whose.order_id,
        "conference_id": whose.conference_id,
    }
    return tx.execute(_KEEP, values).first() is not None


def set_payout(tx: Transaction, movement_id: str, payout_id: str) -> None:
    tx.execute(_SET_PAYOUT, {"b_movement_id": movement_id, "payout_id": payout_id})


def both_sides(connection: sa.Connection, since: datetime, until: datetime) -> tuple[list[Side], list[Side]]:
    """(ours, theirs): all that the two have about every object that moved, or was booked, in this time."""
    span = {"since": since, "until": until}
    ours = [
        Side(row.kind, row.stripe_id, Money(row.amount, row.currency), row.order_id, row.conference_id)
        for row in connection.execute(_OURS, span)
    ]
    theirs = [
        Side(row.what, row.object_id, Money(row.amount, row.currency), row.order_id, row.conference_id)
        for row in connection.execute(_THEIRS, span)
    ]
    return ours, theirs


def count(connection: sa.Connection, since: datetime, until: datetime) -> int:
    """How many movements of this time are kept."""
    return int(connection.execute(_COUNT, {"since": since, "until": until}).scalar_one())


def save_day(tx: Transaction, day: Reconciliation) -> None:
    tx.execute(
        _SAVE_DAY,
        {
            "day": day.day,
            "time_zone": day.time_zone,
            "compared_at": day.compared_at,
            "movements": day.movements,
            "differences": [_row(each) for each in day.differences],
        },
    )


def days(connection: sa.Connection, most: int = DAYS_SHOWN) -> list[Reconciliation]:
    """The newest first."""
    return [
        Reconciliation(
            row.day, row.time_zone, row.compared_at, row.movements, tuple(_difference(each) for each in row.differences)
        )
        for row in connection.execute(_DAYS.limit(most))
    ]


def fees_and_payouts(connection: sa.Connection, conference_id: str) -> dict[tuple[str, str], tuple[int, str]]:
    """(kind, Stripe's object) -> (Stripe's fee in minor units, the payout it went with, or empty)."""
    rows = connection.execute(_OF_CONFERENCE, {"conference_id": conference_id})
    return {(row.what, row.object_id): (int(row.fee), row.payout_id) for row in rows}


def postings_of_house(connection: sa.Connection) -> list[Any]:
    """The ledger's rows that belong to no conference: payouts, and fees of the account."""
    return list(connection.execute(_OF_HOUSE))


def _row(difference: Difference) -> dict[str, Any]:
    return {
        "wrong": str(difference.wrong),
        "what": difference.what,
        "object_id": difference.object_id,
        "ours": [[each.amount, each.currency] for each in difference.ours],
        "theirs": [[each.amount, each.currency] for each in difference.theirs],
        "order_id": difference.order_id,
        "conference_id": difference.conference_id,
    }


def _difference(row: Mapping[str, Any]) -> Difference:
    ours, theirs = (tuple(Money(*each) for each in row[side]) for side in ("ours", "theirs"))
    return Difference(
        Wrong(row["wrong"]), row["what"], row["object_id"], ours, theirs, row["order_id"], row["conference_id"]
    )
