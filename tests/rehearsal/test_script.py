"""The plan of a rehearsal says exactly what the file says, whatever is played around it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.rehearsal.registrations import Day, Registrations
from infra.rehearsal.scenery import DAYS_BEFORE, ZONE
from infra.rehearsal.script import Script, write_script

BERLIN = ZoneInfo(ZONE)


@st.composite
def registrations(draw: st.DrawFn) -> Registrations:
    first = draw(st.dates(date(2019, 1, 1), date(2030, 1, 1)))
    gaps = draw(st.lists(st.integers(1, 40), min_size=0, max_size=12))
    days, day = [], first
    for gap in [0, *gaps]:
        day += timedelta(days=gap)
        registered = draw(st.integers(0, 60))
        days.append(Day(day, registered, draw(st.integers(0, registered))))
    days[-1] = Day(day, days[-1].registered + 1, days[-1].cancelled)
    return Registrations("drawn", tuple(days))


def local_day(instant: datetime) -> date:
    return instant.astimezone(BERLIN).date()


def paid_after(script: Script) -> list[tuple[date, date, int, date | None]]:
    """Day of the order, day of the payment, people, day of the cancellation."""
    return [
        (
            local_day(order.at),
            local_day(order.at + order.pays_after),
            len(order.attendees),
            local_day(order.cancels_at) if order.cancels_at else None,
        )
        for order in script.orders
        if order.is_paid
    ]


@settings(max_examples=60, deadline=None)
@given(registrations(), st.integers(0, 5))
def test_every_registration_is_bought_on_its_day_and_every_cancelled_one_given_back_later(
    read: Registrations, seed: int
) -> None:
    script = write_script(read, seed)

    bought: Counter[date] = Counter()
    given_back: Counter[date] = Counter()
    for ordered_on, paid_on, people, cancelled_on in paid_after(script):
        assert paid_on == ordered_on
        bought[paid_on] += people
        if cancelled_on is not None:
            assert ordered_on < cancelled_on <= read.doors_on
            given_back[ordered_on] += people
    assert bought == Counter({each.day: each.registered for each in read.days if each.registered})
    assert given_back == Counter({each.day: each.cancelled for each in read.days if each.cancelled})


@settings(max_examples=40, deadline=None)
@given(registrations())
def test_everything_lies_between_the_opening_and_doors_and_fits_into_the_venue(read: Registrations) -> None:
    script = write_script(read, 1)
    scenery = script.scenery

    acts = [order.at for order in script.orders] + [at for _, at, _ in script.guests_at]
    acts += [order.cancels_at for order in script.orders if order.cancels_at]
    assert all(scenery.opens_at < at < scenery.doors_at for at in acts)
    people = sum(len(order.attendees) for order in script.orders) + len(script.guests_at)
    assert scenery.plan.capacity >= people
    assert all(1 <= len(order.attendees) <= 5 for order in script.orders)
    earliest = datetime.combine(read.doors_on - timedelta(days=max(DAYS_BEFORE)), time(12), BERLIN)
    assert scenery.opens_at < earliest


@settings(max_examples=20, deadline=None)
@given(registrations(), st.integers(0, 5))
def test_the_same_file_and_seed_make_the_same_script(read: Registrations, seed: int) -> None:
    assert write_script(read, seed) == write_script(read, seed)


def test_nobody_has_the_address_of_another() -> None:
    script = write_script(Registrations("one", (Day(date(2027, 5, 1), 400, 20),)), 1)

    addresses = [each.email for order in script.orders for each in order.attendees]
    addresses += [guest.email for _, _, guest in script.guests_at]
    assert len(addresses) == len(set(addresses))


def test_a_big_file_has_people_of_every_kind() -> None:
    days = tuple(Day(date(2027, 3, 1) + timedelta(days=number), 20, 1) for number in range(60))
    script = write_script(Registrations("big", days), 1)

    manners = Counter(order.manner for order in script.orders)
    assert set(manners) == {"pays", "pays_late", "pays_lapsed", "pays_twice", "never_visits", "leaves", "declined"}
    assert sum(part.pays_after is None for part in script.sponsors) == 2
    assert len(script.sponsors) == 6
