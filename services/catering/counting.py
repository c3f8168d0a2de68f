"""Counting and looking ahead: the headcount from facts, the forecast from the curve, the plates that both make.

Whoever changes what eats (an admission, a meal, an extra eater, a past edition) calls this in the same transaction.
The row of `headcounts` is locked first, then the order's: the order in which everything here takes its locks.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.catering import facts, orderbook, references, store
from services.catering.domain import headcount as headcounts
from services.catering.domain.forecast import WINDOW, Sales, forecast
from services.catering.domain.headcount import Headcount
from services.catering.domain.order import Outlook
from services.catering.facts import Conference
from services.catering.orderbook import SheetMeal
from services.catering.store import Made
from shared.database import Transaction
from shared.events.catering import ForecastUpdated, Interval

FORECAST_EVERY = timedelta(minutes=1)


def count(connection: sa.Connection, conference_id: str) -> Headcount:
    """Who may eat now, from facts."""
    return headcounts.count(
        conference_id,
        facts.count_kinds(connection, conference_id),
        store.list_meals(connection, conference_id),
        store.count_extra(connection, conference_id),
    )


def recount(tx: Transaction, conference_id: str) -> Headcount:
    """Count again, and say so if it is another number. Has the forecast follow, at most once a minute."""
    said = store.lock_said(tx, conference_id)
    now = count(tx.connection, conference_id)
    if now != said.headcount:
        store.save_headcount(tx, now)
        tx.publish(*now.since(said.headcount))
        earliest = said.forecast_at + FORECAST_EVERY if said.forecast_at else tx.now
        tx.schedule("forecast", conference_id, max(earliest, tx.now))
    return now


def update_forecast(tx: Transaction, conference: Conference, reason: str) -> None:
    """Look ahead, say what is expected at doors, and let the order take it in."""
    outlook = look_ahead(tx, conference)
    made = Made(tx.now, outlook.headcount, outlook.forecast, reason)
    before = store.last_forecast(tx.connection, conference.conference_id)
    if reason != "sales" or before is None or (before.admissions, before.at_doors) != (made.admissions, made.at_doors):
        store.record_forecast(tx, conference.conference_id, made)
        tx.publish(
            ForecastUpdated(
                conference_id=conference.conference_id,
                forecast_at=made.forecast_at,
                admissions=made.admissions,
                at_doors=made.at_doors,
                reason=reason,
            )
        )
    _take_in(tx, conference, outlook)


def recount_meals(tx: Transaction, conference: Conference) -> None:
    """Meals or extra eaters changed: count, and let the order take in the plates that this makes, now."""
    recount(tx, conference.conference_id)
    _take_in(tx, conference, look_ahead(tx, conference))


def _take_in(tx: Transaction, conference: Conference, outlook: Outlook) -> None:
    if orderbook.load_order(tx.connection, conference.conference_id) is not None:
        order = orderbook.lock_order(tx, conference.conference_id)
        tx.publish(*order.follow(outlook))
        orderbook.save_order(tx, order)


def look_ahead(tx: Transaction, conference: Conference) -> Outlook:
    """The outlook at this moment, under the conference's lock."""
    store.lock_said(tx, conference.conference_id)
    headcount = count(tx.connection, conference.conference_id)
    at_doors = expect(tx.connection, conference, tx.now)
    return Outlook(headcount.admissions, at_doors, plates(tx.connection, headcount, at_doors))


def expect(connection: sa.Connection, conference: Conference, now: datetime) -> Interval:
    """Admissions at doors, from this conference's own curve and from past editions other than itself."""
    plan = store.load_plan(connection, conference.conference_id)
    curve = facts.load_curve(connection, conference.conference_id)
    doors_on = conference.doors_at.astimezone(ZoneInfo(conference.time_zone)).date()
    learned = references.without_itself(
        references.merged(store.list_imported(connection)),
        [conference.slug, conference.name],
        plan.excluded_editions,
        {day.day: day.issued for day in curve},
        doors_on,
    )
    sales = Sales(
        before=(midnight_of_doors(conference) - now) / timedelta(days=1),
        standing=sum(day.standing for day in curve),
        recent=facts.count_issued_since(connection, conference.conference_id, now - timedelta(days=WINDOW)),
        capacity=conference.capacity,
        series=plan.series,
    )
    return forecast(sales, learned)


def plates(connection: sa.Connection, headcount: Headcount, at_doors: Interval) -> dict[str, int]:
    """By meal id: forecast at doors (its middle) x take rate x portion factor + extra eaters."""
    return {
        meal.meal_id: meal.plates(
            at_doors.p50,
            headcount.of(meal.meal_id).entitled,
            headcount.admissions,
            headcount.of(meal.meal_id).extra,
        )
        for meal in store.list_meals(connection, headcount.conference_id)
    }


def check_headcounts(connection: sa.Connection) -> list[str]:
    """For `stagedoor verify`: the headcount that was said last is the one that the facts give."""
    said = {id: store.load_said(connection, id).headcount for id in store.list_said(connection)}
    return [
        f"{id}: {headcount.admissions if headcount else 'no'} admissions were said, and the facts give "
        f"{counted.admissions}."
        for id, headcount in said.items()
        if (counted := count(connection, id)) != headcount
    ]


def sheet_meals(connection: sa.Connection, headcount: Headcount, ordered: dict[str, int]) -> tuple[SheetMeal, ...]:
    """The meals of a sheet, with the plates that are ordered."""
    return tuple(
        SheetMeal(meal.meal_id, meal.name, meal.served_at, ordered[meal.meal_id], headcount.of(meal.meal_id).extra)
        for meal in store.list_meals(connection, headcount.conference_id)
        if meal.meal_id in ordered
    )


def midnight_of_doors(conference: Conference) -> datetime:
    """When the day of doors begins where the conference is."""
    zone = ZoneInfo(conference.time_zone)
    return datetime.combine(conference.doors_at.astimezone(zone).date(), time(), zone).astimezone(UTC)


def next_midnight(conference: Conference, now: datetime) -> datetime:
    """When the next day begins where the conference is."""
    zone = ZoneInfo(conference.time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone).astimezone(UTC)
