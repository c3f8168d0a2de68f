"""A conference as one file, and once more: what is written can be read again, and a mistake names its line and field."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.domain.again import moved, plan_of
from services.ticket.domain.conference import ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.local_time import at_local, end_of
from services.ticket.domain.policy import Step
from services.ticket.plan_file import read, write
from services.ticket.store import conferences
from shared.errors import InvalidInput
from tests.ticket.stage import Stage, make_plan
from tests.ticket.test_holders import token
from tests.ticket.test_staff_pages import staff_browser

BERLIN = "Europe/Berlin"


def full() -> ConferencePlan:
    """With everything that a plan may have."""
    second = TypePlan(
        "second",
        'Second day: "all"',
        "Zweiter Tag #2",
        (TierPlan("Only", "Einzig", 9950, at_local(date(2027, 6, 6), time(18, 30), BERLIN), 7),),
        sales_start_at=end_of(date(2027, 3, 27), BERLIN),
        vat_rate=0,
        note_en="- a note",
        days=(date(2027, 6, 8),),
        exemption_en="By rule.",
        is_hidden=True,
    )
    plan = make_plan()
    types = tuple(replace(each, vat_rate=1900) for each in plan.types)
    return replace(plan, types=(*types, second), cancellation=(Step(30, 100), Step(7, 25)), doors_time=time(8, 45))


def test_what_was_written_is_read_again_as_it_was() -> None:
    assert read(write(full())) == full()


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40
).filter(lambda text: text.strip() == text and "\ufeff" not in text)


@given(names, st.lists(st.integers(0, 10_000_00), min_size=1, max_size=4), st.integers(1, 400))
def test_any_names_and_prices_survive_the_file(name: str, prices: list[int], days: int) -> None:
    ends = [end_of(date(2027, 3, 1) + timedelta(days=days + n), BERLIN) for n in range(len(prices))]
    tiers = tuple(TierPlan(name, name, price, end) for price, end in zip(prices, ends, strict=True))
    plan = replace(full(), name=name, types=(TypePlan("regular", name, name, tiers, vat_rate=700),))
    assert read(write(plan)) == plan


@pytest.mark.parametrize(
    ("before", "after", "line_and_field"),
    [
        ("capacity: 20", "capacity: many", "Line 6, capacity:"),
        ("currency: EUR", "curency: EUR", "curency: nobody knows this name."),
        ("2027-06-07", "2027-06-31", "Line 8, days.1:"),
        ("price: '199.00'", "price: '199.005'", "types.1.tiers.1.price:"),
        ("time_zone: Europe/Berlin", "time_zone: Europe/Bonn", "Line 4, time_zone:"),
        ("cap: 5", "cap: [5]", "types.1.tiers.1.cap: a single value is expected here."),
    ],
)
def test_a_mistake_names_its_line_and_its_field(before: str, after: str, line_and_field: str) -> None:
    text = write(make_plan())
    assert before in text
    with pytest.raises(InvalidInput) as refused:
        read(text.replace(before, after, 1))
    assert any(line_and_field in each for each in refused.value.facts["errors"]["file"]), refused.value.facts


@pytest.mark.parametrize(
    "text", ["", "- a\n- b", "a: [", "just words", "a: 1\na: 2", "x: !!python/object:os.system {}", "\t"]
)
def test_no_file_of_any_kind_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read(text)


def test_all_mistakes_are_listed_at_once() -> None:
    text = write(make_plan()).replace("capacity: 20", "capacity: x").replace("EUR", "''")
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert len(refused.value.facts["errors"]["file"]) == 2


def test_a_plan_moves_as_a_whole_across_the_days_on_which_clocks_jump() -> None:
    later = moved(full(), "again", "Again 2028", date(2028, 5, 15))
    assert later.days == (date(2028, 5, 15), date(2028, 5, 16))
    early, regular, _ = later.types[0].tiers
    span = date(2028, 5, 15) - date(2027, 6, 7)
    assert early.ends_at == end_of(date(2027, 3, 31) + span, BERLIN)
    assert regular.ends_at == end_of(date(2027, 5, 23) + span, BERLIN)
    assert later.types[-1].days == (date(2028, 5, 16),)


def plan_now(stage: Stage, slug: str) -> ConferencePlan:
    with stage.database.reading() as connection:
        made = conferences.conference_by_slug(connection, slug)
        ladders = conferences.load_ladders(connection, made.conference_id)
        texts = conferences.legal_texts_of(connection, made.conference_id)
    return plan_of(made, ladders, {key: text.body for key, text in texts.items()})


def test_the_page_gives_the_file_and_opens_another_conference_with_it(stage: Stage) -> None:
    browser = staff_browser(stage)
    stage.pay(stage.order())
    text = browser.get(f"/organise/{stage.conference.conference_id}/plan.yaml").get_data(as_text=True)
    answer = upload(browser, text.replace("slug: searchlight", "slug: second-stage"))
    assert answer.status_code == 303
    assert replace(plan_now(stage, "second-stage"), slug="searchlight") == plan_now(stage, "searchlight")
    taken = upload(browser, text)
    assert taken.status_code == 409 or taken.status_code == 422
    assert "Another conference has this address already" in taken.get_data(as_text=True)


def test_a_file_with_a_mistake_opens_nothing(stage: Stage) -> None:
    text = write(make_plan(slug="wrong")).replace("capacity: 20", "capacity: 0")
    answer = upload(staff_browser(stage), text)
    assert answer.status_code == 422 and "capacity" in answer.get_data(as_text=True)
    answer = upload(staff_browser(stage), text.replace("time_zone", "timezone"))
    assert "timezone: nobody knows this name" in answer.get_data(as_text=True)
    with stage.database.reading() as connection:
        assert [each.slug for each in conferences.list_conferences(connection)] == ["searchlight"]


def upload(browser: Any, text: str) -> Any:
    page = browser.get("/organise/import").get_data(as_text=True)
    data = {"csrf_token": token(page), "file": (io.BytesIO(text.encode()), "plan.yaml")}
    return browser.post("/organise/import", data=data, content_type="multipart/form-data")


def test_last_years_is_opened_once_more_with_its_dates_moved_along(stage: Stage) -> None:
    at, browser = f"/organise/{stage.conference.conference_id}/again", staff_browser(stage)
    page = browser.get(at).get_data(as_text=True)
    form = {
        "csrf_token": token(page),
        "name": "Searchlight 2028",
        "slug": "searchlight-2028",
        "first_day": "2028-06-05",
    }
    assert browser.post(at, data={**form, "slug": "No Slug!"}).status_code == 422
    assert browser.post(at, data=form).status_code == 303
    made = plan_now(stage, "searchlight-2028")
    assert made == moved(plan_now(stage, "searchlight"), "searchlight-2028", "Searchlight 2028", date(2028, 6, 5))
    assert made.types[0].tiers[0].ends_at == datetime(2028, 3, 29, 22, tzinfo=UTC)
