"""What catering does with what it hears, and when time has come: the table of contents is at the end.

What staff do by themselves is in `kitchen.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.catering import counting, facts, orderbook, store
from services.catering.domain.edition import series_of
from services.catering.domain.meal import lunches
from services.catering.domain.order import MealOrder, order_deadline, proposal_time
from services.catering.facts import Conference
from services.catering.orderbook import Sheet
from services.catering.store import Plan
from shared.database import ReplayTransaction, Transaction
from shared.events import Event
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionIssued,
    AdmissionReinstated,
    ConferenceCalledOff,
    ConferenceChanged,
    ConferenceOpened,
    TierChanged,
    TierClosed,
)
from shared.service import ErrandHandler, Projection, Reaction, Timer, TimerHandler
from shared.wire import Envelope

TIMER_KINDS = ("forecast", "day", "propose", "order")

# Projections


def record_admissions(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """Cook for everybody who holds an admission: facts first, then one count per conference and batch."""
    facts.record_admissions(envelopes, tx)
    if isinstance(tx, ReplayTransaction):
        return
    for conference_id in sorted({envelope.event.conference_id for envelope in envelopes}):
        counting.recount(tx, conference_id)


# Reactions


def plan_meals(envelope: Envelope[ConferenceOpened], tx: Transaction) -> None:
    """A conference begins with lunch on each day, an order that is due, and a first look ahead."""
    conference = facts.load_conference(tx.connection, envelope.event.conference_id)
    if not store.begin_plan(tx, Plan(conference.conference_id, series_of(conference.slug), ())):
        return
    meal_ids = [tx.ids.new("mea", tx.now) for _ in conference.days]
    store.save_meals(tx, lunches(conference.conference_id, conference.days, conference.time_zone, meal_ids))
    deadline_at = order_deadline(conference.doors_at, conference.time_zone)
    store.lock_said(tx, conference.conference_id)
    order = MealOrder(tx.ids.new("meo", tx.now), conference.conference_id, deadline_at, caterer=new_caterer(tx))
    orderbook.save_order(tx, order)
    counting.recount(tx, conference.conference_id)
    if conference.doors_at > tx.now:
        schedule_order(tx, conference, deadline_at)
        tx.schedule("day", conference.conference_id, counting.next_midnight(conference, tx.now))
        counting.update_forecast(tx, conference, "day")


def follow_conference(envelope: Envelope[ConferenceChanged], tx: Transaction) -> None:
    """Its doors moved, or its days: the deadline moves with them until the order is frozen; a new day gets its lunch."""
    conference = facts.load_conference(tx.connection, envelope.event.conference_id)
    if orderbook.load_order(tx.connection, conference.conference_id) is None or conference.called_off:
        return
    store.lock_said(tx, conference.conference_id)
    order = orderbook.lock_order(tx, conference.conference_id)
    deadline_at = order_deadline(conference.doors_at, conference.time_zone)
    if deadline_at != order.deadline_at and not order.is_locked:
        order.deadline_at = deadline_at
        orderbook.save_order(tx, order)
        schedule_order(tx, conference, deadline_at)
    served = {day for meal in store.list_meals(tx.connection, conference.conference_id) for day in meal.days}
    new_days = [day for day in conference.days if day not in served]
    meal_ids = [tx.ids.new("mea", tx.now) for _ in new_days]
    store.save_meals(tx, lunches(conference.conference_id, new_days, conference.time_zone, meal_ids))
    counting.recount(tx, conference.conference_id)


def stop_cooking(envelope: Envelope[ConferenceCalledOff], tx: Transaction) -> None:
    """Nobody will eat: nothing is ordered any more by itself."""
    for kind in TIMER_KINDS:
        tx.unschedule(kind, envelope.event.conference_id)


def forecast_transition(envelope: Envelope[TierClosed], tx: Transaction) -> None:
    """A price rose: look ahead anew."""
    conference = facts.find_conference(tx.connection, envelope.event.conference_id)
    if conference is not None and _is_ahead(conference, tx):
        counting.update_forecast(tx, conference, "transition")


# Timers


def forecast_sales(timer: Timer, tx: Transaction) -> None:
    """Something was sold or cancelled since the last forecast."""
    conference = facts.find_conference(tx.connection, timer.subject)
    if conference is not None and _is_ahead(conference, tx):
        counting.update_forecast(tx, conference, "sales")


def forecast_day(timer: Timer, tx: Transaction) -> None:
    """A new day began: doors are nearer."""
    conference = facts.load_conference(tx.connection, timer.subject)
    if _is_ahead(conference, tx):
        tx.schedule("day", conference.conference_id, counting.next_midnight(conference, tx.now))
        counting.update_forecast(tx, conference, "day")


def propose_order(timer: Timer, tx: Transaction) -> None:
    """Two days before the deadline, the organiser sees what will be ordered."""
    conference = facts.load_conference(tx.connection, timer.subject)
    if not _is_ahead(conference, tx):
        return
    outlook = counting.look_ahead(tx, conference)
    order = orderbook.lock_order(tx, conference.conference_id)
    tx.publish(*order.propose(tx.now, outlook))
    orderbook.save_order(tx, order)


def place_order(timer: Timer, tx: Transaction) -> None:
    """The deadline: the order freezes and goes out, whether anybody looked at it or not."""
    conference = facts.load_conference(tx.connection, timer.subject)
    if not _is_ahead(conference, tx):
        return
    outlook = counting.look_ahead(tx, conference)
    order = orderbook.lock_order(tx, conference.conference_id)
    for event in order.freeze(tx.now, outlook):
        tx.publish(event)
        record_sheet(tx, order, "")
    orderbook.save_order(tx, order)


def record_sheet(tx: Transaction, order: MealOrder, reason: str) -> None:
    """Keep what the caterer is told under this number."""
    headcount = counting.count(tx.connection, order.conference_id)
    listed = counting.sheet_meals(tx.connection, headcount, order.plates)
    orderbook.record_sheet(
        tx, Sheet(order.order_id, order.number, tx.now, order.headcount, order.forecast, listed, reason)
    )


def new_caterer(tx: Transaction) -> str:
    """An id for whoever will cook: it stands on events before anybody is entered, so that mail finds them once they are."""
    return f"catering:{tx.ids.new('per', tx.now)}"


def schedule_order(tx: Transaction, conference: Conference, deadline_at: datetime) -> None:
    tx.schedule("propose", conference.conference_id, proposal_time(deadline_at, conference.time_zone))
    tx.schedule("order", conference.conference_id, deadline_at)


def _is_ahead(conference: Conference, tx: Transaction) -> bool:
    return not conference.called_off and tx.now < conference.doors_at


PROJECTIONS: dict[type[Event], Projection] = {
    ConferenceOpened: facts.record_conferences,
    ConferenceChanged: facts.record_conferences,
    ConferenceCalledOff: facts.record_conferences,
    TierChanged: facts.record_conferences,
    TierClosed: facts.record_conferences,
    AdmissionIssued: record_admissions,
    AdmissionChanged: record_admissions,
    AdmissionCancelled: record_admissions,
    AdmissionReinstated: record_admissions,
}
REACTIONS: dict[type[Event], Reaction] = {
    ConferenceOpened: plan_meals,
    ConferenceChanged: follow_conference,
    ConferenceCalledOff: stop_cooking,
    TierClosed: forecast_transition,
}
TIMERS: dict[str, TimerHandler] = {
    "forecast": forecast_sales,
    "day": forecast_day,
    "propose": propose_order,
    "order": place_order,
}
ERRANDS: dict[str, ErrandHandler] = {}
