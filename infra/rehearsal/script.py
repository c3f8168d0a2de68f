"""The plan of a rehearsal: who orders what and when, who pays late, twice or never, who cancels. Seeded, and known beforehand.

Every registration of the file becomes an admission that is ordered and paid on its local day, and every cancelled one is given
back on a later day. What is not in the file (abandoned checkouts, sponsors' guests) comes on top and changes none of its sums.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from infra.rehearsal import scenery
from infra.rehearsal.cast import FIRMS, SPONSORS, Attendee, SponsorPart, attendee
from infra.rehearsal.registrations import Registrations
from infra.rehearsal.scenery import ZONE, Scenery
from services.ticket.domain.local_time import at_local

Manner = Literal["pays", "pays_late", "pays_lapsed", "pays_twice", "never_visits", "leaves", "declined"]
"""`pays_late`: after the hold expired, while Stripe was away, so that the hold stood. `pays_lapsed`: after the order had lapsed and
its places were free again. The last three abandon the checkout."""

PARTY_WEIGHS = ((1, 55), (2, 25), (3, 12), (4, 5), (5, 3))
FIRST_AT, LAST_AT = 7 * 3600, 22 * 3600 + 1800
"""Seconds of the local day between which people order."""
LATE_AT = time(5, 10)
"""Late payers order when nobody else does: while they pay, Stripe is away for all."""
STUDENTS = 0.12
ABANDON = 0.08
LATE = 0.02
TWICE = 0.02
LAPSED = 0.02
LAPSED_FOR = timedelta(minutes=47)
"""When one pays whose order has lapsed: on the same day, whenever they ordered."""
TRANSFERS = 0.5
"""So many of the companies transfer, as long as there is time for it."""
TRANSFER_BEFORE = timedelta(days=30)
WAITING = 3
SUBSCRIBERS = 14
MOST_GUESTS = sum(sponsor.guests for sponsor in SPONSORS)
PAYING: tuple[Manner, ...] = ("pays", "pays_late", "pays_lapsed", "pays_twice")


@dataclass(frozen=True)
class OrderPart:
    """One buyer with their party. `pays_after` counts from the order; `cancels_at` None: they come."""

    number: int
    at: datetime
    attendees: tuple[Attendee, ...]
    manner: Manner = "pays"
    pays_after: timedelta = timedelta(minutes=5)
    comes_back: bool = True
    cancels_at: datetime | None = None
    company: str = ""
    locale: str = "en"
    by_transfer: bool = False
    """Its money is at the bank on the same day, and its invoice was the way to it."""
    waits: bool = False
    """The house was sold out that morning: they joined the waiting list, and order what they are offered."""

    @property
    def email(self) -> str:
        return self.attendees[0].email

    @property
    def is_paid(self) -> bool:
        return self.manner in PAYING


@dataclass(frozen=True)
class Script:
    """`guests_at` has, for each guest of a sponsor, the sponsor's place in the cast and when they redeem their voucher."""

    registrations: Registrations
    scenery: Scenery
    orders: tuple[OrderPart, ...]
    sponsors: tuple[SponsorPart, ...]
    guests_at: tuple[tuple[int, datetime, Attendee], ...]
    subscribers: tuple[tuple[datetime, str, str], ...] = field(default=())
    """When they ask, their address and language."""


def write_script(registrations: Registrations, seed: int) -> Script:
    """The same for the same file and seed."""
    orders = _waiting(random.Random(f"waiting:{seed}"), plan_orders(registrations, seed))
    abandoned = sum(len(order.attendees) for order in orders if not order.is_paid)
    stage = scenery.build(registrations, registrations.sold + abandoned + MOST_GUESTS)
    return Script(
        registrations=registrations,
        scenery=stage,
        orders=orders,
        sponsors=SPONSORS,
        guests_at=_guests(random.Random(f"guests:{seed}"), stage),
        subscribers=subscribers(random.Random(f"subscribers:{seed}"), stage, orders),
    )


def plan_orders(registrations: Registrations, seed: int) -> tuple[OrderPart, ...]:
    """Orders for every registration, in the order of their time, and some abandoned checkouts among them."""
    draw = random.Random(f"orders:{seed}")
    orders: list[OrderPart] = []
    for day in registrations.days:
        kept = _parties(draw, day.registered - day.cancelled)
        given_back = _parties(draw, day.cancelled)
        may_be_late = day.day < registrations.doors_on
        for position, size in enumerate(kept + given_back):
            cancels = position >= len(kept)
            cancels_at = _later(draw, day.day, registrations.doors_on) if cancels else None
            late = may_be_late and not cancels and draw.random() < LATE
            may_be_late = may_be_late and not late
            manner: Manner = "pays_late" if late else _manner(draw.random(), may_lapse=day.day < registrations.doors_on)
            in_time = registrations.doors_on - day.day >= TRANSFER_BEFORE
            orders.append(_order(draw, len(orders), day.day, size, cancels_at, manner, in_time))
        for _ in range(sum(draw.random() < ABANDON for _ in kept)):
            orders.append(_abandoned(draw, len(orders), day.day))
    return tuple(sorted(orders, key=lambda order: (order.at, order.number)))


