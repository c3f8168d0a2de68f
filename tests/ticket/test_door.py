"""The door: a ticket is let in once at each point, and whoever stands there sees one colour, one sentence, one question."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.ticket import dossier, keys
from services.ticket.domain.billing import Billing
from services.ticket.domain.conference import TierPlan, TypePlan
from services.ticket.domain.door import DOOR, QUESTIONS, Colour, Entry, Point, Reason, Shown, judge
from services.ticket.domain.student import StudentCheck
from services.ticket.handlers import AttendeeWish, Holder, cancel_order, open_conference, transfer_admission
from services.ticket.handlers.admitting import Scan, change_points, check_in, make_pass, undo_check_in
from services.ticket.store import check_ins, doors
from services.ticket.store.disputes import Dispute, record_dispute
from services.ticket.store.doors import DoorPass
from services.ticket.store.tables import admissions
from shared.errors import Conflict, Forbidden, InvalidInput, NotFound
from shared.events.ticketing import AdmissionCheckedIn, AdmissionCheckInUndone
from tests.ticket.stage import START, Held, Stage, euros, make_plan
from tests.ticket.test_holders import send, token
from tests.ticket.test_races import at_once
from tests.ticket.test_staff_pages import staff_browser

FIRST_DAY, SECOND_DAY = date(2027, 6, 7), date(2027, 6, 8)
MORNING = datetime.fromisoformat("2027-06-07T07:30:00+00:00")
BERLIN = "Europe/Berlin"


@pytest.fixture
def stage(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    """On either database."""
    plan = make_plan()
    second = TypePlan("second", "Second day", "Zweiter Tag", (TierPlan("Day", "Tag", 9900),), days=(SECOND_DAY,))
    made = Stage(tmp_path / "home", fresh_database_urls, plan=replace(plan, types=(*plan.types, second)))
    yield made
    assert made.problems() == []
    made.close()


@dataclass
class Door:
    """A helper with a device."""

    stage: Stage
    helper: DoorPass
    scans: int = 0

    def scan(self, admission_id: str, **facts: Any) -> Any:
        self.scans += 1
        made = Scan(facts.pop("scan_id", f"scan-{self.helper.name}-{self.scans}"), admission_id, **facts)
        with self.stage.database.transaction() as tx:
            return check_in(tx, self.helper, made)

    def colour(self, admission_id: str, **facts: Any) -> tuple[str, str]:
        verdict = self.scan(admission_id, **facts).verdict
        return str(verdict.colour), str(verdict.reason)

    def undo(self, admission_id: str, point: str = DOOR) -> None:
        with self.stage.database.transaction() as tx:
            undo_check_in(tx, self.helper, admission_id, point)

    def inside(self, point: str = DOOR) -> int:
        with self.stage.database.reading() as connection:
            return sum(check_ins.count_in(connection, self.helper.conference_id, point).values())


def door_at(stage: Stage, name: str = "Desk", points: tuple[str, ...] = ()) -> Door:
    with stage.database.transaction() as tx:
        ends = stage.conference.ends_at
        return Door(stage, make_pass(tx, stage.conference.conference_id, name, points, ends, "console:stf_1"))


@pytest.fixture
def door(stage: Stage) -> Door:
    return door_at(stage)


def sold(stage: Stage, *types: str, **changes: Any) -> list[str]:
    """Ids of the admissions of a paid order."""
    order = stage.order(*types, **changes)
    if order.placed.status == "held":
        stage.pay(order)
    return admissions_of(stage, order)


def admissions_of(stage: Stage, order: Held) -> list[str]:
    with stage.database.reading() as connection:
        rows = sa.select(admissions.c.admission_id).where(admissions.c.order_id == order.order_id)
        return list(connection.execute(rows.order_by(admissions.c.position)).scalars())


def open_doors(stage: Stage) -> None:
    stage.clock.advance_to(MORNING)


# The verdict


def shown(**changes: Any) -> Shown:
    facts: dict[str, Any] = {
        "conference_id": "con_1",
        "is_current": True,
        "is_paid": True,
        "is_cancelled": False,
        "days": (FIRST_DAY, SECOND_DAY),
        "has_name": True,
        "student_check": StudentCheck.NONE,
        "is_disputed": False,
    }
    return Shown(**{**facts, **changes})


def verdict(ticket: Shown | None, earlier: Entry | None = None, at: datetime = MORNING, **more: Any) -> Any:
    return judge(ticket, "con_1", (FIRST_DAY, SECOND_DAY), BERLIN, at, earlier, **more)


ALL_WRONG: dict[str, Any] = {
    "conference_id": "con_2",
    "is_current": False,
    "is_cancelled": True,
    "is_paid": False,
    "days": (SECOND_DAY,),
}
ORDER = [
    ({}, Reason.ELSEWHERE),
    ({"conference_id": "con_1"}, Reason.PASSED_ON),
    ({"is_current": True}, Reason.CANCELLED),
    ({"is_cancelled": False}, Reason.UNPAID),
    ({"is_paid": True}, Reason.WRONG_DAY),
    ({"days": (FIRST_DAY,)}, Reason.DOUBLED),
]


def test_the_first_reason_that_holds_is_the_one_that_is_said() -> None:
    assert verdict(None).reason is Reason.FORGED
    facts, entry = dict(ALL_WRONG), Entry(MORNING, "Ada")
    for mended, reason in ORDER:
        facts |= mended
        assert verdict(shown(**facts), entry).reason is reason
        assert verdict(shown(**facts), entry).colour is Colour.RED
    assert verdict(shown(**facts)).colour is Colour.GREEN


def test_questions_are_asked_one_at_a_time_until_none_is_left() -> None:
    ticket = shown(student_check=StudentCheck.DOOR, has_name=False, is_disputed=True)
    asked: list[Reason] = []
    while (now := verdict(ticket, answered=asked)).colour is Colour.AMBER:
        asked.append(now.reason)
    assert asked == [Reason.STUDENT_ID, Reason.NAME_MISSING, Reason.DISPUTED]
    assert set(asked) < set(QUESTIONS) and now.colour is Colour.GREEN


def test_outside_the_conference_no_day_is_wrong() -> None:
    evening_before = datetime.fromisoformat("2027-06-06T17:00:00+00:00")
    assert verdict(shown(days=(SECOND_DAY,)), at=evening_before).colour is Colour.GREEN
    assert verdict(shown(days=(SECOND_DAY,)), at=MORNING).reason is Reason.WRONG_DAY


def test_the_day_is_the_one_of_the_place() -> None:
    just_after_midnight_there = datetime.fromisoformat("2027-06-07T22:10:00+00:00")
    assert verdict(shown(days=(SECOND_DAY,)), at=just_after_midnight_there).colour is Colour.GREEN


# Scans


def test_a_ticket_is_let_in_once_and_its_second_scan_says_when_and_by_whom(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    open_doors(stage)
    assert door.colour(ticket) == ("green", "")
    again = door_at(stage, "Side").scan(ticket)
    assert (again.verdict.colour, again.verdict.reason) == (Colour.RED, Reason.DOUBLED)
    assert again.verdict.earlier == Entry(MORNING, "Desk")
    (event,) = stage.said(AdmissionCheckedIn)
    assert (event.admission_id, event.checked_in_at, event.point) == (ticket, MORNING, DOOR)
    assert door.inside() == 1


def test_the_same_scan_sent_twice_is_one_scan(stage: Stage, door: Door) -> None:
    (ticket, other) = sold(stage, "regular", "regular")
    assert door.colour(ticket, scan_id="scan-0001") == ("green", "")
    assert door.colour(ticket, scan_id="scan-0001") == ("green", "")
    assert len(stage.said(AdmissionCheckedIn)) == 1
    with pytest.raises(Conflict):
        door.scan(other, scan_id="scan-0001")


def test_two_devices_at_once_let_one_ticket_in_once(stage: Stage) -> None:
    (ticket,) = sold(stage)
    desks = [door_at(stage, f"Desk {n}") for n in range(6)]
    got = at_once(6, lambda n: desks[n].colour(ticket))
    assert sorted(str(each) for each in got).count("('green', '')") == 1
    assert desks[0].inside() == 1 and len(stage.said(AdmissionCheckedIn)) == 1


def test_each_point_lets_a_ticket_in_once(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    with stage.database.transaction() as tx:
        change_points(tx, stage.conference.conference_id, [Point("evening", "Evening")])
    assert door.colour(ticket) == ("green", "")
    assert door.colour(ticket, point="evening") == ("green", "")
    assert door.colour(ticket, point="evening") == ("red", "doubled")
    with pytest.raises(NotFound):
        door.scan(ticket, point="sauna")
    with pytest.raises(Forbidden):
        door_at(stage, "Evening desk", ("evening",)).scan(ticket)


def test_what_was_undone_can_be_let_in_again(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    assert door.colour(ticket) == ("green", "")
    door.undo(ticket)
    assert door.inside() == 0
    assert [each.point for each in stage.said(AdmissionCheckInUndone)] == [DOOR]
    with pytest.raises(Conflict):
        door.undo(ticket)
    assert door.colour(ticket) == ("green", "")


def test_cancelled_unpaid_and_wrong_day_are_red(stage: Stage, door: Door) -> None:
    order = stage.order("regular")
    (held,) = admissions_of(stage, order)
    assert door.colour(held) == ("red", "unpaid")
    stage.pay(order)
    cancel_order(stage.database, order.order_id)
    assert door.colour(held) == ("red", "cancelled")
    (second,) = sold(stage, "second")
    open_doors(stage)
    assert door.colour(second) == ("red", "wrong_day")
    assert door.inside() == 0


def test_a_ticket_that_was_passed_on_is_red_and_the_new_one_green(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    with stage.database.transaction() as tx:
        transfer_admission(tx, ticket, Holder("Grace Hopper", "grace@example.org", "en"))
    assert door.colour(ticket, generation=0) == ("red", "passed_on")
    assert door.colour(ticket, generation=1) == ("green", "")


def test_another_conferences_ticket_is_red_and_tells_nothing(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    with stage.database.transaction() as tx:
        other = open_conference(tx, make_plan(slug="elsewhere", name="Elsewhere"))
        helper = make_pass(tx, other.conference_id, "There", (), other.ends_at, "console:stf_1")
    judged = Door(stage, helper).scan(ticket)
    assert (judged.verdict.reason, judged.ticket) == (Reason.ELSEWHERE, None)
    with pytest.raises(NotFound):
        Door(stage, helper).undo(ticket)


def test_a_student_shows_an_id_or_owes_the_difference(stage: Stage, door: Door) -> None:
    one, two = sold(stage, "student", "student")
    assert door.colour(one) == ("amber", "student_id")
    assert door.colour(one, answers={"student_id": "seen"}) == ("green", "")
    refused = door.scan(two, answers={"student_id": "none"})
    assert (refused.verdict.reason, refused.due) == (Reason.DIFFERENCE_DUE, euros(199 - 59))
    assert door.colour(two, answers={"student_id": "seen"}) == ("green", "")
    with pytest.raises(InvalidInput):
        door.scan(sold(stage, "student")[0], answers={"student_id": "perhaps"})


def test_a_missing_name_is_asked_for_and_kept(stage: Stage, door: Door) -> None:
    guests = (AttendeeWish("Ada", "ada@example.org", "regular"), AttendeeWish("", "", "regular"))
    company = Billing(company="Beispiel GmbH", address=("Weg 1",), postcode="10115", city="Berlin", country="DE")
    _, nameless = sold(stage, attendees=guests, billing=company)
    assert door.colour(nameless) == ("amber", "name_missing")
    judged = door.scan(nameless, answers={"name_missing": "Katherine Johnson"})
    assert (judged.verdict.colour, judged.ticket.name) == (Colour.GREEN, "Katherine Johnson")


def test_a_disputed_payment_is_a_question_and_no_refusal(stage: Stage, door: Door) -> None:
    order = stage.order()
    stage.pay(order)
    (ticket,) = admissions_of(stage, order)
    with stage.database.transaction() as tx:
        facts = ("dp_1", "pay_1", order.order_id, stage.conference.conference_id, euros(199), tx.now)
        record_dispute(tx, Dispute(*facts))
    assert door.colour(ticket) == ("amber", "disputed")
    assert door.colour(ticket, answers={"disputed": "admit"}) == ("green", "")


def test_what_two_devices_let_in_without_network_is_shown_with_both_times(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    open_doors(stage)
    first, second = MORNING + timedelta(minutes=3), MORNING + timedelta(minutes=9)
    stage.clock.advance_to(MORNING + timedelta(minutes=50))
    side = door_at(stage, "Side")
    assert door.colour(ticket, scanned_at=first, let_in=True) == ("green", "")
    merged = side.scan(ticket, scanned_at=second, let_in=True)
    assert merged.verdict.earlier == Entry(first, "Desk")
    assert (merged.verdict.reason, merged.at) == (Reason.DOUBLED, second)
    with stage.database.reading() as connection:
        rows = check_ins.doubled_since(connection, stage.conference.conference_id, DOOR, MORNING)
    assert [(row.admission_id, row.scanned_at, row.name) for row in rows] == [(ticket, second, "Side")]
    assert door.inside() == 1


def test_a_device_that_lost_the_answer_and_let_somebody_in_is_believed(stage: Stage, door: Door) -> None:
    ticket, student = sold(stage, "regular", "student")
    open_doors(stage)
    door_at(stage, "Side").scan(ticket)
    lost = {"scan_id": "scan-lost-1", "scanned_at": MORNING + timedelta(minutes=2)}
    assert door.colour(ticket, **lost) == ("red", "doubled")
    for _ in range(2):
        assert door.scan(ticket, let_in=True, **lost).scan_id == "scan-lost-1"
    with stage.database.reading() as connection:
        rows = check_ins.doubled_since(connection, stage.conference.conference_id, DOOR, MORNING)
    assert [(row.admission_id, row.name) for row in rows] == [(ticket, "Desk")]
    lost["scan_id"] = "scan-lost-2"
    assert door.colour(student, **lost) == ("amber", "student_id")
    assert door.colour(student, let_in=True, answers={"student_id": "seen"}, **lost) == ("green", "")
    assert door.inside() == 2


def test_a_device_with_a_wrong_clock_is_entered_by_ours(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    assert door.scan(ticket, scanned_at=START + timedelta(days=400)).at == stage.clock.now()


# Passes, pages, API


def entered(stage: Stage, name: str = "Ada at the door") -> tuple[FlaskClient, str]:
    """A phone that scanned a helper's pass, and the pass."""
    at = f"/organise/{stage.conference.conference_id}/door"
    status, page = send(staff_browser(stage), at, f"{at}/passes", name=name, until="2027-06-08")
    found = re.search(r"/door/enter/([A-Za-z0-9_.-]+)", page)
    assert status == 200 and found, page
    phone = stage.browser()
    assert phone.get(f"/door/enter/{found[1]}").status_code == 303
    return phone, found[1]


