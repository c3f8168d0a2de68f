"""The orders as they are kept: one a conference, its sheets by number, and who cooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.catering.domain.order import MealOrder, Status
from services.catering.tables import orders, people, sheets
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import Gone, NotFound
from shared.events.catering import Interval

_order_of = sa.select(orders).where(orders.c.conference_id == sa.bindparam("id"))
_lock_order = _order_of.with_for_update()
_order = insert(orders)
_put_order = _order.on_conflict_do_update(
    index_elements=["order_id"],
    set_={c.name: _order.excluded[c.name] for c in orders.c if c.name not in ("order_id", "conference_id")},
)


@dataclass(frozen=True, slots=True)
class SheetMeal:
    """A meal on a sheet, as it was when it was ordered."""

    meal_id: str
    name: str
    served_at: datetime
    plates: int
    extra: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the caterer was told, by number. `received_at` is when the caterer said so."""

    order_id: str
    number: int
    ordered_at: datetime
    headcount: int
    forecast: Interval
    meals: tuple[SheetMeal, ...]
    reason: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Caterer:
    person_id: str
    conference_id: str
    name: str
    email: str
    locale: str


def load_order(connection: sa.Connection, conference_id: str) -> MealOrder | None:
    row = connection.execute(_order_of, {"id": conference_id}).one_or_none()
    return None if row is None else _order_from(row)


def lock_order(tx: Transaction, conference_id: str) -> MealOrder:
    """The conference's order, for a change. Raises `NotFound`."""
    row = tx.execute(_lock_order, {"id": conference_id}).one_or_none()
    if row is None:
        raise NotFound("There is no catering order for this conference.", conference_id=conference_id)
    return _order_from(row)


def save_order(tx: Transaction, order: MealOrder) -> None:
    row = {**asdict(order), "status": order.status.value, "drifted": sorted(order.drifted)}
    tx.execute(_put_order, row)


def record_sheet(tx: Transaction, sheet: Sheet) -> None:
    row: dict[str, Any] = {
        **asdict(sheet),
        "meals": msgspec.to_builtins(sheet.meals),
        "forecast": asdict(sheet.forecast),
    }
    tx.execute(sa.insert(sheets), row)


def list_sheets(connection: sa.Connection, order_id: str) -> list[Sheet]:
    """All numbers of an order, the newest first."""
    rows = connection.execute(sa.select(sheets).where(sheets.c.order_id == order_id).order_by(sheets.c.number.desc()))
    return [_sheet_from(row) for row in rows]


def newest_sheet(connection: sa.Connection, order_id: str) -> Sheet:
    """Raises `NotFound`."""
    found = list_sheets(connection, order_id)
    if not found:
        raise NotFound("Nothing is ordered under this number.", order_id=order_id)
    return found[0]


def mark_received(tx: Transaction, order_id: str, number: int) -> bool:
    """Record that the caterer has it; True at the first time."""
    marked = tx.execute(
        sa.update(sheets)
        .where(sheets.c.order_id == order_id, sheets.c.number == number, sheets.c.received_at.is_(None))
        .values(received_at=tx.now)
        .returning(sheets.c.number)
    ).first()
    return marked is not None


def conference_of_order(connection: sa.Connection, order_id: str) -> str:
    """Raises `NotFound`."""
    found = connection.execute(sa.select(orders.c.conference_id).where(orders.c.order_id == order_id)).scalar()
    if found is None:
        raise NotFound("There is no such order.", order_id=order_id)
    return str(found)


def save_caterer(tx: Transaction, caterer: Caterer) -> None:
    statement = insert(people).values(asdict(caterer))
    changed = {name: statement.excluded[name] for name in ("name", "email", "locale")}
    tx.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=changed))


def load_people(connection: sa.Connection, person_ids: Iterable[str]) -> dict[str, Caterer]:
    rows = connection.execute(sa.select(people).where(people.c.person_id.in_(list(person_ids))))
    return {row.person_id: Caterer(**row._mapping) for row in rows}


def load_caterer(connection: sa.Connection, order: MealOrder) -> Caterer:
    """The person whom an order goes to. Raises `Gone` where nobody is entered or they were erased."""
    person_id = order.caterer.removeprefix("catering:")
    found = load_people(connection, [person_id]).get(person_id)
    if found is None:
        raise Gone("Nobody is entered as this order's caterer.", order_id=order.order_id)
    return found


def orders_of(tx: Transaction, person_ids: Iterable[str]) -> list[str]:
    """Ids of conferences whose caterer is one of these people."""
    addressed = [f"catering:{person_id}" for person_id in person_ids]
    return sorted(tx.execute(sa.select(orders.c.conference_id).where(orders.c.caterer.in_(addressed))).scalars())


def erase_people(tx: Transaction, person_ids: Iterable[str]) -> None:
    tx.execute(sa.delete(people).where(people.c.person_id.in_(list(person_ids))))


def _order_from(row: Any) -> MealOrder:
    facts = {**row._mapping, "status": Status(row.status), "forecast": Interval(**row.forecast)}
    return MealOrder(**{**facts, "drifted": set(row.drifted), "plates": dict(row.plates), "fixed": dict(row.fixed)})


def _sheet_from(row: Any) -> Sheet:
    listed = tuple(SheetMeal(**{**m, "served_at": datetime.fromisoformat(m["served_at"])}) for m in row.meals)
    return Sheet(**{**row._mapping, "meals": listed, "forecast": Interval(**row.forecast)})
