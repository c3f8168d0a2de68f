"""The decisions: meals, extra eaters, headcounts said, forecasts, editions. Explicit statements, built once; orders: orderbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.catering.domain.edition import Day, Edition, normalized
from services.catering.domain.headcount import Headcount
from services.catering.domain.meal import Meal
from services.catering.tables import (
    editions,
    extra_eaters,
    forecasts,
    headcounts,
    meals,
    plans,
)
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.events.catering import Interval, MealCount

_meals_of = (
    sa.select(meals).where(meals.c.conference_id == sa.bindparam("id")).order_by(meals.c.served_at, meals.c.meal_id)
)
_meal = insert(meals)
_put_meal = _meal.on_conflict_do_update(
    index_elements=["meal_id"],
    set_={c.name: _meal.excluded[c.name] for c in meals.c if c.name not in ("meal_id", "conference_id")},
)
_extra_of = (
    sa.select(extra_eaters.c.meal_id, sa.func.sum(extra_eaters.c.change).label("extra"))
    .where(extra_eaters.c.conference_id == sa.bindparam("id"))
    .group_by(extra_eaters.c.meal_id)
)
_first_headcount = insert(headcounts).on_conflict_do_nothing(index_elements=["conference_id"])
_lock_headcount = sa.select(headcounts).where(headcounts.c.conference_id == sa.bindparam("id")).with_for_update()
_save_headcount = Prepared(
    sa.update(headcounts)
    .where(headcounts.c.conference_id == sa.bindparam("id"))
    .values(admissions=sa.bindparam("number"), meals=sa.bindparam("by_meal"))
)
_note_forecast = (
    sa.update(headcounts).where(headcounts.c.conference_id == sa.bindparam("id")).values(forecast_at=sa.bindparam("at"))
)
_add_forecast = sa.insert(forecasts)
_last_forecast = (
    sa.select(forecasts).where(forecasts.c.conference_id == sa.bindparam("id")).order_by(forecasts.c.id.desc()).limit(1)
)
_plan = insert(plans)
_put_plan = _plan.on_conflict_do_update(
    index_elements=["conference_id"],
    set_={"series": _plan.excluded.series, "excluded_editions": _plan.excluded.excluded_editions},
)
_new_plan = _plan.on_conflict_do_nothing(index_elements=["conference_id"]).returning(plans.c.conference_id)
_edition = insert(editions)
_put_edition = _edition.on_conflict_do_update(
    index_elements=["key"],
    set_={c.name: _edition.excluded[c.name] for c in editions.c if c.name != "key"},
)


@dataclass(frozen=True, slots=True)
class Said:
    """The headcount that was last published, None before the first, and when the newest forecast was made."""

    headcount: Headcount | None
    forecast_at: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """A forecast as it was made."""

    forecast_at: datetime
    admissions: int
    at_doors: Interval
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the forecast may learn from: editions of this series weigh more, the excluded ones (names) not at all."""

    conference_id: str
    series: str
    excluded_editions: tuple[str, ...]


# Meals and extra eaters


def list_meals(connection: sa.Connection, conference_id: str) -> list[Meal]:
    return [_meal_from(row) for row in connection.execute(_meals_of, {"id": conference_id})]


