"""What holders do themselves: open their page, correct a name, pass a ticket on, have it mailed again, find a lost link."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from icalendar import Calendar

from services.ticket import mail
from services.ticket.app import create_app
from services.ticket.domain.student import StudentCheck
from services.ticket.handlers import cancel_order, change_conference
from services.ticket.handlers.holders import LINKS_PER_ADDRESS, LINKS_PER_CLIENT, REMEMBERED_AFTER_TRANSFER
from services.ticket.keys import admission_link, holder_link
from services.ticket.store import orders
from services.ticket.store.students import save_check
from services.ticket.store.tables import admissions
from services.ticket.web import Desk
from shared.errors import Gone
from shared.events import PersonErased
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionIssued,
    AdmissionTransferred,
    LinksRequested,
    TicketRequested,
)
from shared.internal import wsgi_transport
from tests.ticket.stage import Held, Stage

TO = {"name": "Noor Haddad", "email": "noor@example.org", "locale": "de"}


@pytest.fixture
def paid(stage: Stage) -> Held:
    order = stage.order("regular", "regular")
    stage.pay(order)
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return order


def desk_of(stage: Stage) -> Desk:
    desk = stage.internal.extensions["ticket"]
    assert isinstance(desk, Desk)
    return desk


def seat(stage: Stage, order: Held, number: int = 0) -> orders.Admission:
    with stage.database.reading() as connection:
        return orders.load_order(connection, order.order_id).admissions[number]


def address(link: str) -> str:
    return link.removeprefix("http://localhost")


def holder(stage: Stage, order: Held, number: int = 0) -> tuple[FlaskClient, str]:
    """A browser in which the holder's link was opened, and the page's address."""
    browser, admission = stage.browser(), seat(stage, order, number)
    answer = browser.get(address(holder_link(desk_of(stage), admission)))
    assert answer.status_code == 303
    return browser, f"/tickets/{admission.admission_id}"


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def send(browser: FlaskClient, form_at: str, to: str = "", **values: str) -> tuple[int, str]:
    """Fill in the form of a page as a browser does; the page that comes after it."""
    page = browser.get(form_at).get_data(as_text=True)
    answer = browser.post(to or form_at, data={"csrf_token": token(page), **values}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def entry(content: bytes | str) -> Calendar:
    found = Calendar.from_ical(content)
    assert isinstance(found, Calendar)
    return found


def test_a_holders_link_becomes_a_cookie_and_is_kept_in_no_address(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    page = browser.get(path)
    assert page.status_code == 200
    secret = holder_link(desk_of(stage), seat(stage, paid)).partition("key=")[2]
    assert len(base64.urlsafe_b64decode(secret + "==")) == 16, "128 bits"
    assert secret not in page.get_data(as_text=True)
    (cookie,) = [
        each for each in stage.browser().get(f"{path}?key={secret}").headers.getlist("Set-Cookie") if secret in each
    ]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_over_https_both_keys_become_cookies_that_are_bound_to_this_host(stage: Stage, paid: Held) -> None:
    secure = replace(stage.runtime, settings=replace(stage.runtime.settings, base_url="https://tickets.example.org"))
    browser = create_app(secure, stage.context.payments).test_client()
    admission = seat(stage, paid)
    key = holder_link(desk_of(stage), admission).partition("key=")[2]
    for path in (f"/orders/{paid.reference}?key={paid.secret}", f"/tickets/{admission.admission_id}?key={key}"):
        answer = browser.get(path, base_url="https://tickets.example.org")
        assert "key=" not in answer.headers["Location"]
        [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("__Host-")]
        assert "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie and "Domain" not in cookie
        page = browser.get(answer.headers["Location"], base_url="https://tickets.example.org")
        assert page.status_code == 200 and page.headers["Referrer-Policy"] == "same-origin"


def test_one_browser_holds_the_links_of_several_orders_and_tickets(stage: Stage, paid: Held) -> None:
    other = stage.order(email="second@example.org")
    stage.pay(other)
    browser = stage.browser()
    for order in (paid, other):
        browser.get(f"/orders/{order.reference}?key={order.secret}")
    for number in (0, 1):
        browser.get(address(holder_link(desk_of(stage), seat(stage, paid, number))))
    for order in (paid, other):
        assert browser.get(f"/orders/{order.reference}").status_code == 200
        assert browser.get(f"/tickets/{seat(stage, order).admission_id}").status_code == 200


def test_nobody_opens_anothers_ticket_and_learns_nothing_from_trying(stage: Stage, paid: Held) -> None:
    stranger, (mine, path) = stage.browser(), holder(stage, paid)
    other = f"/tickets/{seat(stage, paid, 1).admission_id}"
    for browser in (stranger, mine):
        for rest in ("", "/name", "/transfer", "/ticket.pdf", "/conference.ics"):
            assert browser.get(other + rest).status_code == 403
    wrong = stranger.get(f"{path}?key=wrong")
    unknown = stranger.get("/tickets/adm_unknown?key=wrong")
    assert wrong.status_code == unknown.status_code == 404
    text = (wrong.get_data(as_text=True), unknown.get_data(as_text=True))
    assert "There is no such ticket, or the link" in text[0] and "There is no such ticket, or the link" in text[1]


def test_the_code_on_a_ticket_is_no_key_to_it(stage: Stage, paid: Held) -> None:
    code = address(admission_link(desk_of(stage), seat(stage, paid)))
    browser = stage.browser()
    assert browser.get(code).status_code == 200
    assert browser.get(f"/tickets/{seat(stage, paid).admission_id}").status_code == 403
    assert browser.get(f"/tickets/{seat(stage, paid).admission_id}?key={code.rsplit('/', 1)[1]}").status_code == 404


def test_a_corrected_name_stands_on_page_and_ticket_and_its_code_stays_valid(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    code = address(admission_link(desk_of(stage), seat(stage, paid)))
    status, page = send(browser, f"{path}/name", name="Zoë Ünal")
    assert status == 200 and "Zoë Ünal" in page and "The name is corrected" in page
    assert "Zoë Ünal" in browser.get(code).get_data(as_text=True)
    assert browser.get(f"{path}/ticket.pdf").data.startswith(b"%PDF-")
    assert browser.get(f"{path}/ticket.pdf?format=phone").data.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "name", ["عبد الله بن محمد", "שרה כהן", "Ada 👩🏽‍💻 Lovelace", "李小龍", "O'Brien-<b>Łukasz</b>", "x" * 200]
)
def test_names_of_all_kinds_are_kept_as_they_are_written(stage: Stage, paid: Held, name: str) -> None:
    browser, path = holder(stage, paid)
    status, _page = send(browser, f"{path}/name", name=name)
    assert status == 200
    with stage.database.reading() as connection:
        assert name in [each.name for each in orders.people_of(connection, paid.order_id).values()]
    assert "<b>Łukasz" not in browser.get(path).get_data(as_text=True)
    assert browser.get(f"{path}/ticket.pdf").data.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 10_000, "At most 200 characters"),
        ("", "Please fill this in"),
        ("Ada\u202ecilbup", "characters that cannot be read"),
        ("Ada\x07", "characters that cannot be read"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_what_was_typed_is_kept(
    stage: Stage, paid: Held, name: str, why: str
) -> None:
    browser, path = holder(stage, paid)
    status, page = send(browser, f"{path}/name", name=name)
    assert status == 422 and why in page and name in page
    assert "Guest 1" in browser.get(path).get_data(as_text=True)


def test_a_ticket_that_is_passed_on_is_the_new_holders_alone(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    old = seat(stage, paid)
    old_code = address(admission_link(desk_of(stage), old))
    status, page = send(browser, f"{path}/transfer", **TO)
    assert status == 200 and "The ticket is passed on" in page
    assert browser.get(path).status_code == 403, "the old link is dead"
    assert stage.browser().get(address(holder_link(desk_of(stage), old))).status_code == 404
    assert stage.browser().get(old_code).status_code == 410, "so is the old code"
    new, new_path = holder(stage, paid)
    page = new.get(new_path).get_data(as_text=True)
    assert "Noor Haddad" in page and "noor@example.org" in page and "guest1@example.org" not in page
    (told,) = stage.said(AdmissionTransferred)
    assert told.previous_attendee == f"ticket:{old.attendee}" and "Noor" not in str(told)
    letter = mail.KINDS["admission"](desk_of(stage), old.admission_id)
    assert letter["facts"]["attendee"] == "Noor Haddad"


def test_who_passed_a_ticket_on_is_told_and_forgotten_after_two_weeks(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    old = seat(stage, paid)
    send(browser, f"{path}/transfer", **TO)
    letter = mail.KINDS["passed_on"](desk_of(stage), old.attendee)
    calendar = entry(base64.b64decode(letter["attachments"][0]["base64"]))
    assert calendar["METHOD"] == "CANCEL"
    assert "Noor" not in str(letter), "nobody is told who has it now"
    stage.wait(days=REMEMBERED_AFTER_TRANSFER.days)
    assert [each.person for each in stage.said(PersonErased)] == [f"ticket:{old.attendee}"]
    with pytest.raises(Gone):
        mail.KINDS["passed_on"](desk_of(stage), old.attendee)


def test_the_buyer_passes_on_any_ticket_of_the_order_from_its_page(stage: Stage, paid: Held) -> None:
    browser = stage.browser()
    browser.get(f"/orders/{paid.reference}?key={paid.secret}")
    path = f"/tickets/{seat(stage, paid, 1).admission_id}"
    assert path in browser.get(f"/orders/{paid.reference}").get_data(as_text=True)
    status, page = send(browser, f"{path}/transfer", **TO)
    assert status == 200 and "Noor Haddad" in page, "the buyer still sees it"


def test_a_ticket_without_a_valid_address_is_not_passed_on(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    status, page = send(browser, f"{path}/transfer", **{**TO, "email": "nowhere"})
    assert status == 422 and "This is no e-mail address" in page and "Noor Haddad" in page
    assert stage.said(AdmissionTransferred) == []


def student_check(stage: Stage, order: Held) -> str:
    return str(stage.cell(sa.select(admissions.c.student_check).where(admissions.c.order_id == order.order_id)))


@pytest.mark.parametrize(("email", "check"), [("noor@cs.example.edu", "domain"), ("noor@example.org", "door")])
def test_a_students_ticket_goes_to_a_student_or_is_checked_at_the_door(stage: Stage, email: str, check: str) -> None:
    order = stage.order("student")
    stage.pay(order)
    with stage.database.transaction() as tx:
        save_check(tx, seat(stage, order).admission_id, StudentCheck.SEEN)
    browser, path = holder(stage, order)
    assert "shows a student id at the door" in browser.get(f"{path}/transfer").get_data(as_text=True)
    assert send(browser, f"{path}/transfer", **{**TO, "email": email})[0] == 200
    assert student_check(stage, order) == check, "what was seen of the one before counts for nothing"


def test_a_students_ticket_whose_difference_is_paid_goes_to_anybody(stage: Stage) -> None:
    order = stage.order("student")
    stage.pay(order)
    with stage.database.transaction() as tx:
        save_check(tx, seat(stage, order).admission_id, StudentCheck.DIFFERENCE_PAID)
    browser, path = holder(stage, order)
    assert send(browser, f"{path}/transfer", **TO)[0] == 200
    assert student_check(stage, order) == "difference_paid"


def test_a_ticket_is_mailed_again_and_not_without_end(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    for _ in range(3):
        status, page = send(browser, f"{path}/name", f"{path}/resend")
        assert status == 200 and "on its way" in page
    status, page = send(browser, f"{path}/name", f"{path}/resend")
    assert status == 429 and "spam folder" in page
    assert len(stage.said(TicketRequested)) == 3
    stage.wait(days=1)
    assert send(browser, f"{path}/name", f"{path}/resend")[0] == 200


def test_nothing_changes_about_a_cancelled_ticket_or_after_the_conference(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    stage.clock.advance_to(stage.conference.ends_at)
    status, page = send(browser, f"{path}/transfer", **TO)
    assert status == 409 and "The conference is over" in page and "noor@example.org" in page
    other = stage.order(email="second@example.org")
    assert stage.browser().get(address(holder_link(desk_of(stage), seat(stage, other)))).status_code == 303
    mine, its = holder(stage, other)
    assert "not valid yet" in mine.get(its).get_data(as_text=True)
    assert mine.get(f"{its}/ticket.pdf").status_code == 410
    assert send(mine, f"{its}/name", name="New")[0] == 422


def test_the_calendar_follows_the_conference_and_a_cancelled_ticket_leaves_it(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    first = entry(browser.get(f"{path}/conference.ics").data)
    assert first["METHOD"] == "PUBLISH" and [int(e["SEQUENCE"]) for e in first.walk("VEVENT")] == [0, 0]
    with stage.database.transaction() as tx:
        change_conference(tx, stage.conference.conference_id, place="Alte Münze, Berlin")
    stage.settle()
    told = stage.said(AdmissionChanged)
    assert {each.attendee for each in told} == {f"ticket:{seat(stage, paid, n).attendee}" for n in (0, 1)}
    second = entry(browser.get(f"{path}/conference.ics").data)
    for before, after in zip(first.walk("VEVENT"), second.walk("VEVENT"), strict=True):
        assert before["UID"] == after["UID"] and int(after["SEQUENCE"]) == 1
        assert after["LOCATION"] == "Alte Münze, Berlin" and after["STATUS"] == "CONFIRMED"
    cancel_order(stage.database, paid.order_id)
    stage.settle()
    assert {each.attendee for each in stage.said(AdmissionCancelled)} == {each.attendee for each in told}
    letter = mail.KINDS["void_admission"](desk_of(stage), seat(stage, paid).admission_id)
    last = entry(base64.b64decode(letter["attachments"][0]["base64"]))
    assert last["METHOD"] == "CANCEL"
    for before, after in zip(first.walk("VEVENT"), last.walk("VEVENT"), strict=True):
        assert before["UID"] == after["UID"] and int(after["SEQUENCE"]) == 2 and after["STATUS"] == "CANCELLED"


def test_a_day_that_falls_away_is_cancelled_in_calendars(stage: Stage) -> None:
    before = stage.conference
    before.days = (date(2027, 6, 7), date(2027, 6, 8))
    shorter = replace(before, days=before.days[:1]).revised(before)
    assert (shorter.revision, shorter.most_days) == (1, 2)
    assert replace(shorter, capacity=5).revised(shorter) == replace(shorter, capacity=5), "no calendar shows that"


def test_a_change_that_no_calendar_shows_is_told_to_nobody(stage: Stage, paid: Held) -> None:
    with stage.database.transaction() as tx:
        change_conference(tx, stage.conference.conference_id, capacity=30)
    stage.settle()
    assert stage.said(AdmissionChanged) == []


def test_a_lost_link_is_mailed_to_who_is_known_and_the_page_says_the_same_to_everybody(
    stage: Stage, paid: Held
) -> None:
    browser = stage.browser()
    answers = [
        send(browser, "/searchlight/lost-link", email=email)
        for email in ("Guest1@Example.org", "stranger@example.org", "buyer@example.org")
    ]
    assert len({re.sub(r'value="[^"]*"', "", page) for _status, page in answers}) == 1
    assert "If we know this address" in answers[0][1] and "Guest1" not in answers[0][1]
    assert stage.said(LinksRequested) == [], "what is known is found out later, by the worker"
    stage.settle()
    asked = stage.said(LinksRequested)
    assert len(asked) == 2 and "@" not in str(asked)
    listed = [mail.KINDS["links"](desk_of(stage), each.person.partition(":")[2])["facts"]["listed"] for each in asked]
    assert sorted(len(each) for each in listed) == [1, 1], "to each address its own, and nobody else's"
    links = {each[0]["kind"]: each[0]["link"] for each in listed}
    assert links["ticket"] == holder_link(desk_of(stage), seat(stage, paid))
    assert stage.browser().get(address(links["order"])).status_code == 303


def test_lost_links_are_not_asked_for_without_end(stage: Stage, paid: Held) -> None:
    browser = stage.browser()
    for _ in range(LINKS_PER_ADDRESS + 2):
        status, page = send(browser, "/searchlight/lost-link", email="guest1@example.org")
        assert status == 200 and "If we know this address" in page, "who asks for another is told nothing"
    stage.settle()
    assert len(stage.said(LinksRequested)) == LINKS_PER_ADDRESS
    for number in range(LINKS_PER_CLIENT):
        status, page = send(browser, "/searchlight/lost-link", email=f"nobody{number}@example.org")
    assert status == 429 and "tomorrow" in page
    stage.wait(**{"seconds": timedelta(days=1).total_seconds()})
    assert send(browser, "/searchlight/lost-link", email="guest1@example.org")[0] == 200


def test_every_attendees_mail_leads_to_a_page_of_their_own(stage: Stage, paid: Held) -> None:
    links = {
        mail.KINDS["admission"](desk_of(stage), each.admission_id)["links"]["admission"]
        for each in stage.said(AdmissionIssued)
    }
    assert len(links) == 2 and all("/tickets/adm_" in link and "?key=" in link for link in links)