def scan_page(phone: FlaskClient, text: str = "", **form: str) -> tuple[int, str]:
    page = phone.get("/door/").get_data(as_text=True)
    answer = phone.post("/door/scan", data={"csrf_token": token(page), "text": text, "point": "door", **form})
    return answer.status_code, answer.get_data(as_text=True)


def code_of(stage: Stage, admission_id: str) -> str:
    return keys.code_of(stage.app.extensions["ticket"], admission_id, generation=0)


def test_a_helper_scans_a_code_and_undoes_it(stage: Stage) -> None:
    (ticket,) = sold(stage)
    phone, _ = entered(stage)
    _, page = scan_page(phone, f"http://localhost/admissions/{code_of(stage, ticket)}")
    assert "Come in" in page and "Guest 1" in page and 'class="verdict green"' in page
    assert re.search(r'class="figure">1 <small>of 1 are in', page)
    done = phone.post("/door/undo", data={"csrf_token": token(page), "admission_id": ticket, "point": "door"})
    assert "Undone" in done.get_data(as_text=True)
    _, page = scan_page(phone, code_of(stage, ticket)[:-3] + "abc")
    assert "This code is not ours" in page and 'role="alert"' in page


def test_a_name_is_looked_up_and_checked_in_by_its_button(stage: Stage) -> None:
    (ticket,) = sold(stage)
    phone, _ = entered(stage)
    _, page = scan_page(phone, "guest")
    assert f'value="{ticket}"' in page and "Who is it?" in page
    _, page = scan_page(phone, admission_id=ticket)
    assert "Come in" in page
    _, page = scan_page(phone, "GUEST 1")
    assert "in since" in page and f'value="{ticket}"' not in page
    assert "Nobody of that name" in scan_page(phone, "100% nobody")[1]


