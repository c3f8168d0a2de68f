"""5. Notification: each mail to the right person, once, whatever comes twice, late or again."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from infra.rehearsal.readers import ask_for_reminders, confirm_reminders
from services.notification.app import SERVICE as NOTIFICATION
from services.notification.tables import messages
from shared.log import Message
from shared.rebuild import rebuild
from tests.flow.house import EARLY_BIRD_ENDS, House, attachments_of, link_in, subjects, text_of

READER = "reader@example.org"


def test_each_attendee_gets_their_ticket_and_the_buyer_all_of_them_in_their_language(house: House) -> None:
    house.buy(2, locale="de")
    first, second = house.mails("guest1@example.org"), house.mails("guest2@example.org")
    assert (len(first), len(second)) == (2, 1), "the first one is the buyer too"
    assert any(name.endswith(".pdf") for name in attachments_of(second[0]))
    assert second[0].get_body(("html",)) is not None
    assert "Guest 2" in text_of(second[0])
    assert sorted(subject.partition("Flow 2027")[0] for subject in subjects(first)) == [
        "[Test] Ihr Ticket für ",
        "[Test] Ihre Tickets für ",
    ]
    house.buy(1)
    assert all("Your ticket" in subject for subject in subjects(house.mails("guest3@example.org")))
    house.check()


def test_who_asked_and_confirmed_hears_of_the_price_rise_once_and_can_leave_by_one_click(house: House) -> None:
    ask_for_reminders(house.stage, "flow", READER, "en")
    ask_for_reminders(house.stage, "flow", "silent@example.org", "en")
    house.settle()
    confirm_reminders(house.stage, house.sink, READER)
    house.wait_until(EARLY_BIRD_ENDS - timedelta(days=7, hours=-1))  # seven days earlier, at midnight of winter time
    told = [mail for mail in house.mails(READER) if mail["List-Unsubscribe"]]
    assert len(told) == 1
    assert "€349" in text_of(told[0])
    assert len(house.mails("silent@example.org")) == 1, "who did not confirm got the question and nothing else"

    address = str(told[0]["List-Unsubscribe"]).strip("<>")
    path = address[address.index("/mail/") :]
    left = house.stage.browser().post(path, data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200
    house.wait_until(EARLY_BIRD_ENDS)
    assert len([mail for mail in house.mails(READER) if mail["List-Unsubscribe"]]) == 1
    house.check()


def test_what_is_delivered_again_or_replayed_mails_nobody_twice(house: House) -> None:
    house.buy(2)
    house.sign("Bronze")
    mailed = len(house.mails())
    again = house.stage.log.producer("again")
    for topic in NOTIFICATION.consumes:
        for place, end in house.stage.log.ends([topic]).items():
            if end:
                records = house.stage.log.read(place, 0, end, timeout=5.0)
                again.send([Message(record.topic, record.key, record.value) for record in records])
    again.close()
    house.settle()
    rebuilt = rebuild(NOTIFICATION, house.database("notification"), house.stage.log)
    house.settle()

    assert rebuilt.equal
    assert len(house.mails()) == mailed
    house.check()


def test_a_mail_that_is_older_than_two_days_waits_for_a_person(house: House) -> None:
    with house.without_errands("notification"):
        house.buy(1)
        house.wait(hours=49)
    assert house.mails() == []
    assert house.mailed() == [("order_confirmation", "held"), ("ticket", "held")]

    staff = house.staff("organiser")
    listed = staff.get("/mail?state=held")
    assert listed.status_code == 200
    with house.database("notification").reading() as connection:
        [first, _] = connection.execute(sa.select(messages.c.message_id).order_by(messages.c.message_id)).scalars()
    sent = house.submit(staff, f"/mail/messages/{first}", {}, f"/mail/messages/{first}/send")
    assert sent.status_code in (302, 303)
    house.settle()
    assert len(house.mails()) == 1
    assert sorted(state for _, state in house.mailed()) == ["held", "sent"]


def test_the_link_in_a_ticket_mail_opens_that_ticket(house: House) -> None:
    house.buy(1)
    link = link_in(house.mails("guest1@example.org")[0], "/")
    assert house.stage.browser().get(link, follow_redirects=True).status_code == 200