def load_meal(connection: sa.Connection, meal_id: str) -> Meal:
    """Raises `NotFound`."""
    row = connection.execute(sa.select(meals).where(meals.c.meal_id == meal_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such meal.", meal_id=meal_id)
    return _meal_from(row)


def save_meals(tx: Transaction, changed: Sequence[Meal]) -> None:
    for meal in changed:
        row = {**asdict(meal), "days": [day.isoformat() for day in meal.days]}
        tx.execute(_put_meal, {**row, "admission_types": list(meal.admission_types)})


def remove_meal(tx: Transaction, meal_id: str) -> None:
    tx.execute(sa.delete(extra_eaters).where(extra_eaters.c.meal_id == meal_id))
    tx.execute(sa.delete(meals).where(meals.c.meal_id == meal_id))


def count_extra(connection: sa.Connection, conference_id: str) -> dict[str, int]:
    """Extra eaters by meal id."""
    return {row.meal_id: int(row.extra) for row in connection.execute(_extra_of, {"id": conference_id})}


def add_extra(tx: Transaction, meal: Meal, change: int, note: str) -> None:
    row = {"conference_id": meal.conference_id, "meal_id": meal.meal_id, "change": change, "note": note}
    tx.execute(sa.insert(extra_eaters), {**row, "entered_by": tx.actor, "entered_at": tx.now})


def list_extra(connection: sa.Connection, conference_id: str) -> list[Any]:
    """The entries, newest first: meal_id, change, note, entered_at."""
    query = sa.select(extra_eaters).where(extra_eaters.c.conference_id == conference_id)
    return list(connection.execute(query.order_by(extra_eaters.c.id.desc()).limit(50)))


# What was said


def lock_said(tx: Transaction, conference_id: str) -> Said:
    """The last headcount and forecast said of a conference: its one lock for counting."""
    row = tx.execute(_lock_headcount, {"id": conference_id}).one_or_none()
    if row is None:
        first: dict[str, Any] = {"conference_id": conference_id, "admissions": None, "meals": [], "forecast_at": None}
        tx.execute(_first_headcount, first)
        row = tx.execute(_lock_headcount, {"id": conference_id}).one()
    return _said_from(row)


def load_said(connection: sa.Connection, conference_id: str) -> Said:
    row = connection.execute(sa.select(headcounts).where(headcounts.c.conference_id == conference_id)).one_or_none()
    return Said(None, None) if row is None else _said_from(row)


def list_said(connection: sa.Connection) -> list[str]:
    """Ids of conferences of which a headcount was said."""
    return list(
        connection.execute(sa.select(headcounts.c.conference_id).order_by(headcounts.c.conference_id)).scalars()
    )


def save_headcount(tx: Transaction, headcount: Headcount) -> None:
    by_meal = [[meal.meal_id, meal.entitled, meal.extra] for meal in headcount.meals]
    row = {"id": headcount.conference_id, "number": headcount.admissions, "by_meal": by_meal}
    tx.write(_save_headcount, row)


def record_forecast(tx: Transaction, conference_id: str, made: Made) -> None:
    row = {"conference_id": conference_id, "admissions": made.admissions, "reason": made.reason}
    tx.execute(_add_forecast, {**row, "forecast_at": made.forecast_at, **asdict(made.at_doors)})
    tx.execute(_note_forecast, {"id": conference_id, "at": made.forecast_at})


def last_forecast(connection: sa.Connection, conference_id: str) -> Made | None:
    row = connection.execute(_last_forecast, {"id": conference_id}).one_or_none()
    if row is None:
        return None
    return Made(row.forecast_at, row.admissions, Interval(row.p05, row.p25, row.p50, row.p75, row.p95), row.reason)


# What the forecast learns from


def begin_plan(tx: Transaction, plan: Plan) -> bool:
    """False where the conference has one already."""
    return tx.execute(_new_plan, _plan_row(plan)).first() is not None


def save_plan(tx: Transaction, plan: Plan) -> None:
    tx.execute(_put_plan, _plan_row(plan))


def load_plan(connection: sa.Connection, conference_id: str) -> Plan:
    row = connection.execute(sa.select(plans).where(plans.c.conference_id == conference_id)).one_or_none()
    if row is None:
        return Plan(conference_id, "", ())
    return Plan(conference_id, row.series, tuple(row.excluded_editions))


def save_edition(tx: Transaction, edition: Edition) -> None:
    """Keep an imported edition; one of the same name is replaced."""
    row = {"key": normalized(edition.name), "name": edition.name, "doors_on": edition.doors_on}
    days = [[day.before, day.registered, day.cancelled] for day in edition.days]
    tx.execute(_put_edition, {**row, "days": days, "imported_by": tx.actor, "imported_at": tx.now})


def remove_edition(tx: Transaction, key: str) -> None:
    tx.execute(sa.delete(editions).where(editions.c.key == key))


def list_imported(connection: sa.Connection) -> list[Edition]:
    rows = connection.execute(sa.select(editions).order_by(editions.c.key))
    return [Edition(row.name, row.doors_on, tuple(Day(*day) for day in row.days)) for row in rows]


# Rows to objects


def _plan_row(plan: Plan) -> Mapping[str, Any]:
    return {**asdict(plan), "excluded_editions": list(plan.excluded_editions)}


def _meal_from(row: Any) -> Meal:
    facts = dict(row._mapping)
    days = tuple(date.fromisoformat(day) for day in row.days)
    return Meal(**{**facts, "days": days, "admission_types": tuple(row.admission_types)})


def _said_from(row: Any) -> Said:
    if row.admissions is None:
        return Said(None, row.forecast_at)
    counts = tuple(MealCount(*meal) for meal in row.meals)
    return Said(Headcount(row.conference_id, row.admissions, counts), row.forecast_at)