def test_the_phones_own_camera_leads_a_helper_to_the_door_and_others_to_the_ticket(stage: Stage) -> None:
    (ticket,) = sold(stage)
    phone, _ = entered(stage)
    at = f"/admissions/{code_of(stage, ticket)}"
    assert phone.get(at).headers["Location"].startswith("/door/?code=")
    assert code_of(stage, ticket) in phone.get(at, follow_redirects=True).get_data(as_text=True)
    assert stage.browser().get(at).status_code == 200


def test_a_revoked_pass_opens_nothing_any_more(stage: Stage) -> None:
    phone, passed = entered(stage)
    with stage.database.reading() as connection:
        (made,) = doors.passes_of(connection, stage.conference.conference_id)
    at = f"/organise/{stage.conference.conference_id}/door"
    send(staff_browser(stage), at, f"{at}/passes/{made.pass_id}/revoke")
    assert phone.get("/door/").status_code == 401
    assert stage.browser().get(f"/door/enter/{passed}").status_code == 401
    bearer = {"Authorization": f"Bearer {passed}"}
    assert stage.browser().get("/api/v1/door/count", headers=bearer).status_code == 401
    assert stage.browser().get("/door/enter/no-pass-of-ours-at-all").status_code == 401


def test_a_pass_ends_with_its_last_day(stage: Stage) -> None:
    phone, _ = entered(stage)
    stage.clock.advance_to(datetime.fromisoformat("2027-06-08T21:59:00+00:00"))
    assert phone.get("/door/").status_code == 200
    stage.clock.advance_to(datetime.fromisoformat("2027-06-08T22:00:00+00:00"))
    assert phone.get("/door/").status_code == 401


