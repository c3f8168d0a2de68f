"""What the overview asks of the facts: counts and sums by SQL, one statement a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import bindparam, func

from services.console import tables as t
from shared.database.types import UtcDateTime

Row = Any
_HERE: Final[sa.BindParameter[str]] = bindparam("b_here")

_CONFERENCES: Final = (
    sa.select(t.conferences)
    .where(
        t.conferences.c.name.is_not(None),
        # A demo that was called off was taken away.
        sa.or_(t.conferences.c.is_demo.is_not(True), t.conferences.c.called_off.is_not(True)),
    )
    .where(~func.coalesce(t.conferences.c.is_demo & t.conferences.c.called_off, sa.false()))
    .order_by(t.conferences.c.doors_at.desc(), t.conferences.c.conference_id)
)
_sold = (
    sa.select(
        t.admissions.c.tier_id,
        func.count().label("sold"),
        func.sum(t.admissions.c.price).label("money"),
        func.sum(sa.case((t.admissions.c.comp.is_(True), 1), else_=0)).label("comp"),
    )
    .where(t.admissions.c.conference_id == _HERE, t.admissions.c.standing.is_(True))
    .group_by(t.admissions.c.tier_id)
    .subquery()
)
_TIERS: Final = (
    sa.select(
        t.tiers,
        func.coalesce(_sold.c.sold, 0).label("sold"),
        func.coalesce(_sold.c.money, 0).label("money"),
        func.coalesce(_sold.c.comp, 0).label("comp"),
    )
    .outerjoin(_sold, _sold.c.tier_id == t.tiers.c.tier_id)
    .where(t.tiers.c.conference_id == _HERE)
    .order_by(t.tiers.c.place, t.tiers.c.tier_id)
)
_ISSUED: Final = (
    sa.select(t.admissions.c.issued_on.label("day"), func.count().label("count"))
    .where(t.admissions.c.conference_id == _HERE, t.admissions.c.issued_on.is_not(None))
    .group_by(t.admissions.c.issued_on)
)
_LEFT: Final = (
    sa.select(t.admissions.c.left_on.label("day"), func.count().label("count"))
    .where(
        t.admissions.c.conference_id == _HERE, t.admissions.c.standing.is_(False), t.admissions.c.left_on.is_not(None)
    )
    .group_by(t.admissions.c.left_on)
)
_STANDING: Final = sa.select(
    func.count().label("standing"),
    func.coalesce(func.sum(sa.case((t.admissions.c.checked_in.is_(True), 1), else_=0)), 0).label("checked_in"),
).where(t.admissions.c.conference_id == _HERE, t.admissions.c.standing.is_(True))
_MONEY: Final = (
    sa.select(t.money.c.kind, func.sum(t.money.c.amount).label("amount"))
    .where(t.money.c.conference_id == _HERE)
    .group_by(t.money.c.kind)
)
_ORDERS: Final = (
    sa.select(
        t.orders.c.state,
        func.count().label("count"),
        func.coalesce(func.sum(t.orders.c.total), 0).label("total"),
        func.min(t.orders.c.until).label("first"),
    )
    .where(t.orders.c.conference_id == _HERE, t.orders.c.state.in_(("held", "placed")))
    .group_by(t.orders.c.state)
)
_HEADCOUNT: Final = sa.select(t.headcounts).where(t.headcounts.c.conference_id == _HERE)
_FORECAST: Final = (
    sa.select(t.forecasts)
    .where(t.forecasts.c.conference_id == _HERE)
    .order_by(t.forecasts.c.forecast_at.desc())
    .limit(1)
)
_MEAL_ORDERS: Final = (
    sa.select(t.meal_orders).where(t.meal_orders.c.conference_id == _HERE).order_by(t.meal_orders.c.number)
)
_DRIFTS: Final = sa.select(t.drifts).where(t.drifts.c.conference_id == _HERE).order_by(t.drifts.c.meal_id)
_settled = (
    sa.select(
        t.settlements.c.invoice_id,
        func.sum(sa.case((t.settlements.c.kind == "payment", t.settlements.c.amount), else_=0)).label("paid"),
        func.sum(t.settlements.c.amount).label("settled"),
    )
    .where(t.settlements.c.conference_id == _HERE)
    .group_by(t.settlements.c.invoice_id)
    .subquery()
)
_INVOICES: Final = (
    sa.select(
        t.invoices,
        func.coalesce(_settled.c.paid, 0).label("paid"),
        (t.invoices.c.total - func.coalesce(_settled.c.settled, 0)).label("open"),
    )
    .outerjoin(_settled, _settled.c.invoice_id == t.invoices.c.invoice_id)
    .where(t.invoices.c.conference_id == _HERE, t.invoices.c.total.is_not(None))
    .order_by(t.invoices.c.due_on, t.invoices.c.invoice_id)
)
_CLAIMS: Final = (
    sa.select(
        t.claims.c.kind, func.count().label("count"), func.coalesce(func.sum(t.claims.c.amount), 0).label("amount")
    )
    .where(t.claims.c.conference_id == _HERE, t.claims.c.state == "open")
    .group_by(t.claims.c.kind)
)
_FAILED: Final = (
    sa.select(t.messages.c.rule, func.count().label("count"))
    .where(t.messages.c.conference_id == _HERE, t.messages.c.state == "failed")
    .group_by(t.messages.c.rule)
    .order_by(t.messages.c.rule)
)
_WAITING: Final = (
    sa.select(t.waiting.c.state, func.count().label("count"))
    .where(t.waiting.c.conference_id == _HERE, t.waiting.c.state != "lapsed")
    .group_by(t.waiting.c.state)
)
_BANK: Final = sa.select(func.min(t.bank.c.until))


class Facts:
    """The facts of one conference, read over one connection."""

    def __init__(self, connection: sa.Connection, conference_id: str) -> None:
        self._connection = connection
        self._here = {"b_here": conference_id}

    def _all(self, statement: sa.Select[Any]) -> Sequence[Row]:
        return self._connection.execute(statement, self._here).all()

    def _first(self, statement: sa.Select[Any]) -> Row | None:
        return self._connection.execute(statement, self._here).first()

    def tiers(self) -> Sequence[Row]:
        return self._all(_TIERS)

    def daily(self) -> list[tuple[date, int]]:
        """How many admissions stand at the end of each day on which that changed."""
        changes: dict[date, int] = {}
        for statement, sign in ((_ISSUED, 1), (_LEFT, -1)):
            for row in self._all(statement):
                changes[row.day] = changes.get(row.day, 0) + sign * row.count
        standing, curve = 0, []
        for day in sorted(changes):
            standing += changes[day]
            curve.append((day, standing))
        return curve

    def standing(self) -> Row:
        return self._first(_STANDING)

    def money(self) -> dict[str, int]:
        return {row.kind: int(row.amount) for row in self._all(_MONEY)}

    def orders(self) -> dict[str, Row]:
        """Those that are held or await a transfer: `count`, `total`, `first` (the first to lapse), by state."""
        return {row.state: row for row in self._all(_ORDERS)}

    def headcount(self) -> Row | None:
        return self._first(_HEADCOUNT)

    def forecast(self) -> Row | None:
        return self._first(_FORECAST)

    def meal_orders(self) -> Sequence[Row]:
        """The proposal (number 0), the order, its amendments."""
        return self._all(_MEAL_ORDERS)

    def drifts(self) -> Sequence[Row]:
        return self._all(_DRIFTS)

    def invoices(self) -> Sequence[Row]:
        """With `paid` and `open`, what is due first first."""
        return self._all(_INVOICES)

    def claims(self) -> dict[str, Row]:
        return {row.kind: row for row in self._all(_CLAIMS)}

    def failed_mails(self) -> int:
        return sum(row.count for row in self._all(_FAILED))

    def waiting(self) -> dict[str, int]:
        return {row.state: row.count for row in self._all(_WAITING)}

    def bank_until(self) -> date | None:
        """Up to which day every account is confirmed."""
        return self._connection.execute(_BANK).scalar_one_or_none()


def conferences(connection: sa.Connection) -> Sequence[Row]:
    """All that were ever said, the latest doors first; a demo that was removed is none."""
    return connection.execute(_CONFERENCES).all()


def acts(connection: sa.Connection, before: tuple[datetime, str] | None, limit: int) -> Sequence[Row]:
    """Lines of the audit trail, newest first, from beyond `before` (time and event id) on."""
    table = t.audit
    statement = sa.select(table).order_by(table.c.at.desc(), table.c.event_id.desc()).limit(limit)
    if before:
        at, event_id = sa.literal(before[0], UtcDateTime), sa.literal(before[1])
        statement = statement.where(sa.tuple_(table.c.at, table.c.event_id) < sa.tuple_(at, event_id))
    return connection.execute(statement).all()
