"""Meals and headcounts: who may eat, how many plates that makes, and that counting agrees with the facts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.catering.domain.headcount import Headcount, check_extra_eaters, count
from services.catering.domain.meal import AdmissionKind, Meal, lunches
from shared.errors import InvalidInput
from shared.events.catering import HeadcountChanged, MealCount

MONDAY, TUESDAY = date(2027, 6, 14), date(2027, 6, 15)
AT = datetime(2027, 6, 14, 10, 30, tzinfo=UTC)

kinds = some.builds(
    AdmissionKind,
    some.sampled_from(["regular", "student", "speaker"]),
    some.sampled_from([(), (MONDAY,), (TUESDAY,), (MONDAY, TUESDAY)]),
    some.sampled_from([(), ("dinner",), ("workshop", "dinner")]),
)
meals = some.builds(
    Meal,
    some.uuids().map(str),
    some.just("con_1"),
    some.just("Lunch"),
    some.just(AT),
    some.sampled_from([(), ("regular",), ("student", "speaker")]),
    some.sampled_from([(), (MONDAY,), (MONDAY, TUESDAY)]),
    some.sampled_from(["", "dinner"]),
)


def meal(**changes: object) -> Meal:
    return Meal(**{"meal_id": "mea_1", "conference_id": "con_1", "name": "Lunch", "served_at": AT, **changes})  # type: ignore[arg-type]


@given(people=some.lists(kinds, max_size=60), served=some.lists(meals, max_size=4, unique_by=lambda m: m.meal_id))
def test_counting_kinds_is_counting_people_one_by_one(people: list[AdmissionKind], served: list[Meal]) -> None:
    grouped = [(kind, people.count(kind)) for kind in set(people)]
    counted = count("con_1", grouped, served, {m.meal_id: 3 for m in served[:1]})
    assert counted.admissions == len(people)
    for each in served:
        assert counted.of(each.meal_id).entitled == sum(each.is_for(person) for person in people)
        assert counted.of(each.meal_id).extra == (3 if each in served[:1] else 0)


@given(before=some.lists(kinds, max_size=20), after=some.lists(kinds, max_size=20))
def test_a_headcount_is_said_when_it_is_another_one(before: list[AdmissionKind], after: list[AdmissionKind]) -> None:
    lunch = meal()
    one, other = (count("con_1", [(kind, 1) for kind in people], [lunch], {}) for people in (before, after))
    said = other.since(one)
    assert bool(said) == (len(before) != len(after))
    assert all(isinstance(event, HeadcountChanged) and event.admissions == len(after) for event in said)


def test_an_admission_without_days_is_for_every_day() -> None:
    assert meal(days=(MONDAY,)).is_for(AdmissionKind("regular"))
    assert not meal(days=(MONDAY,)).is_for(AdmissionKind("regular", (TUESDAY,)))


def test_a_dinner_that_is_an_add_on_is_for_those_who_have_it() -> None:
    assert meal(add_on="dinner").is_for(AdmissionKind("regular", (), ("dinner",)))
    assert not meal(add_on="dinner").is_for(AdmissionKind("regular"))


def test_plates_are_forecast_times_take_rate_times_portions_and_extra_eaters_rounded_up() -> None:
    assert meal(take_rate=70).plates(412, 356, 356, 0) == 289, "288.4: half a plate feeds nobody"
    assert meal(take_rate=70, portion_factor=110).plates(412, 356, 356, 13) == 331
    assert meal(take_rate=70).plates(400, 50, 100, 0) == 140, "half of them may eat, if the mix stays"
    assert meal(take_rate=100).plates(300, 0, 0, 5) == 305, "before the first sale everybody may"
    assert meal(take_rate=0).plates(300, 10, 10, 5) == 5


def test_each_day_begins_with_a_lunch_at_the_local_half_past_twelve() -> None:
    first, second = lunches("con_1", (date(2027, 3, 27), date(2027, 3, 28)), "Europe/Berlin", ["a", "b"])
    assert first.served_at == datetime(2027, 3, 27, 11, 30, tzinfo=UTC)
    assert second.served_at == datetime(2027, 3, 28, 10, 30, tzinfo=UTC), "the clocks went forward"
    assert first.days == (date(2027, 3, 27),)


@pytest.mark.parametrize("changes", [{"name": " "}, {"take_rate": 101}, {"take_rate": -1}, {"portion_factor": 5}])
def test_a_meal_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        meal(**changes)


@pytest.mark.parametrize(("change", "there"), [(0, 5), (-6, 5), (9_999, 2)])
def test_extra_eaters_that_cannot_be_are_refused(change: int, there: int) -> None:
    with pytest.raises(InvalidInput):
        check_extra_eaters(change, there)


def test_a_meal_that_is_not_counted_has_nobody() -> None:
    assert Headcount("con_1", 3).of("mea_9") == MealCount("mea_9", 0, 0)