def test_only_organisers_make_passes_and_check_in_staff_open_the_door_for_themselves(stage: Stage) -> None:
    at = f"/organise/{stage.conference.conference_id}/door"
    staff = staff_browser(stage, **{stage.conference.conference_id: ["check_in"]})
    status, page = send(staff, at, f"{at}/open")
    assert status == 200 and "Code or name" in page
    assert send(staff, at, f"{at}/passes", name="Eve", until="2027-06-08")[0] == 403
    assert staff_browser(stage, con_other=["check_in"]).get(at).status_code == 403


def test_the_api_judges_counts_finds_and_undoes(stage: Stage) -> None:
    (ticket,) = sold(stage)
    _, passed = entered(stage)
    client, bearer = stage.browser(), {"Authorization": f"Bearer {passed}"}
    scan = {"scan_id": "device-1-0001", "code": code_of(stage, ticket)}
    made = client.post("/api/v1/door/scans", json=scan, headers=bearer).get_json()
    assert (made["colour"], made["admission"]["name"], made["sentence"]) == ("green", "Guest 1", "Welcome.")
    assert client.post("/api/v1/door/scans", json=scan, headers=bearer).get_json() == made
    assert client.get("/api/v1/door/count", headers=bearer).get_json()["checked_in"] == 1
    (found,) = client.get("/api/v1/door/guests?search=guest", headers=bearer).get_json()["items"]
    assert found["checked_in_at"] and found["reference"]
    batch = {"scans": [{"scan_id": "device-2-0001", "code": code_of(stage, ticket), "let_in": True}]}
    (second,) = client.post("/api/v1/door/scans/batch", json=batch, headers=bearer).get_json()["verdicts"]
    assert (second["reason"], second["earlier"]["by"]) == ("doubled", "Ada at the door")
    assert client.post("/api/v1/door/undo", json={"admission_id": ticket}, headers=bearer).status_code == 200
    assert client.post("/api/v1/door/scans", json=scan).status_code == 401
    both = {**scan, "admission_id": ticket}
    assert client.post("/api/v1/door/scans", json=both, headers=bearer).status_code == 422


