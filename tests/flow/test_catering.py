"""3. Catering: from sold admissions to plates on the caterer's sheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from services.catering import kitchen
from shared.events.catering import (
    ForecastUpdated,
    HeadcountChanged,
    MealsAmended,
    MealsOrdered,
    MealsProposed,
    PlatesDrifted,
)
from tests.flow.house import EARLY_BIRD_CAP, House, attachments_of, link_in

CATERER = "bestellung@kueche-kanal.example"
ORDERED_AT = datetime(2027, 5, 7, 10, tzinfo=UTC)
"""Noon in Berlin, seven days before doors."""


def test_the_headcount_follows_admissions_and_extra_eaters_up_and_down(house: House) -> None:
    kept, given_back = house.buy(3), house.buy(2)
    assert house.headcount().admissions == 5
    meals = [meal.meal_id for meal in house.headcount().meals]
    assert len(meals) == 2, "lunch on each of two days"
    with house.at_work("catering") as tx:
        kitchen.enter_extra_eaters(tx, meals[0], 7, "crew")
    house.shop.cancel(given_back)
    house.settle()
    with house.at_work("catering") as tx:
        kitchen.enter_extra_eaters(tx, meals[0], -2, "two fewer")

    assert house.status(kept) == "paid"
    last = house.said(HeadcountChanged)[-1]
    assert last.admissions == 3
    counted = {meal.meal_id: (meal.entitled, meal.extra) for meal in last.meals}
    assert counted == {meals[0]: (3, 5), meals[1]: (3, 0)}
    house.check()


def test_a_transition_moves_the_forecast_and_stands_on_its_picture(house: House) -> None:
    house.wait(days=2)
    house.buy(EARLY_BIRD_CAP)
    moved = [made for made in house.said(ForecastUpdated) if made.reason == "transition"]
    assert len(moved) == 1
    assert moved[0].at_doors.p05 <= moved[0].at_doors.p50 <= moved[0].at_doors.p95
    page = house.staff().get("/staff?conference=flow")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert "Early bird" in page.text


def test_plates_are_proposed_ordered_mailed_and_watched(house: House) -> None:
    house.buy(8)
    house.wait_until(house.days_before_doors(9, 12, 1))
    [proposed] = house.said(MealsProposed)
    assert proposed.deadline_at == ORDERED_AT
    assert house.said(MealsOrdered) == []
    house.wait_until(ORDERED_AT)

    [ordered] = house.said(MealsOrdered)
    assert (ordered.number, ordered.ordered_at, ordered.headcount) == (1, ORDERED_AT, 8)
    [mail] = house.mails(CATERER)
    files = attachments_of(mail)
    [pdf] = [content for name, content in files.items() if name.endswith(".pdf")]
    assert pdf.startswith(b"%PDF")
    [sheet] = [content for name, content in files.items() if name.endswith(".csv")]
    rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig")), delimiter=";"))[1:]
    assert [int(row[-1]) for row in rows] == [each.plates for each in ordered.plates]

    link = link_in(mail, "/catering/sheet/")
    received = house.submit(house.stage.browser(), link, {"number": "1"}, f"{link}/received")
    assert received.status_code in (302, 303)
    assert house.stage.browser().get(link[:-3] + "xyz").status_code in (401, 403, 404), "a link is not to be guessed"

    plates = {each.meal_id: each.plates for each in ordered.plates}
    first = min(plates)
    with house.at_work("catering") as tx:
        kitchen.enter_extra_eaters(tx, first, 11, "a bus")
    [drifted] = house.said(PlatesDrifted)
    assert (drifted.meal_id, drifted.tolerance) == (first, 10)
    assert abs(drifted.expected - drifted.ordered) > 10
    with house.at_work("catering") as tx:
        kitchen.amend_order(tx, house.conference_id, {first: plates[first] + 11}, "a bus")
    [amended] = house.said(MealsAmended)
    assert amended.number == 2
    assert len(house.mails(CATERER)) == 2
    assert len(house.mails("tickets@buehnentechnik.example")) == 1, "the organisers hear of the drift once"
    house.check()
