"""A mail on its way: once, whatever happens, and no claim that it arrived when nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notification import store
from services.notification.app import SERVICE, create_worker
from services.notification.counting import count_mails
from services.notification.domain.message import State
from shared.errors import InvalidInput
from shared.events import PersonErased
from shared.events.notification import MessageFailed, MessageSent
from shared.inbox import Inbox
from tests.fixtures.smtp import Fault, MailServer
from tests.notification.conftest import CONFERENCE, START, House, admission, conference, order_paid
from tests.notification.test_rules import overdue


def test_an_attendee_gets_the_ticket_once_however_often_the_event_is_told(
    house: House, mail_server: MailServer
) -> None:
    house.hear(admission(), times=3)
    house.work()
    house.hear(admission(), times=3)
    house.work()
    assert mail_server.recipients == ["ada@example.org"]
    assert house.states() == [("ticket", "sent")]
    assert [event.rule for event in house.said() if isinstance(event, MessageSent)] == ["ticket"]


def test_the_buyer_and_each_attendee_get_a_mail_of_their_own(house: House, mail_server: MailServer) -> None:
    house.hear(admission(1, "per_ada"))
    house.hear(admission(2, "per_jörg"))
    house.hear(order_paid())
    house.work()
    assert sorted(mail_server.recipients) == ["ada@example.org", "ada@example.org", "joerg@example.org"]
    with house.database.reading() as connection:
        counts = count_mails(connection, CONFERENCE)
    assert counts == {"mails": {"order_confirmation": 1, "ticket": 2}, "doubled": 0, "states": {"sent": 3}}


@pytest.mark.parametrize("fault", ["refuse_for_now", "drop_in_data"])
def test_a_mail_that_breaks_off_before_the_end_of_data_is_tried_again(
    fault: Fault, house: House, mail_server: MailServer
) -> None:
    mail_server.faults = [fault, fault]
    house.others.ticket = (
        b"x" * 12_000_000
    )  # more than the sockets' buffers hold, so that the server hangs up before all is sent
    house.hear(admission())
    house.work()
    assert house.states() == [("ticket", "due")]
    house.pass_time(timedelta(minutes=5))
    assert house.states() == [("ticket", "sent")]
    assert len(mail_server.mails) == 1
    assert house.ledger()[0].tries == 3


def test_a_mail_whose_answer_is_lost_is_unknown_and_never_repeated(house: House, mail_server: MailServer) -> None:
    mail_server.faults = ["drop_after_data"]
    house.hear(admission())
    house.pass_time(timedelta(days=1))
    assert house.states() == [("ticket", "unknown")]
    assert mail_server.seen == 1
    assert [event.reason for event in house.said() if isinstance(event, MessageFailed)] == ["unknown"]


@pytest.mark.parametrize("fault", ["refuse", "refuse_after_data"])
def test_a_mail_that_is_refused_for_good_has_failed(fault: Fault, house: House, mail_server: MailServer) -> None:
    mail_server.faults = [fault]
    house.hear(admission())
    house.pass_time(timedelta(days=1))
    assert house.states() == [("ticket", "failed")]
    assert mail_server.mails == []
    (failed,) = [event for event in house.said() if isinstance(event, MessageFailed)]
    assert "ada" not in failed.reason, "no personal data on topics"


def test_everybody_gets_the_mail_once_the_server_is_back(house: House, mail_server: MailServer) -> None:
    mail_server.stop()
    for number in range(8):
        house.hear(admission(number))
    house.pass_time(timedelta(minutes=6))
    assert {state for _, state in house.states()} == {"due"}
    mail_server.start()
    house.pass_time(timedelta(minutes=10))
    assert {state for _, state in house.states()} == {"sent"}
    assert len(mail_server.mails) == 8


def test_a_slow_server_is_waited_for(house: House, mail_server: MailServer) -> None:
    mail_server.faults = ["delay"]
    house.hear(admission())
    house.work()
    assert house.states() == [("ticket", "sent")]


def test_a_mail_waits_for_a_service_that_is_away(house: House, mail_server: MailServer) -> None:
    house.others.away.add("ticket")
    house.hear(admission())
    house.pass_time(timedelta(hours=1))
    assert house.states() == [("ticket", "due")]
    assert house.ledger()[0].tries == 0, "the mail server was not even asked"
    house.others.away.clear()
    house.pass_time(timedelta(minutes=10))
    assert house.states() == [("ticket", "sent")]


def test_an_erased_person_is_not_written_to(house: House, mail_server: MailServer) -> None:
    del house.others.people["per_ada"]
    house.hear(admission())
    house.work()
    assert house.states() == [("ticket", "suppressed")]
    assert mail_server.seen == 0


def test_a_mail_about_something_void_is_suppressed(house: House, mail_server: MailServer) -> None:
    house.others.gone.add("adm_1")
    house.hear(admission())
    house.work()
    assert house.states() == [("ticket", "suppressed")]


def test_what_is_older_than_two_days_waits_for_a_person(house: House, mail_server: MailServer) -> None:
    house.hear(admission(1), at=START - timedelta(hours=49))
    house.hear(admission(2), at=START - timedelta(hours=47))
    house.work()
    assert sorted(house.states()) == [("ticket", "held"), ("ticket", "sent")]
    assert len(mail_server.mails) == 1


def test_a_mail_that_waits_longer_than_two_days_is_held_instead_of_sent(house: House, mail_server: MailServer) -> None:
    mail_server.stop()
    house.hear(admission())
    house.pass_time(timedelta(minutes=5))
    house.clock.advance_to(START + timedelta(hours=49))
    mail_server.start()
    house.pass_time(timedelta(days=1))
    assert house.states() == [("ticket", "held")]
    assert mail_server.mails == []


def test_a_mail_found_half_sent_is_unknown(house: House, mail_server: MailServer) -> None:
    house.hear(admission())
    message_id = house.ledger()[0].message_id
    with house.database.transaction() as tx:
        message = store.lock_message(tx, message_id)
        message.begin(tx.now, "<x@example.org>")
        store.save_message(tx, message)
        store.begin_attempt(tx, message)
    house.work()
    assert house.ledger()[0].state is State.UNKNOWN
    assert mail_server.seen == 0


def test_a_mail_waits_for_the_conference_it_is_about(house: House, mail_server: MailServer) -> None:
    event = admission()
    house.hear(replace(event, conference_id="con_other"))
    house.work()
    assert house.states() == [("ticket", "due")]
    house.hear(conference(conference_id="con_other", slug="other"))
    house.pass_time(timedelta(minutes=1))
    assert house.states() == [("ticket", "sent")]


def test_a_mail_that_cannot_be_written_fails_where_staff_see_it(house: House, mail_server: MailServer) -> None:
    house.hear(order_paid())
    event = order_paid("ord_2")
    house.hear(replace(event, buyer="strangers:per_1"))
    house.pass_time(timedelta(minutes=10))
    assert [(m.state.value, m.reason) for m in house.ledger()] == [("sent", ""), ("failed", "address")]
    house.others.people["per_odd"] = {"name": "Odd", "email": "nobody at all", "locale": "en"}
    house.hear(admission(3, "per_odd"))
    house.work()
    assert [(m.state.value, m.reason) for m in house.ledger() if m.rule == "ticket"] == [("failed", "address")]


def test_an_answer_that_makes_no_sense_fails_the_mail_after_some_tries(house: House, mail_server: MailServer) -> None:
    house.others.facts["reminder"] = {"open": {"amount": "many", "currency": "EUR"}}
    house.hear(overdue(1), owner="sponsor_invoice")
    house.pass_time(timedelta(minutes=10))
    assert [(m.state.value, m.reason) for m in house.ledger()] == [("failed", "not written: ValueError")]


def test_a_sender_that_is_no_address_is_refused_at_the_start(house: House) -> None:
    settings = replace(house.runtime.settings, mail_from="tickets")
    with pytest.raises(InvalidInput, match="STAGEDOOR_MAIL_FROM"):
        create_worker(replace(house.runtime, settings=settings))


def test_a_rebuild_mails_nobody(house: House, mail_server: MailServer) -> None:
    envelope = house.hear(admission())
    house.work()
    with house.database.replay() as tx:
        Inbox(SERVICE, house.database).handle([envelope], tx, projections_only=True)
    house.work()
    assert len(mail_server.mails) == 1
    assert len(house.ledger()) == 1


def test_letters_are_forgotten_after_thirty_days_and_when_the_person_is_erased(house: House) -> None:
    house.hear(admission(1))
    house.hear(admission(2, "per_jörg"))
    house.work()
    first, second = house.ledger()
    with house.database.reading() as connection:
        assert store.load_letter(connection, first.message_id).email == "ada@example.org"  # type: ignore[union-attr]
    house.hear(PersonErased(person="ticket:per_ada"))
    with house.database.reading() as connection:
        assert store.load_letter(connection, first.message_id) is None
        assert store.load_letter(connection, second.message_id) is not None
    house.pass_time(timedelta(days=32))
    with house.database.reading() as connection:
        assert store.load_letter(connection, second.message_id) is None