def test_the_list_for_an_hour_without_network_knows_codes_by_their_hash_alone(stage: Stage) -> None:
    one, two = sold(stage, "regular", "student")
    _, passed = entered(stage)
    answer = stage.browser().get("/api/v1/door/list", headers={"Authorization": f"Bearer {passed}"})
    made = answer.get_json()
    by_id = {each["admission_id"]: each for each in made["items"]}
    assert by_id[one]["question"] == "" and by_id[two]["question"] == "student_id"
    hashed = hashlib.sha256((made["salt"] + code_of(stage, one)).encode()).hexdigest()
    assert by_id[one]["code_hash"] == hashed
    text = answer.get_data(as_text=True)
    assert code_of(stage, one) not in text and "@example.org" not in text


def test_the_server_reads_a_code_out_of_a_grey_picture(stage: Stage) -> None:
    _, passed = entered(stage)
    rows = [list(row) for row in segno.make("https://x.example/admissions/abc", error="m").matrix_iter(4, 4)]
    picture = bytes(0 if dark else 255 for row in rows for dark in row)
    at = f"/api/v1/door/frame?width={len(rows[0])}&height={len(rows)}"
    client, bearer = stage.browser(), {"Authorization": f"Bearer {passed}"}
    assert client.post(at, data=picture, headers=bearer).get_json() == {"code": "https://x.example/admissions/abc"}
    assert client.post(at, data=bytes(len(picture)), headers=bearer).get_json() == {"code": None}
    assert client.post(at, data=picture[:-1], headers=bearer).status_code == 422
    assert client.post("/api/v1/door/frame?width=1280&height=1280", headers=bearer).status_code == 422