def _parties(draw: random.Random, people: int) -> list[int]:
    """Sizes of orders that add up."""
    sizes, weights = zip(*PARTY_WEIGHS, strict=True)
    parties: list[int] = []
    while people:
        parties.append(min(people, draw.choices(sizes, weights)[0]))
        people -= parties[-1]
    return parties


def _order(
    draw: random.Random,
    number: int,
    day: date,
    size: int,
    cancels_at: datetime | None,
    manner: Manner,
    in_time: bool,
) -> OrderPart:
    student = size == 1 and draw.random() < STUDENTS * 2
    at = at_local(day, LATE_AT, ZONE) if manner == "pays_late" else _moment(draw, day)
    by_transfer = size >= 3 and manner == "pays" and cancels_at is None and in_time and draw.random() < TRANSFERS
    return OrderPart(
        number=number,
        at=at,
        attendees=_party(draw, number, size, student),
        manner=manner,
        pays_after=_pays_after(draw, manner),
        comes_back=draw.random() < 0.8,
        cancels_at=cancels_at,
        company=f"{draw.choice(FIRMS)} GmbH" if size >= 3 else "",
        locale=draw.choice(("de", "de", "en")),
        by_transfer=by_transfer,
    )


def _waiting(draw: random.Random, orders: Sequence[OrderPart]) -> tuple[OrderPart, ...]:
    """A few who come alone, each on a morning of their own, find everything sold out and wait for what the organisers find."""
    days = {order.at.date() for order in orders[:1]}
    waiting: set[int] = set()
    alone = [each for each in orders if len(each.attendees) == 1 and each.manner == "pays" and each.cancels_at is None]
    for order in draw.sample(alone, len(alone)):
        is_regular = order.attendees[0].admission_type == "regular"
        if is_regular and order.at.date() not in days and len(waiting) < WAITING:
            days.add(order.at.date())
            waiting.add(order.number)
    return tuple(replace(order, waits=order.number in waiting) for order in orders)


def _manner(drawn: float, may_lapse: bool) -> Manner:
    if drawn < TWICE:
        return "pays_twice"
    return "pays_lapsed" if may_lapse and drawn < TWICE + LAPSED else "pays"


def _pays_after(draw: random.Random, manner: Manner) -> timedelta:
    if manner == "pays_late":
        return timedelta(minutes=40)
    soon = timedelta(seconds=draw.randint(60, 900))
    return LAPSED_FOR if manner == "pays_lapsed" else soon


def _abandoned(draw: random.Random, number: int, day: date) -> OrderPart:
    size = draw.randint(1, 2)
    manner: Manner = draw.choice(("never_visits", "leaves", "declined"))
    pays_after = timedelta(seconds=draw.randint(60, 900))
    return OrderPart(number, _moment(draw, day), _party(draw, number, size, False), manner, pays_after)


def _party(draw: random.Random, number: int, size: int, student: bool) -> tuple[Attendee, ...]:
    return tuple(attendee(draw, f"{number}-{place}", student) for place in range(size))


def _moment(draw: random.Random, day: date) -> datetime:
    return _at(day, draw.randint(FIRST_AT, LAST_AT))


def _at(day: date, seconds: int) -> datetime:
    """So many seconds of the wall clock into a day, whatever the clocks do that night."""
    return at_local(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60), ZONE)


def _later(draw: random.Random, day: date, doors_on: date) -> datetime:
    """A moment on a later day; on the day of doors itself before they open."""
    chosen = day + timedelta(days=draw.randint(1, (doors_on - day).days))
    seconds = draw.randint(6 * 3600, 8 * 3600 + 1800) if chosen == doors_on else draw.randint(8 * 3600, 21 * 3600)
    return _at(chosen, seconds)


def _guests(draw: random.Random, stage: Scenery) -> tuple[tuple[int, datetime, Attendee], ...]:
    """Guests come when their sponsor has long paid, or need not have, and before the day of doors."""
    guests = []
    for place, sponsor in enumerate(SPONSORS):
        for number in range(sponsor.guests):
            day = stage.doors_on - timedelta(days=draw.randint(2, 30))
            who = attendee(draw, f"guest-{place}-{number}", student=False)
            guests.append((place, _moment(draw, day), Attendee(who.name, who.email, "sponsor")))
    return tuple(sorted(guests, key=lambda guest: (guest[1], guest[2].email)))


def subscribers(
    draw: random.Random, stage: Scenery, orders: Sequence[OrderPart], wanted: int = SUBSCRIBERS
) -> tuple[tuple[datetime, str, str], ...]:
    """People who want to hear of price rises. Every other one buys sooner or later and is then written to no more."""
    buyers = draw.sample(paid, min(len(paid), wanted)) if (paid := [o.email for o in orders if o.is_paid]) else []
    asking = []
    for number in range(wanted):
        bought = number % 2 == 0 and number < len(buyers)
        email = buyers[number] if bought else attendee(draw, f"asks-{number}", student=False).email
        at = stage.opens_at + timedelta(seconds=draw.randint(3600, 4 * 86_400))
        asking.append((at, email, draw.choice(("de", "en"))))
    return tuple(sorted(asking))
