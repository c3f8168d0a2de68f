"""What the other services ask, and the way of an event from here to the topic."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from services.sponsor_invoice import handlers, store, views
from services.sponsor_invoice.app import SERVICE, create_internal
from shared import wire
from shared.errors import Gone, InvalidInput, NotFound, Unauthorized, Unavailable
from shared.events import Event, PersonErased
from shared.events.ticketing import (
    ConferenceCalledOff,
    OrderPaid,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReleased,
)
from shared.internal import InternalClient, wsgi_transport
from shared.log import Message
from shared.rebuild import rebuild
from tests.sponsor_invoice.conftest import CONFERENCE, CONTACT, START, Office, conference_opened, euros


@pytest.fixture
def ask(office: Office) -> Iterator[InternalClient]:
    office.runtime.transports[SERVICE.name] = wsgi_transport(create_internal(office.runtime))
    yield office.runtime.internal(SERVICE.name)


def test_people_are_named_until_they_are_erased(ask: InternalClient, office: Office) -> None:
    answer = ask.post("/people", {"ids": [CONTACT, "per_unknown"]})
    assert answer["people"] == {
        CONTACT: {"name": "Ada Beispiel", "email": "ada@suche.invalid", "locale": "de"},
        "per_unknown": None,
    }
    assert ask.post("/erase", {"ids": [CONTACT]}) == {"erased": 1}
    assert ask.post("/erase", {"ids": [CONTACT]}) == {"erased": 0}
    assert ask.post("/people", {"ids": [f"sponsorship:{CONTACT}"]})["people"] == {f"sponsorship:{CONTACT}": None}
    assert [event.person for event in office.said(PersonErased)] == [f"sponsorship:{CONTACT}"]


def test_a_list_that_is_none_or_too_long_is_refused(ask: InternalClient) -> None:
    for ids in ("per_1", [1], ["per_1"] * 501):
        with pytest.raises(InvalidInput):
            ask.post("/people", {"ids": ids})


def test_the_mail_of_an_invoice_waits_for_its_sheet_and_carries_it(ask: InternalClient, office: Office) -> None:
    _, invoice_id = office.sign()
    with pytest.raises(Unavailable):
        ask.post("/mail", {"kind": "invoice", "subject": invoice_id})
    office.work()

    mail = ask.post("/mail", {"kind": "invoice", "subject": invoice_id})
    assert mail["facts"]["number"] == "SP-2027-00001"
    assert mail["facts"]["total"] == {"amount": 595000, "currency": "EUR"}
    assert mail["facts"]["due_on"] == "2027-03-15"
    (attachment,) = mail["attachments"]
    assert (attachment["filename"], attachment["content_type"]) == ("SP-2027-00001.pdf", "application/pdf")
    pdf = PdfReader(io.BytesIO(base64.b64decode(attachment["base64"])))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "SP-2027-00001" in text and "Beispiel Suchmaschinen GmbH" in text and "Ada" not in text
    assert "4 Eintritte (Sponsor), Logo" in text
    assert "factur-x.xml" in pdf.attachments


def test_a_reminder_says_what_is_open_and_is_gone_once_it_is_paid(ask: InternalClient, office: Office) -> None:
    _, invoice_id = office.sign()
    office.work()
    with pytest.raises(Gone):
        ask.post("/mail", {"kind": "reminder", "subject": invoice_id})
    office.pass_days(18)
    office.confirm_bank()
    office.pay(invoice_id, euros(950))
    mail = ask.post("/mail", {"kind": "reminder", "subject": invoice_id})
    assert mail["facts"]["open"] == {"amount": 500000, "currency": "EUR"}
    assert (mail["facts"]["stage"], mail["facts"]["days_overdue"]) == ("1", "4")
    assert len(mail["attachments"]) == 1

    office.pay(invoice_id, euros(5000))
    with pytest.raises(Gone):
        ask.post("/mail", {"kind": "reminder", "subject": invoice_id})
    with pytest.raises(NotFound):
        ask.post("/mail", {"kind": "reminder", "subject": "inv_unknown"})
    with pytest.raises(NotFound):
        ask.post("/mail", {"kind": "poem", "subject": invoice_id})


def test_the_figures_of_a_conference_are_counted(ask: InternalClient, office: Office) -> None:
    _, paid = office.sign()
    office.sign()
    _, cancelled = office.sign()
    office.pay(paid, euros(5950))

    with office.database.transaction() as tx:
        handlers.cancel_invoice(tx, invoice_id=cancelled, correction_id="inv_storno", reason="A mistake", then="end")
    office.pass_days(18)
    office.confirm_bank()
    assert ask.get(f"/conferences/{CONFERENCE}") == {
        "issued": 2,
        "paid": 1,
        "overdue_reminders": 1,
        "uncollected": 1,
        "ledger_sum": 0,
    }


def test_nobody_without_a_service_token_is_answered(office: Office) -> None:
    app = create_internal(office.runtime)
    assert app.test_client().post("/internal/sponsor_invoice/people", json={"ids": []}).status_code == 401
    stranger = InternalClient("catering", office.runtime.signer("service"), office.clock, wsgi_transport(app))
    with pytest.raises((Unauthorized, NotFound)):
        stranger.post("/people", {"ids": []})


def test_everything_that_is_said_reaches_the_topics_in_order(office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    office.pay(invoice_id, euros(5950))
    said = [type(event) for event in office.said() if getattr(event, "sponsorship_id", "") == sponsorship_id]
    while office.worker.step():
        pass

    assert office.said() == []
    log = office.runtime.log
    records = [record for place in log.ends(["sponsorship.sponsorships"]) for record in log.read(place, 0)]
    envelopes = [wire.decode(record.topic, record.value) for record in records if record.key == sponsorship_id]
    assert [type(envelope.event) for envelope in envelopes] == said
    assert [envelope.sequence for envelope in envelopes] == list(range(1, len(said) + 1))


def test_what_the_ticket_service_says_is_counted_once_and_rebuilt_to_the_same_bytes(office: Office) -> None:
    lot: dict[str, Any] = {"conference_id": CONFERENCE, "lot_id": "lot_1"}
    order: dict[str, Any] = {"conference_id": CONFERENCE, "order_id": "ord_1", "reference": "AB"}
    paid: dict[str, Any] = {"buyer": "ticket:per_1", "payment_method": "card", "paid_at": START, "vat": (), "lines": ()}
    said: list[tuple[Event, int]] = [
        (conference_opened(), 1),
        (VoucherIssued(**lot, admission_type="sponsor", count=4, benefit_id="ben_1"), 1),
        (VoucherRedeemed(**lot, order_id="ord_2", count=3), 2),
        (VoucherReleased(**lot, order_id="ord_2", count=1), 3),
        (OrderPaid(**order, **paid, total=euros(300)), 1),
        (ConferenceCalledOff(conference_id=CONFERENCE, reason="Flood"), 2),
    ]
    messages = [as_message(event, sequence) for event, sequence in said]
    producer = office.runtime.log.producer("ticket")
    producer.send([message for message in messages for _ in range(2)])
    producer.close()
    while office.worker.step():
        pass

    with office.database.reading() as connection:
        assert views.vouchers_used(connection, ["ben_1"]) == {"ben_1": 2}
        assert views.ticket_cash(connection, CONFERENCE, "EUR") == euros(300)
        assert store.conference(connection, CONFERENCE).called_off
    outcome = rebuild(SERVICE, office.database, office.runtime.log)
    assert outcome.equal
    assert office.said() == []


def as_message(event: Event, sequence: int) -> Message:
    topic, name, key = wire.address("ticket", event)
    value = wire.encode(
        id=f"evt_{key}_{sequence}",
        owner="ticket",
        type=name,
        key=key,
        sequence=sequence,
        time=START,
        conference_id=event.conference_id,
        actor="system",
        traceparent="",
        data=wire.encode_data(event),
    )
    return Message(topic.name, key, value)
