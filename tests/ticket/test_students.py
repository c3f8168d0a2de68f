"""Students: an academic address confirms at once, else an id is seen at the door; who has none owes the difference."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.ticket.domain.student import MOVES, StudentCheck, check_of, move
from services.ticket.handlers import AttendeeWish
from services.ticket.handlers.students import refuse_student, see_student_id
from services.ticket.store import students
from services.ticket.store.tables import admissions
from shared.errors import Conflict, NotFound
from shared.events import StaffActed
from tests.ticket.stage import Held, Stage, euros
from tests.ticket.test_staff_pages import send, staff_browser


def order_of(stage: Stage, email: str, admission_type: str = "student") -> Held:
    return stage.order(attendees=(AttendeeWish("Ada", email, admission_type),))


def check_in_store(stage: Stage, order: Held) -> str:
    return str(stage.cell(sa.select(admissions.c.student_check).where(admissions.c.order_id == order.order_id)))


def admission_of(stage: Stage, order: Held) -> str:
    return str(stage.cell(sa.select(admissions.c.admission_id).where(admissions.c.order_id == order.order_id)))


@pytest.mark.parametrize(
    ("email", "check"),
    [
        ("ada@mit.edu", "domain"),
        ("ada@cs.ox.ac.uk", "domain"),
        ("ada@STUDENT.UNI-EXAMPLE.DE", "domain"),
        ("ada@uni-example.de", "domain"),
        ("ada@notuni-example.de", "door"),
        ("ada@uni-example.de.evil.org", "door"),
        ("ada@myedu", "door"),
        ("edu@example.org", "door"),
    ],
)
def test_only_an_academic_domain_or_one_below_it_confirms(email: str, check: str) -> None:
    assert check_of("student", email, ["uni-example.de"]) == check
    assert check_of("regular", email, ["uni-example.de"]) == ""


def test_the_organisers_own_domains_count_from_the_next_order_on(stage: Stage) -> None:
    before = order_of(stage, "ada@uni-example.de")
    browser, at = staff_browser(stage), f"/organise/{stage.conference.conference_id}/students"
    assert send(browser, at, {"domains": "no domain"}).status_code == 422
    assert send(browser, at, {"domains": "@Uni-Example.de\n.hs-example.org"}).status_code == 303
    after = order_of(stage, "bob@cs.uni-example.de")
    assert (check_in_store(stage, before), check_in_store(stage, after)) == ("door", "domain")
    assert [act.action for act in stage.said(StaffActed)] == ["academic_domains_changed"]
    assert "uni-example.de" in browser.get(at).get_data(as_text=True)
    assert staff_browser(stage, con_other=["organiser"]).get(at).status_code == 403


def test_an_id_that_was_seen_is_seen_once_and_others_have_nothing_to_show(stage: Stage) -> None:
    student, regular = order_of(stage, "ada@example.org"), order_of(stage, "bob@mit.edu", "regular")
    conference_id = stage.conference.conference_id
    with stage.database.transaction() as tx:
        see_student_id(tx, conference_id, admission_of(stage, student))
    assert check_in_store(stage, student) == "seen"
    for order in (student, regular):
        with pytest.raises(Conflict), stage.database.transaction() as tx:
            see_student_id(tx, conference_id, admission_of(stage, order))
    with pytest.raises(NotFound), stage.database.transaction() as tx:
        see_student_id(tx, "con_other", admission_of(stage, student))


def test_who_has_no_id_owes_the_difference_to_the_price_that_is_open_and_may_still_find_it(stage: Stage) -> None:
    order = order_of(stage, "ada@example.org")
    stage.pay(order)
    conference_id = stage.conference.conference_id
    with stage.database.transaction() as tx:
        assert refuse_student(tx, conference_id, admission_of(stage, order)) == euros(140)
    with stage.database.reading() as connection:
        assert students.counts_of(connection, conference_id) == {"difference_due": 1}
    with stage.database.transaction() as tx:
        see_student_id(tx, conference_id, admission_of(stage, order))
    assert check_in_store(stage, order) == "seen"


@pytest.mark.parametrize("now", list(StudentCheck))
@pytest.mark.parametrize("to", list(StudentCheck))
def test_a_check_moves_only_as_drawn(now: StudentCheck, to: StudentCheck) -> None:
    if to in MOVES[now]:
        assert move(now, to) is to
    else:
        with pytest.raises(Conflict):
            move(now, to)
