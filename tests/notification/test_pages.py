"""The pages: reminders for everybody, the ledger and the mailbox for staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from services.notification.app import create_app, create_internal
from services.notification.domain.consent import ASKS_PER_ADDRESS, ASKS_PER_CLIENT
from shared.errors import Gone, NotFound
from shared.events import PersonErased, StaffActed
from shared.events.ticketing import ConferenceCalledOff, ConferenceChanged, TierClosed, TierEndingSoon
from shared.internal import InternalClient, wsgi_transport
from shared.money import Money
from shared.web.security import cookie_name
from shared.web.staff import COOKIE, Staff, sign
from tests.fixtures.smtp import MailServer
from tests.notification.conftest import CONFERENCE, EARLY, START, House, admission, conference, make_house


def ending(**changes: Any) -> TierEndingSoon:
    facts: dict[str, Any] = {
        "conference_id": CONFERENCE,
        "tier_id": EARLY.tier_id,
        "admission_type": "regular",
        "name": "Early bird",
        "price": EARLY.price,
        "ends_at": START + timedelta(days=4),
        "days_before": 3,
        "taken": 40,
        "next_tier_id": "tie_regular",
        "next_price": Money(29900, "EUR"),
    }
    return TierEndingSoon(**{**facts, **changes})


class Browser:
    """A client that sends forms as a page does: with the token it found there."""

    def __init__(self, house: House, staff: Staff | None = None, address: str = "192.0.2.1") -> None:
        self.client = Client(create_app(house.runtime))
        self.house, self.address = house, address
        if staff is not None:
            token = sign(house.runtime.signer("staff"), staff, house.clock.now())
            self.client.set_cookie(cookie_name(house.runtime.settings, COOKIE), token)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, environ_overrides={"REMOTE_ADDR": self.address}, **more)

    def post(self, path: str, page: str, **fields: str) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).text)
        assert token is not None, f"{page} has no form"
        form = {"csrf_token": token[1], **fields}
        return self.client.post(path, data=form, environ_overrides={"REMOTE_ADDR": self.address})

    def ask(self, email: str, **more: str) -> TestResponse:
        page = "/mail/remind?conference=searchlight-2027"
        return self.post("/mail/remind", page, conference_id=CONFERENCE, email=email, **more)


@pytest.fixture
def browser(house: House) -> Browser:
    return Browser(house)


@pytest.fixture
def desk(house: House) -> Browser:
    return Browser(house, Staff("stf_1", {"*": ["organiser"]}))


def link_in(server: MailServer, number: int, word: str) -> str:
    body = server.mails[number].get_body(("plain",))
    assert body is not None
    found = re.search(rf"https?://\S+/mail/{word}/\S+", body.get_content())
    assert found is not None
    return urlsplit(found[0]).path


def subscribe(house: House, browser: Browser, server: MailServer, email: str = "eve@example.org") -> str:
    """Ask and confirm; returns the link of the confirmation mail."""
    assert browser.ask(email).status_code == 303
    house.work()
    link = link_in(server, -1, "confirm")
    assert browser.post(link, link).status_code == 303
    return link


# Reminders


def test_who_asks_and_confirms_hears_of_the_price_once_and_can_stop_it_from_the_header(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    subscribe(house, browser, mail_server)
    house.hear(ending(), times=3)
    house.work()
    assert house.states() == [("consent_confirm", "sent"), ("price_rises", "sent")]
    mail = mail_server.mails[1]
    assert "The price rises on Friday, 5 March" in mail["Subject"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    answer = Client(create_app(house.runtime)).post(one_click, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200, "no cookie, no token in a form"
    house.hear(ending(days_before=1))
    house.work()
    assert len(mail_server.mails) == 2


def test_opening_a_link_changes_nothing(house: House, browser: Browser, mail_server: MailServer) -> None:
    browser.ask("eve@example.org")
    house.work()
    link = link_in(mail_server, 0, "confirm")
    assert "Yes, remind me" in browser.get(link).text
    house.hear(ending())
    house.work()
    assert len(mail_server.mails) == 1, "nobody confirmed"
    browser.post(link, link)
    house.hear(ending(days_before=2))
    house.work()
    unsubscribe = link_in(mail_server, 1, "unsubscribe")
    assert "Stop these mails" in browser.get(unsubscribe).text
    house.hear(ending(days_before=1))
    house.work()
    assert len(mail_server.mails) == 3, "still subscribed"


def test_the_answer_is_the_same_whether_an_address_is_known_or_not(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    first = browser.ask("eve@example.org")
    house.work()
    link = link_in(mail_server, 0, "confirm")
    browser.post(link, link)
    again = browser.ask("EVE@example.org ")
    house.work()
    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert len(mail_server.mails) == 1, "who confirmed needs no second mail"


def test_nobody_can_be_flooded_with_confirmation_mails(house: House, mail_server: MailServer) -> None:
    answers = {Browser(house, address=f"192.0.2.{n}").ask("eve@example.org").status_code for n in range(6)}
    house.work()
    assert answers == {303}
    assert len(mail_server.mails) == 1, "the mails of older asks have nothing left to confirm"
    assert len(house.ledger()) == ASKS_PER_ADDRESS


def test_a_client_that_asks_without_end_is_turned_away(house: House, browser: Browser) -> None:
    for number in range(ASKS_PER_CLIENT):
        assert browser.ask(f"p{number}@example.org").status_code == 303
    answer = browser.ask("one-more@example.org")
    assert answer.status_code == 429
    assert Browser(house, address="192.0.2.9").ask("other@example.org").status_code == 303
    house.clock.advance_to(START + timedelta(hours=25))
    assert browser.ask("one-more@example.org").status_code == 303


def test_a_form_with_a_bad_address_keeps_what_was_typed(browser: Browser) -> None:
    answer = browser.ask("not an address")
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert browser.post("/mail/remind", "/mail/remind?conference=searchlight-2027", email="a@b.org").status_code in (
        404,
        422,
    )


def test_the_pages_speak_german(house: House, browser: Browser, mail_server: MailServer) -> None:
    assert "Vor dem Preisanstieg erinnern" in browser.get("/mail/remind?conference=searchlight-2027&lang=de").text
    browser.ask("eve@example.org")
    house.work()
    assert mail_server.mails[0]["Subject"].startswith("[Test] Sollen wir Sie erinnern?")


def test_a_forged_or_foreign_link_is_refused(house: House, browser: Browser, mail_server: MailServer) -> None:
    link = subscribe(house, browser, mail_server)
    assert browser.get("/mail/confirm/forged").status_code == 404
    token = link.rsplit("/", 1)[1]
    assert browser.get(f"/mail/unsubscribe/{token}").status_code == 404, "signed for another purpose"


def test_an_unconfirmed_address_is_forgotten_after_a_week(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    browser.ask("eve@example.org")
    house.work()
    link = link_in(mail_server, 0, "confirm")
    person = house.ledger()[0].recipient
    assert ask_internal(house).post("/people", {"ids": [person]})["people"][person]["email"] == "eve@example.org"
    house.pass_time(timedelta(days=7))
    assert ask_internal(house).post("/people", {"ids": [person]})["people"][person] is None
    assert browser.get(link).status_code == 410


def test_a_consent_is_forgotten_a_month_after_the_conference_even_if_that_was_put_off(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    subscribe(house, browser, mail_server)
    person = house.ledger()[0].recipient
    later = conference().doors_at + timedelta(days=60)
    house.hear(ConferenceChanged(**{**conference().__dict__, "doors_at": later}))
    house.pass_time(later + timedelta(days=29) - house.clock.now())
    assert ask_internal(house).post("/people", {"ids": [person]})["people"][person] is not None
    house.pass_time(timedelta(days=1))
    assert ask_internal(house).post("/people", {"ids": [person]})["people"][person] is None


def test_who_took_it_back_can_ask_again_but_not_by_the_old_link(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    old = subscribe(house, browser, mail_server)
    house.hear(ending())
    house.work()
    stop = link_in(mail_server, 1, "unsubscribe")
    browser.post(stop, stop)
    assert browser.get(old).status_code == 410
    assert subscribe(house, browser, mail_server) != old


def test_who_bought_meanwhile_is_not_told_that_the_price_rises(
    house: House, browser: Browser, mail_server: MailServer
) -> None:
    subscribe(house, browser, mail_server)
    house.others.bought.add("eve@example.org")
    house.hear(ending())
    house.work()
    assert house.states()[-1] == ("price_rises", "suppressed")
    assert len(mail_server.mails) == 1


def test_a_rise_that_is_over_is_not_announced(house: House, browser: Browser, mail_server: MailServer) -> None:
    subscribe(house, browser, mail_server)
    closed = TierClosed(
        conference_id=CONFERENCE,
        tier_id=EARLY.tier_id,
        admission_type="regular",
        name="Early bird",
        price=EARLY.price,
        reason="cap",
        closed_at=START,
        taken=100,
        next_tier_id=None,
        next_price=None,
    )
    house.hear(closed)
    house.hear(ending())
    house.hear(ConferenceCalledOff(conference_id=CONFERENCE, reason="flood"))
    house.hear(ending(tier_id="tie_other"))
    house.work()
    assert [state for rule, state in house.states() if rule == "price_rises"] == ["suppressed", "suppressed"]


def test_an_extended_tier_announces_its_new_end(house: House, browser: Browser, mail_server: MailServer) -> None:
    subscribe(house, browser, mail_server)
    house.hear(ending())
    house.hear(ending(ends_at=START + timedelta(days=11)))
    house.work()
    assert [state for rule, state in house.states() if rule == "price_rises"] == ["sent", "sent"]


# Staff


def test_strangers_see_neither_ledger_nor_mailbox(house: House, browser: Browser) -> None:
    house.hear(admission())
    house.work()
    message_id = house.ledger()[0].message_id
    for path in ("/mail", "/mail/outbox", f"/mail/messages/{message_id}", f"/mail/messages/{message_id}/letter"):
        answer = browser.get(path)
        assert answer.status_code == 302 and "/staff/sign-in" in answer.location


def test_finance_sees_the_mails_to_sponsors_only(house: House) -> None:
    house.hear(admission())
    house.work()
    message_id = house.ledger()[0].message_id
    finance = Browser(house, Staff("stf_2", {"*": ["finance"]}))
    assert "ada@example.org" not in finance.get("/mail/outbox").text
    assert finance.get(f"/mail/messages/{message_id}").status_code == 403
    assert finance.get(f"/mail/messages/{message_id}/letter").status_code == 403
    elsewhere = Browser(house, Staff("stf_3", {"con_other": ["organiser"]}))
    assert elsewhere.get(f"/mail/messages/{message_id}").status_code == 403
    assert "ada@example.org" not in elsewhere.get("/mail?state=sent").text


def test_staff_see_what_did_not_arrive_and_send_it_again(house: House, desk: Browser, mail_server: MailServer) -> None:
    mail_server.faults = ["drop_after_data", "refuse"]
    house.hear(admission(1))
    house.hear(admission(2, "per_jörg"))
    house.work()
    page = desk.get("/mail").text
    assert "unknown" in page and "failed" in page and "ada@example.org" in page
    for message in house.ledger():
        path = f"/mail/messages/{message.message_id}"
        assert desk.post(f"{path}/again", path).status_code == 303
    house.work()
    assert sorted(state.value for state in (m.state for m in house.ledger())) == ["failed", "sent", "sent", "unknown"]
    assert sorted(mail_server.recipients) == ["ada@example.org", "joerg@example.org"]
    acted = [event for event in house.said() if isinstance(event, StaffActed)]
    assert {event.action for event in acted} == {"mail.sent_again"}
    assert ask_internal(house).get(f"/conferences/{CONFERENCE}/mails")["doubled"] == 0, "a person wanted it"


def test_each_send_again_is_one_mail(house: House, desk: Browser, mail_server: MailServer) -> None:
    house.hear(admission())
    house.work()
    path = f"/mail/messages/{house.ledger()[0].message_id}"
    for _ in range(2):
        assert desk.post(f"{path}/again", path).status_code == 303
        house.work()
    assert [m.occurrence for m in house.ledger()] == ["issued", "issued~1", "issued~2"]
    assert len(mail_server.mails) == 3


def test_a_held_mail_goes_out_when_a_person_says_so(house: House, desk: Browser, mail_server: MailServer) -> None:
    house.hear(admission(), at=START - timedelta(days=10))
    house.work()
    path = f"/mail/messages/{house.ledger()[0].message_id}"
    assert "Send it" in desk.get(path).text
    assert desk.post(f"{path}/send", path).status_code == 303
    house.work()
    assert house.states() == [("ticket", "sent")]


def test_the_held_mails_of_a_page_go_out_together_and_only_those_one_may_see(
    house: House, desk: Browser, mail_server: MailServer
) -> None:
    for number in range(3):
        house.hear(admission(number), at=START - timedelta(days=10))
    page = desk.get("/mail?state=held&lang=en").text
    assert "Send the 3 mails on this page" in page
    first, second, third = re.findall(r'name="message_id" value="([^"]+)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    finance = Browser(house, Staff("stf_2", {"*": ["finance"]}))
    refused = finance.post("/mail/held/send", "/mail/remind?conference=searchlight-2027", message_id=first)
    assert refused.status_code == 403
    form = {"csrf_token": token[1], "message_id": [first, second]}
    assert desk.client.post("/mail/held/send", data=form).status_code == 303
    house.work()
    assert sorted(state for _, state in house.states()) == ["held", "sent", "sent"]
    assert desk.client.post("/mail/held/send", data=form).status_code == 303, "pressed twice"
    house.work()
    assert len(mail_server.mails) == 2


def test_a_wrong_address_of_our_own_people_is_corrected_and_written_to(
    house: House, browser: Browser, desk: Browser, mail_server: MailServer
) -> None:
    mail_server.faults = ["refuse"]
    browser.ask("evee@example.org")
    house.work()
    path = f"/mail/messages/{house.ledger()[0].message_id}"
    assert "Correct and send again" in desk.get(path).text
    refused = desk.post(f"{path}/again", path, email="nonsense")
    assert refused.status_code == 422 and 'value="nonsense"' in refused.text
    assert desk.post(f"{path}/again", path, email="eve@example.org").status_code == 303
    house.work()
    assert mail_server.recipients == ["eve@example.org"]
    link = link_in(mail_server, 0, "confirm")
    assert browser.post(link, link).status_code == 303


def test_a_letter_is_shown_in_a_frame_that_can_do_nothing(house: House, desk: Browser) -> None:
    house.hear(admission())
    house.work()
    path = f"/mail/messages/{house.ledger()[0].message_id}"
    page, letter = desk.get(path), desk.get(f"{path}/letter")
    assert 'sandbox="' in page.text and "allow-scripts" not in page.text and "allow-same-origin" not in page.text
    policy = letter.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy and "sandbox" in policy
    assert letter.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert letter.headers["Cache-Control"] == "no-store"


@pytest.fixture
def mailbox(tmp_path: Any, others: Any) -> Iterator[House]:
    house = make_house(tmp_path, others, "")
    house.hear(conference(is_demo=True))
    yield house
    house.worker.close()
    house.runtime.close()


def test_without_a_mail_server_mails_are_read_in_the_browser(mailbox: House) -> None:
    mailbox.hear(admission())
    mailbox.work()
    desk = Browser(mailbox, Staff("stf_1", {"*": ["organiser"]}))
    page = desk.get("/mail/outbox").text
    assert "[Demo] Your ticket for Searchlight 2027" in page and "No mail server is set" in page
    path = f"/mail/messages/{mailbox.ledger()[0].message_id}"
    assert "DEMO" in desk.get(f"{path}/letter").text
    file = desk.get(f"{path}/files/0")
    assert file.data == b"%PDF" and "ticket.pdf" in file.headers["Content-Disposition"]


# Between services


def ask_internal(house: House) -> InternalClient:
    transport = wsgi_transport(create_internal(house.runtime))
    return InternalClient("notification", house.runtime.signer("service"), house.clock, transport)


def test_an_erased_person_leaves_nothing_behind(house: House, browser: Browser, mail_server: MailServer) -> None:
    subscribe(house, browser, mail_server)
    person = house.ledger()[0].recipient
    assert ask_internal(house).post("/erase", {"ids": [person]}) == {"erased": [person.partition(":")[2]]}
    house.work()
    assert [event.person for event in house.said() if isinstance(event, PersonErased)] == [person]
    desk = Browser(house, Staff("stf_1", {"*": ["organiser"]}))
    assert "eve@example.org" not in desk.get("/mail?state=sent").text
    house.hear(ending())
    house.work()
    assert len(mail_server.mails) == 1


def test_internal_questions_need_a_service_token(house: House) -> None:
    client = Client(create_internal(house.runtime))
    assert client.post("/internal/notification/people", json={"ids": []}).status_code == 401
    with pytest.raises(NotFound):
        ask_internal(house).get("/nothing")
    assert Gone.status == 410
