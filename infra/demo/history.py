"""What has happened to the demo conference so far. The same on every installation but for its ids and secrets."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from infra.rehearsal.cast import SPONSORS, Attendee, attendee
from infra.rehearsal.registrations import Day, Registrations
from infra.rehearsal.scenery import ZONE, Scenery, conference_plan
from infra.rehearsal.script import OrderPart, Script, plan_orders, subscribers
from services.ticket.domain.local_time import at_local, local_day

SEED = 7
SLUG = "stagecraft"
NAME = "Stagecraft"
CAPACITY = 400
EARLY_BIRDS = 40
LEFT = 3
"""Early birds that are left for whoever tries the shop."""
WEEKS = 5
DOORS_IN = timedelta(days=88)
SOLD = (7, 5, 3, 2, 2, 1, 2, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0)
"""Registrations on each day since the opening; yesterday is the last. What is missing to the early birds is bought today."""
CANCELLED_ON = 7
"""The day, counted from the opening, of whose registrations one was given back."""
READERS = 8
OPENING = time(10)


def write_history(now: datetime) -> Script:
    """The script up to `now`, its doors about three months ahead, on a Monday."""
    today = local_day(now, ZONE)
    opens_on = today - timedelta(days=len(SOLD))
    doors_on = _monday(today + DOORS_IN)
    plan = conference_plan(
        slug=SLUG,
        name=f"{NAME} {doors_on.year}",
        doors_on=doors_on,
        capacity=CAPACITY,
        early_bird_cap=EARLY_BIRDS,
        is_demo=True,
    )
    scenery = Scenery(plan, at_local(opens_on, OPENING, ZONE), plan.doors_at(), now)
    days = [
        Day(opens_on + timedelta(days=number), count, 1 if number == CANCELLED_ON else 0)
        for number, count in enumerate(SOLD)
    ]
    registrations = Registrations(SLUG, tuple(day for day in days if day.registered))
    orders = tuple(_tame(order, scenery.opens_at) for order in plan_orders(registrations, SEED))
    draw = random.Random(SEED)
    # The first sponsor has paid, the second owes and has to be reminded, the third signed last week.
    sponsors = (SPONSORS[0], SPONSORS[1], replace(SPONSORS[4], signs_after=len(SOLD) - 6))
    guests = tuple(
        (0, at_local(opens_on + timedelta(days=16 + 4 * number), time(15, 10), ZONE), _guest(draw, number))
        for number in range(3)
    )
    return Script(registrations, scenery, orders, sponsors, guests, subscribers(draw, scenery, (), READERS))


def _tame(order: OrderPart, opens_at: datetime) -> OrderPart:
    """Nobody pays late here: that takes a Stripe that is away. And nobody orders before the shop opens."""
    at = max(order.at, opens_at + timedelta(minutes=3 * (order.number + 1)))
    late = order.manner == "pays_late"
    return replace(order, at=at, manner="pays", pays_after=timedelta(minutes=4)) if late else replace(order, at=at)


def _guest(draw: random.Random, number: int) -> Attendee:
    who = attendee(draw, f"guest-{number}", student=False)
    return replace(who, admission_type="sponsor")


def _monday(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)
