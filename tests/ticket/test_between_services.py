"""What the other services get: people, the facts of mails, forgetting; and what a sponsor's package sets off here."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from services.ticket.handlers import cancel_order
from services.ticket.handlers.vouchers import issue_vouchers, revoke_vouchers
from shared.errors import Gone, InvalidInput, NotFound
from shared.events import PersonErased
from shared.events.sponsorship import BenefitGranted, BenefitRevoked
from shared.events.ticketing import AdmissionIssued, OrderPaid, VoucherIssued
from shared.internal import InternalClient, wsgi_transport
from shared.wire import Envelope
from tests.ticket.stage import Stage


@pytest.fixture
def ticket(stage: Stage) -> InternalClient:
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return stage.runtime.internal("ticket")


def envelope(stage: Stage, event: Any) -> Envelope[Any]:
    return Envelope("evt_1", "t", "sponsorship.sponsorships", "spo_1", 1, stage.clock.now(), "/x", "system", "", event)


def granted(stage: Stage, count: int = 2, admission_type: str = "sponsor", kind: str = "vouchers") -> BenefitGranted:
    return BenefitGranted(
        conference_id=stage.conference.conference_id,
        sponsorship_id="spo_1",
        benefit_id="ben_1",
        kind=kind,
        count=count,
        admission_type=admission_type,
        contact="sponsorship:per_x",
    )


def test_people_are_resolved_by_id_and_unknown_ones_are_null(stage: Stage, ticket: InternalClient) -> None:
    stage.pay(stage.order(locale="de"))
    person = stage.said(AdmissionIssued)[0].attendee.removeprefix("ticket:")
    found = ticket.post("/people", {"ids": [person, "per_unknown"]})["people"]
    assert found[person] == {"name": "Guest 1", "email": "guest1@example.org", "locale": "de"}
    assert found["per_unknown"] is None
    with pytest.raises(InvalidInput):
        ticket.post("/people", {"ids": ["x"] * 501})


def test_an_erased_person_is_gone_everywhere_and_others_are_told(stage: Stage, ticket: InternalClient) -> None:
    order = stage.order()
    stage.pay(order)
    issued = stage.said(AdmissionIssued)[0]
    person = issued.attendee.removeprefix("ticket:")
    assert ticket.post("/erase", {"ids": [person]})["erased"] == [person]
    assert ticket.post("/erase", {"ids": [person]})["erased"] == []
    assert [event.person for event in stage.said(PersonErased)] == [issued.attendee]
    assert ticket.post("/people", {"ids": [person]})["people"][person] is None
    with pytest.raises(Gone):
        ticket.post("/mail", {"kind": "admission", "subject": issued.admission_id})
    browser = stage.browser()
    browser.get(f"/orders/{order.reference}?key={order.secret}")
    assert "(erased)" in browser.get(f"/orders/{order.reference}").get_data(as_text=True)


def test_the_mail_of_an_admission_brings_ticket_and_calendar_entry(stage: Stage, ticket: InternalClient) -> None:
    order = stage.order()
    stage.pay(order)
    admission_id = stage.said(AdmissionIssued)[0].admission_id
    mail = ticket.post("/mail", {"kind": "admission", "subject": admission_id})
    assert mail["facts"]["attendee"] == "Guest 1"
    assert mail["facts"]["reference"] == order.reference
    assert [each["content_type"] for each in mail["attachments"]] == ["application/pdf", "text/calendar"]
    assert base64.b64decode(mail["attachments"][0]["base64"]).startswith(b"%PDF-")
    path = mail["links"]["admission"].removeprefix("http://localhost")
    assert stage.browser().get(path).status_code == 303


def test_the_mail_of_an_order_brings_all_tickets_and_the_key_to_it(stage: Stage, ticket: InternalClient) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    mail = ticket.post("/mail", {"kind": "order", "subject": stage.said(OrderPaid)[0].order_id})
    assert mail["facts"]["total"] == {"amount": 25800, "currency": "EUR"}
    assert mail["facts"]["attendees"] == "Guest 1, Guest 2"
    names = [each["filename"] for each in mail["attachments"]]
    assert [name.split("-")[0] for name in names] == ["tickets", "receipt"]
    path = mail["links"]["order"].removeprefix("http://localhost")
    assert stage.browser().get(path).status_code == 303
    cancel_order(stage.database, order.order_id)
    stage.settle()
    for kind in ("order", "admission"):
        subject = order.order_id if kind == "order" else stage.said(AdmissionIssued)[0].admission_id
        with pytest.raises(Gone):
            ticket.post("/mail", {"kind": kind, "subject": subject})
    refund = ticket.post("/mail", {"kind": "refund", "subject": order.order_id})
    assert refund["facts"]["refund"] == {"amount": 25800, "currency": "EUR"}


def test_a_mail_that_does_not_exist_is_refused(ticket: InternalClient) -> None:
    with pytest.raises(InvalidInput):
        ticket.post("/mail", {"kind": "poem", "subject": "x"})
    with pytest.raises(NotFound):
        ticket.post("/mail", {"kind": "order", "subject": "ord_unknown"})


def test_a_granted_benefit_becomes_codes_once(stage: Stage, ticket: InternalClient) -> None:
    event = envelope(stage, granted(stage))
    for _ in range(2):
        with stage.database.transaction() as tx:
            issue_vouchers(event, tx)
    [issued] = stage.said(VoucherIssued)
    assert (issued.count, issued.benefit_id, issued.sponsorship_id) == (2, "ben_1", "spo_1")
    codes = ticket.post("/mail", {"kind": "vouchers", "subject": issued.lot_id})["facts"]["codes"].split(", ")
    assert len(codes) == 2
    assert stage.order("sponsor", voucher=codes[0]).placed.status == "paid"
    left = ticket.post("/mail", {"kind": "vouchers", "subject": issued.lot_id})["facts"]["codes"]
    assert left == codes[1]


def test_a_revoked_benefit_takes_back_what_was_not_used(stage: Stage, ticket: InternalClient) -> None:
    with stage.database.transaction() as tx:
        issue_vouchers(envelope(stage, granted(stage)), tx)
    lot_id = stage.said(VoucherIssued)[0].lot_id
    codes = ticket.post("/mail", {"kind": "vouchers", "subject": lot_id})["facts"]["codes"].split(", ")
    used = stage.order("sponsor", voucher=codes[0])
    revoked = BenefitRevoked(
        conference_id=stage.conference.conference_id, sponsorship_id="spo_1", benefit_id="ben_1", reason="unpaid"
    )
    for _ in range(2):
        with stage.database.transaction() as tx:
            revoke_vouchers(envelope(stage, revoked), tx)
    with pytest.raises(InvalidInput):
        stage.order("sponsor", voucher=codes[1])
    assert stage.state(used) == "paid"
    with pytest.raises(Gone):
        ticket.post("/mail", {"kind": "vouchers", "subject": lot_id})


def test_other_benefits_make_no_codes(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        issue_vouchers(envelope(stage, granted(stage, kind="logo")), tx)
    assert stage.said(VoucherIssued) == []


def test_nothing_personal_and_no_secret_is_on_a_topic(stage: Stage) -> None:
    order = stage.order("regular", "student", company="Secret Company", buyer_name="Buyer Name")
    stage.pay(order)
    cancel_order(stage.database, order.order_id)
    stage.settle()
    everything = repr(stage.said())
    for secret in ("Guest", "example.org", "Secret Company", "Buyer Name", order.secret):
        assert secret not in everything.replace("team@searchlight.example.org", "")