def test_a_new_point_keeps_what_was_scanned_and_needs_a_name_of_its_own(stage: Stage) -> None:
    at, browser = f"/organise/{stage.conference.conference_id}/door", staff_browser(stage)
    assert send(browser, at, f"{at}/points", names="Social evening\nSauna")[0] == 200
    phone, _ = entered(stage)
    page = phone.get("/door/?point=social-evening").get_data(as_text=True)
    assert "Social evening" in page and "Sauna" in page
    assert send(browser, at, f"{at}/points", names="Door")[0] == 422


def test_who_has_no_ticket_is_shown_the_shop_at_the_price_that_is_open(stage: Stage) -> None:
    phone, _ = entered(stage)
    page = phone.get("/door/sale").get_data(as_text=True)
    assert "€199" in page and "20 left" in page and "http://localhost/searchlight/" in page
    assert stage.browser().get("/door/sale").status_code == 403


def test_ones_own_data_says_when_one_was_let_in(stage: Stage, door: Door) -> None:
    (ticket,) = sold(stage)
    open_doors(stage)
    door.scan(ticket)
    with stage.database.reading() as connection:
        attendee = str(connection.execute(sa.select(admissions.c.attendee)).scalar_one())
        known = dossier.of_person(connection, attendee).as_json()
    assert known["tickets"][0]["scans"] == [{"point": "door", "at": MORNING.isoformat(), "let_in": True}]
