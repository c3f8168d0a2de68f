"""The pages: what organisers see and enter, and what the caterer gets without an account."""

from __future__ import annotations

import base64
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from services.catering import app as catering
from services.catering import facts, kitchen, sheets, store
from services.catering.facts import Conference
from services.catering.orderbook import Sheet, SheetMeal
from shared.errors import Gone, NotFound
from shared.events import StaffActed
from shared.events.catering import Interval, MealsAmended, MealsOrdered, MealsProposed
from shared.internal import InternalClient, wsgi_transport
from shared.web import staff as staffing
from shared.web.i18n import missing
from shared.web.security import cookie_name
from tests.catering.stage import CONFERENCE, DAYS, DOORS, Stage, opened

DEADLINE = datetime(2027, 6, 7, 10, tzinfo=UTC)
HOME = f"/catering/conferences/{CONFERENCE}"


class Desk:
    """A browser in which somebody of the staff is signed in."""

    def __init__(self, stage: Stage, roles: dict[str, tuple[str, ...]] | None) -> None:
        self.stage, self.roles = stage, roles
        self.client: FlaskClient = catering.create_app(stage.runtime).test_client()

    def get(self, path: str, **more: Any) -> Any:
        self._sign_in()
        return self.client.get(path, **more)

    def page(self, path: str, **more: Any) -> str:
        answer = self.get(path, **more)
        assert answer.status_code == 200, answer.status
        return str(answer.get_data(as_text=True))

    def post(self, path: str, values: dict[str, Any], form: str = "") -> Any:
        """Send the form that stands on the page `form` (by default the one at `path`)."""
        self._sign_in()
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page(form or path))
        assert token is not None, "a form has its token"
        return self.client.post(path, data={**values, "csrf_token": token[1]})

    def _sign_in(self) -> None:
        if self.roles is None:
            return
        runtime = self.stage.runtime
        token = staffing.sign(runtime.signer("staff"), staffing.Staff("stf_1", self.roles), runtime.clock.now())
        self.client.set_cookie(cookie_name(runtime.settings, staffing.COOKIE), token)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    stage.say(opened())
    return Desk(stage, {"*": ("organiser",)})


@pytest.fixture
def caterer(stage: Stage) -> Desk:
    return Desk(stage, None)


def meal_ids(stage: Stage) -> list[str]:
    with stage.database.reading() as connection:
        return [meal.meal_id for meal in store.list_meals(connection, CONFERENCE)]


def link(stage: Stage) -> str:
    return sheets.link(stage.runtime, stage.conference(), stage.order().order_id).removeprefix(
        stage.runtime.settings.base_url
    )


def internal(stage: Stage) -> InternalClient:
    transport = wsgi_transport(catering.create_internal(stage.runtime))
    return InternalClient("catering", stage.runtime.signer("service"), stage.runtime.clock, transport)


def test_every_text_has_its_german() -> None:
    assert missing(Path(catering.__file__).parent) == []


def test_the_first_thing_on_the_page_is_how_many_will_eat(stage: Stage, desk: Desk) -> None:
    assert "Nobody has bought yet" in desk.page(HOME)
    stage.sell(40)
    stage.days_pass(20)
    page = desk.page(HOME)
    with stage.database.reading() as connection:
        made = store.last_forecast(connection, CONFERENCE)
    assert made is not None
    figure = re.search(r'class="figure">\s*([\d,]+)', page)
    assert figure is not None and figure[1] == str(made.at_doors.p50)
    assert f"between {made.at_doors.p05} and {made.at_doors.p95}" in page
    assert "40 hold a ticket now" in page
    assert 'class="band"' in page and "Early bird ended" not in page
    assert desk.get("/catering").location.endswith(HOME), "the only conference needs no list"


def test_a_tier_transition_stands_on_the_picture(stage: Stage, desk: Desk) -> None:
    from tests.catering.stage import closed

    stage.sell(40)
    stage.days_pass(10)
    stage.say(closed(stage.now))
    assert "Early bird ended" in desk.page(HOME)


def test_nobody_but_organisers_sees_it(stage: Stage, desk: Desk) -> None:
    assert "/staff/sign-in" in Desk(stage, None).get(HOME).location
    assert Desk(stage, {"*": ("finance",)}).get(HOME).status_code == 403
    assert Desk(stage, {"con_other": ("organiser",)}).get(HOME).status_code == 403
    assert Desk(stage, {CONFERENCE: ("organiser",)}).get(HOME).status_code == 200


