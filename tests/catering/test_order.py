"""The catering order from its proposal to its amendments, and the deadline that comes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.catering.domain.order import MealOrder, Outlook, Status, order_deadline, proposal_time
from shared.errors import Conflict, InvalidInput
from shared.events.catering import Interval, MealsAmended, MealsOrdered, MealsProposed, PlatesDrifted

DEADLINE = datetime(2027, 6, 7, 10, tzinfo=UTC)
EARLY = DEADLINE - timedelta(days=2)


def outlook(**plates: int) -> Outlook:
    return Outlook(100, Interval(100, 110, 120, 130, 140), plates)


def an_order(status: Status = Status.OPEN, **plates: int) -> MealOrder:
    order = MealOrder("meo_1", "con_1", DEADLINE, caterer="catering:per_1")
    if status is not Status.OPEN:
        order.propose(EARLY, outlook(**plates))
    if status is Status.ORDERED:
        order.freeze(DEADLINE, outlook(**plates))
    return order


def test_a_proposal_is_what_the_forecast_says() -> None:
    order = an_order()
    (event,) = order.propose(EARLY, outlook(lunch=84))
    assert isinstance(event, MealsProposed)
    assert (event.plates[0].plates, event.deadline_at, event.headcount) == (84, DEADLINE, 100)
    assert order.propose(EARLY, outlook(lunch=99)) == [], "once"


def test_until_the_lock_a_proposal_follows_the_forecast_but_for_what_the_organiser_set() -> None:
    order = an_order(Status.PROPOSED, lunch=84, dinner=50)
    order.change({"lunch": 100, "dinner": 50}, "A school class", EARLY, outlook(lunch=84, dinner=50))
    assert order.follow(outlook(lunch=90, dinner=60)) == []
    assert order.plates == {"lunch": 100, "dinner": 60}
    assert order.fixed == {"lunch": "A school class"}


def test_a_number_that_the_forecast_gives_anyway_follows_it_again() -> None:
    order = an_order(Status.PROPOSED, lunch=84)
    order.change({"lunch": 100}, "A school class", EARLY, outlook(lunch=84))
    order.change({"lunch": 84}, "They do not come", EARLY, outlook(lunch=84))
    order.follow(outlook(lunch=91))
    assert order.plates == {"lunch": 91}


def test_a_change_needs_a_reason_a_sane_number_and_a_proposal() -> None:
    order = an_order(Status.PROPOSED, lunch=84)
    with pytest.raises(InvalidInput):
        order.change({"lunch": 90}, "  ", EARLY, outlook(lunch=84))
    with pytest.raises(InvalidInput):
        order.change({"lunch": -1}, "why", EARLY, outlook(lunch=84))
    with pytest.raises(Conflict):
        order.change({"supper": 5}, "why", EARLY, outlook(lunch=84))
    with pytest.raises(Conflict):
        order.change({"lunch": 84}, "why", EARLY, outlook(lunch=84))
    with pytest.raises(Conflict):
        order.change({"lunch": 90}, "why", DEADLINE, outlook(lunch=84))
    with pytest.raises(Conflict):
        an_order().change({"lunch": 90}, "why", EARLY, outlook(lunch=84))
    assert order.plates == {"lunch": 84}


def test_it_freezes_at_its_deadline_once_and_never_before() -> None:
    order = an_order(Status.PROPOSED, lunch=84)
    assert order.freeze(DEADLINE - timedelta(seconds=1), outlook(lunch=84)) == []
    (event,) = order.freeze(DEADLINE, outlook(lunch=86))
    assert isinstance(event, MealsOrdered)
    assert (event.number, event.plates[0].plates, event.caterer) == (1, 86, "catering:per_1")
    assert order.freeze(DEADLINE, outlook(lunch=99)) == []
    with pytest.raises(Conflict):
        order.change({"lunch": 90}, "why", DEADLINE, outlook(lunch=86))


def test_an_order_that_nobody_proposed_freezes_all_the_same() -> None:
    (event,) = an_order().freeze(DEADLINE, outlook(lunch=40))
    assert isinstance(event, MealsOrdered)


def test_amendments_are_numbered_and_have_a_reason() -> None:
    order = an_order(Status.ORDERED, lunch=84, dinner=20)
    (event,) = order.amend({"lunch": 70}, "Strike", DEADLINE, outlook(lunch=75, dinner=20))
    assert isinstance(event, MealsAmended)
    assert (event.number, event.reason) == (2, "Strike")
    assert {meal.meal_id: meal.plates for meal in event.plates} == {"lunch": 70, "dinner": 20}
    with pytest.raises(Conflict):
        order.amend({"lunch": 70}, "Again", DEADLINE, outlook(lunch=75))
    with pytest.raises(InvalidInput):
        order.amend({"lunch": 71}, "", DEADLINE, outlook(lunch=75))
    with pytest.raises(Conflict):
        an_order(Status.PROPOSED, lunch=1).amend({"lunch": 71}, "x", DEADLINE, outlook(lunch=75))
    assert order.number == 2


def test_drift_is_told_beyond_the_tolerance_once_a_crossing() -> None:
    order = an_order(Status.ORDERED, lunch=100)
    told = [len(order.follow(outlook(lunch=plates))) for plates in (110, 111, 115, 130, 110, 111, 90, 89, 80)]
    assert told == [0, 1, 0, 0, 0, 1, 0, 1, 0]
    assert order.drift({"lunch": 89}) == {"lunch": -11}


def test_an_amendment_that_fits_ends_the_drift() -> None:
    order = an_order(Status.ORDERED, lunch=100)
    (drifted,) = order.follow(outlook(lunch=130))
    assert isinstance(drifted, PlatesDrifted) and (drifted.ordered, drifted.expected) == (100, 130)
    assert len(order.amend({"lunch": 128}, "More come", DEADLINE, outlook(lunch=130))) == 1
    assert order.drifted == set()
    assert len(order.follow(outlook(lunch=140))) == 1


def test_the_deadline_is_noon_a_week_before_doors_though_the_clocks_change_in_between() -> None:
    doors = datetime(2027, 4, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    deadline = order_deadline(doors, "Europe/Berlin")
    assert deadline == datetime(2027, 3, 25, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert doors - deadline == timedelta(days=6, hours=20), "an hour is missing in that week"
    assert deadline == datetime(2027, 3, 25, 11, tzinfo=UTC)
    assert order_deadline(datetime(2028, 3, 3, 8, tzinfo=UTC), "Europe/Berlin").date().isoformat() == "2028-02-25"


@given(
    days=some.integers(0, 3650),
    hour=some.integers(0, 23),
    zone=some.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_deadline_and_proposal_are_at_noon_on_their_days_wherever_it_is(days: int, hour: int, zone: str) -> None:
    doors, local = datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=days), ZoneInfo(zone)
    deadline = order_deadline(doors, zone).astimezone(local)
    proposed = proposal_time(deadline.astimezone(UTC), zone).astimezone(local)
    assert (deadline.hour, deadline.minute) == (proposed.hour, proposed.minute) == (12, 0)
    assert doors.astimezone(local).date() - deadline.date() == timedelta(days=7)
    assert deadline.date() - proposed.date() == timedelta(days=2)