def test_a_barbecue_on_monday_is_added_changed_and_removed(stage: Stage, desk: Desk) -> None:
    typed = {"name": "Barbecue", "served_at": "2027-06-13T19:00", "take_rate": "80", "portion_factor": "120"}
    assert desk.post(f"{HOME}/meals/new", {**typed, "type_student": "yes"}).status_code == 302
    with stage.database.reading() as connection:
        meal = store.list_meals(connection, CONFERENCE)[0]
    assert (meal.name, meal.served_at) == ("Barbecue", datetime(2027, 6, 13, 17, tzinfo=UTC))
    assert (meal.admission_types, meal.days) == (("student",), ())
    page = desk.page(f"{HOME}/meals/{meal.meal_id}")
    assert 'value="2027-06-13T19:00"' in page
    assert desk.post(f"{HOME}/meals/{meal.meal_id}", {**typed, "name": "Grill"}).status_code == 302
    assert "Grill" in desk.page(HOME)
    desk.post(f"{HOME}/meals/{meal.meal_id}/removal", {}, form=f"{HOME}/meals/{meal.meal_id}")
    assert "Grill" not in desk.page(HOME)


def test_a_meal_that_is_wrong_comes_back_with_what_was_typed(desk: Desk) -> None:
    answer = desk.post(
        f"{HOME}/meals/new", {"name": "Tea <3", "served_at": "soon", "take_rate": "150", "portion_factor": "100"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Tea &lt;3" in page and "A date and time like" in page and "from 0 to 100" in page


def test_extra_eaters_go_up_and_down_but_not_below_none(stage: Stage, desk: Desk) -> None:
    meal_id = meal_ids(stage)[0]
    path, form = f"{HOME}/meals/{meal_id}/extra", f"{HOME}/meals/{meal_id}"
    assert desk.post(path, {"change": "12", "note": "=crew"}, form).status_code == 302
    assert desk.post(path, {"change": "-5", "note": "technicians"}, form).status_code == 302
    assert stage.headcount().of(meal_id).extra == 7
    answer = desk.post(path, {"change": "-8", "note": "everybody"}, form)
    assert answer.status_code == 422
    assert "Only 7 extra eaters" in answer.get_data(as_text=True)
    assert stage.headcount().of(meal_id).extra == 7
    stage.settle()
    assert stage.said()[-1].meals[0].extra == 7
    assert desk.post(path, {"change": "3", "note": ""}, form).status_code == 422


def test_a_meal_of_another_conference_is_not_touched(stage: Stage, desk: Desk) -> None:
    stage.say(opened(conference_id="con_2", slug="other", name="Other"))
    meal_id = meal_ids(stage)[0]
    only = Desk(stage, {"con_2": ("organiser",)})
    own = "/catering/conferences/con_2"
    assert only.post(f"{own}/meals/{meal_id}/removal", {}, f"{own}/meals/new").status_code == 404
    assert only.get(f"{own}/meals/{meal_id}").status_code == 404
    assert len(meal_ids(stage)) == 2


def test_the_organiser_changes_the_proposal_only_with_a_reason(stage: Stage, desk: Desk) -> None:
    stage.sell(100)
    assert "Nothing is proposed yet" in desk.page(f"{HOME}/order")
    stage.pass_time(DEADLINE - timedelta(days=1))
    first, second = meal_ids(stage)
    plates = stage.order().plates
    wanted = {first: "123", second: str(plates[second])}
    assert desk.post(f"{HOME}/order", {**wanted, "reason": ""}).status_code == 422
    assert desk.post(f"{HOME}/order", {**wanted, "reason": "A school class"}).status_code == 302
    stage.pass_time(DEADLINE)
    (order,) = stage.said(MealsOrdered)
    assert {meal.meal_id: meal.plates for meal in order.plates}[first] == 123
    assert len(stage.said(MealsProposed)) == 2


def test_after_the_deadline_changes_are_numbered_amendments(stage: Stage, desk: Desk) -> None:
    stage.sell(100)
    stage.pass_time(DEADLINE)
    first, second = meal_ids(stage)
    kept = str(stage.order().plates[second])
    same = {first: str(stage.order().plates[first]), second: kept, "reason": "no reason"}
    assert desk.post(f"{HOME}/order", same).status_code == 422
    assert desk.post(f"{HOME}/order", {first: "90", second: kept, "reason": "Strike"}).status_code == 302
    stage.settle()
    (amended,) = stage.said(MealsAmended)
    assert (amended.number, amended.reason) == (2, "Strike")
    page = desk.page(f"{HOME}/order")
    assert "Number 2 is ordered" in page and "Strike" in page


def test_what_staff_do_is_in_the_audit_trail_without_a_name(stage: Stage, desk: Desk) -> None:
    desk.post(
        f"{HOME}/caterer",
        {"name": "Kantine", "email": "k@example.org", "locale": "de", "deadline_at": "2027-06-05T12:00"},
    )
    stage.settle()
    topic = "catering.staff"
    places = stage.runtime.log.ends([topic])
    records = [r for place, end in places.items() if end for r in stage.runtime.log.read(place, 0, end)]
    assert records and all(b"Kantine" not in r.value and b"example.org" not in r.value for r in records)
    assert stage.order().deadline_at == datetime(2027, 6, 5, 10, tzinfo=UTC)
    assert StaffActed.__name__ == "StaffActed"


def test_the_caterer_sees_the_number_and_the_sheet_and_says_received(stage: Stage, desk: Desk, caterer: Desk) -> None:
    stage.sell(100)
    stage.pass_time(DEADLINE)
    path = link(stage)
    page = caterer.page(path)
    assert "Catering order no. 1" in page and "Lunch" in page and "Received" in page
    plates = str(next(iter(stage.order().plates.values())))
    assert plates in page
    assert caterer.post(f"{path}/received", {"number": "1"}, path).status_code == 302
    assert "Thank you: you confirmed number 1" in caterer.page(path)
    assert "The caterer received it on" in desk.page(HOME)
    pdf = caterer.get(f"{path}/sheet.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages)
    assert plates in text and "Catering order no. 1" in text
    csv = caterer.get(f"{path}/sheet.csv").data.decode("utf-8-sig").splitlines()
    assert csv[0] == "Meal;Date;Time;Plates"
    assert csv[1] == f"Lunch;2027-06-14;12:30;{plates}"
    assert caterer.get(f"{path}/sheet.exe").status_code == 404


def test_the_sheet_speaks_german_to_who_reads_german(stage: Stage, desk: Desk, caterer: Desk) -> None:
    stage.pass_time(DEADLINE)
    page = caterer.page(link(stage), headers={"Accept-Language": "de"})
    assert "Erhalten" in page and "Portionen" in page


def test_an_amendment_waits_for_its_own_received(stage: Stage, desk: Desk, caterer: Desk) -> None:
    stage.pass_time(DEADLINE)
    path = link(stage)
    with stage.database.transaction() as tx:
        kitchen.amend_order(tx, CONFERENCE, {meal_ids(stage)[0]: 5}, "Fewer")
    caterer.post(f"{path}/received", {"number": "1"}, path)
    page = caterer.page(path)
    assert "no. 2 (amended)" in page and "Fewer" in page
    assert "Thank you" not in page, "what was confirmed is the number that the page showed"


def test_a_link_that_is_not_ours_or_over_its_time_opens_nothing(stage: Stage, desk: Desk, caterer: Desk) -> None:
    stage.pass_time(DEADLINE)
    path = link(stage)
    assert caterer.get(path[:-3] + "abc").status_code == 401
    other = stage.runtime.signer("mail").sign({"order": stage.order().order_id}, DOORS)
    assert caterer.get(f"/catering/sheet/{other}").status_code == 401
    stage.pass_time(DOORS + sheets.READABLE_FOR)
    assert caterer.get(path).status_code == 401


def test_a_cell_is_never_a_formula() -> None:
    conference = Conference("c", "s", "n", "p", "UTC", 1, DAYS, DOORS, (), (), False, False)
    meals = tuple(SheetMeal("m", name, DOORS, 3, 0) for name in ("=1+1", "+1", "-1", "@x", " =1", "Tea"))
    sheet = Sheet("o", 1, DOORS, 1, Interval(1, 1, 1, 1, 1), meals, "")
    lines = sheets.as_csv(conference, sheet).decode("utf-8-sig").splitlines()[1:]
    assert [line.split(";")[0] for line in lines] == ["'=1+1", "'+1", "'-1", "'@x", "' =1", "Tea"]


def test_a_past_edition_is_imported_replaced_and_removed(stage: Stage, desk: Desk) -> None:
    csv = b"date,registered,later_cancelled\n2026-05-01,20,1\n2026-06-01,30,2\n"

    def send(name: str, content: bytes) -> Any:
        return desk.post("/catering/editions", {"name": name, "file": (io.BytesIO(content), "x.csv")})

    assert send("Searchlight 2026", csv).status_code == 302
    assert "Searchlight 2026" in desk.page("/catering/editions")
    assert "Searchlight 2026" in desk.page(f"{HOME}/learning")
    wrong = send("Searchlight 2025", csv.replace(b"30", b"many"))
    assert wrong.status_code == 422
    assert "Line 3, column registered" in wrong.get_data(as_text=True)
    assert send("Searchlight 2025", b"\xff\xfe").status_code == 422
    desk.post("/catering/editions/searchlight2026/removal", {}, "/catering/editions")
    assert "<td>Searchlight 2026" not in desk.page("/catering/editions")


def test_an_edition_that_is_not_ticked_is_not_learned_from(stage: Stage, desk: Desk) -> None:
    assert desk.post(f"{HOME}/learning", {"series": "Searchlight 2027", "used": ["gp21", "np21"]}).status_code == 302
    with stage.database.reading() as connection:
        plan = store.load_plan(connection, CONFERENCE)
    assert plan.series == "searchlight"
    assert set(plan.excluded_editions) == {"d19", "d21", "mse21", "srm22"}


def test_the_mail_fetches_the_order_with_link_and_sheets_and_finds_nobody_once_erased(stage: Stage, desk: Desk) -> None:
    stage.sell(50)
    stage.pass_time(DEADLINE)
    (ordered,) = stage.said(MealsOrdered)
    client = internal(stage)
    with pytest.raises(Gone):
        client.post("/mail", {"kind": "meal_order", "subject": ordered.order_id})
    desk.post(f"{HOME}/caterer", {"name": "Kantine", "email": "k@example.org", "locale": "de"})
    assert stage.order().caterer == ordered.caterer, "whoever is entered later is found by the mail that waits"
    letter = client.post("/mail", {"kind": "meal_order", "subject": ordered.order_id})
    assert letter["facts"]["number"] == "1"
    assert letter["facts"]["meals"][0] == {
        "name": "Lunch",
        "serves_at": "2027-06-14T10:30:00Z",
        "plates": str(ordered.plates[0].plates),
    }
    assert letter["links"]["sheet"].startswith(stage.runtime.settings.base_url + "/catering/sheet/")
    pdf, csv = letter["attachments"]
    assert pdf["content_type"] == "application/pdf" and base64.b64decode(pdf["base64"]).startswith(b"%PDF")
    assert "Portionen" in base64.b64decode(csv["base64"]).decode("utf-8-sig")
    bare = ordered.caterer.removeprefix("catering:")
    found = client.post("/people", {"ids": [bare, "per_none"]})["people"]
    assert found == {bare: {"name": "Kantine", "email": "k@example.org", "locale": "de"}, "per_none": None}
    client.post("/erase", {"ids": [bare]})
    assert client.post("/people", {"ids": [bare]})["people"] == {bare: None}
    with pytest.raises(Gone):
        client.post("/mail", {"kind": "meal_order", "subject": ordered.order_id})
    with pytest.raises(NotFound):
        client.post("/mail", {"kind": "meal_order", "subject": "meo_none"})


def test_a_rehearsal_reads_where_a_conference_stands(stage: Stage, desk: Desk) -> None:
    stage.sell(50)
    client = internal(stage)
    client.post(f"/conferences/{CONFERENCE}/plan", {"series": "d21", "excluded_editions": ["d21"]})
    stage.pass_time(DEADLINE)
    standing = client.get(f"/conferences/{CONFERENCE}")
    assert standing["headcount"] == 50
    assert standing["forecast"]["p05"] <= standing["forecast"]["p50"] <= standing["forecast"]["p95"]
    assert standing["order"]["status"] == "ordered"
    assert standing["meals"][0]["ordered_plates"] == stage.order().plates[meal_ids(stage)[0]]
    with stage.database.reading() as connection:
        assert store.load_plan(connection, CONFERENCE).series == "d"
        assert facts.load_conference(connection, CONFERENCE).name == "Searchlight 2027"
    with pytest.raises(NotFound):
        client.get("/conferences/con_none")
