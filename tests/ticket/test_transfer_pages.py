"""What buyers and finance see of a transfer: how to pay, what came, what goes back, and what machines are told."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import zxingcpp

from services.ticket.handlers import cancel_order
from services.ticket.store import transfers
from shared.documents.reference import in_fours, payment_reference
from shared.errors import Gone, InvalidInput
from shared.events import StaffActed
from shared.events.ticketing import OrderPaid, PaymentRefunded, RefundRequested
from shared.internal import wsgi_transport
from tests.ticket.stage import Stage, euros
from tests.ticket.test_pages import filled
from tests.ticket.test_staff_pages import send, staff_browser
from tests.ticket.test_transfers import COMPANY, SELLER, sell, transferred

COMPANY_FORM = {
    "company": "Beispiel GmbH",
    "address": "Musterweg 5",
    "postcode": "80331",
    "city": "München",
    "country": "DE",
    "vat_id": "DE136695976",
    "purchase_order": "PO-1",
}


def read_code(png: bytes) -> str:
    """The text of a code in a PNG of one bit a pixel, as segno writes it."""
    width, height, depth = struct.unpack(">IIB", png[16:25])
    assert depth == 1
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    raw = zlib.decompress(png[start + 4 : start + 4 + length])
    wide = (width + 7) // 8
    rows: list[Any] = [np.zeros(wide, np.uint8)]
    for at in range(height):
        line = np.frombuffer(raw[at * (wide + 1) + 1 : (at + 1) * (wide + 1)], np.uint8)
        rows.append(rows[-1] + line if raw[at * (wide + 1)] == 2 else line)  # filter 2: as the row above, plus
    pixels = np.array([np.unpackbits(row)[:width] * 255 for row in rows[1:]], np.uint8)
    (found,) = zxingcpp.read_barcodes(pixels)
    return str(found.text)


def at(stage: Stage, page: str) -> str:
    return f"/organise/{stage.conference.conference_id}/{page}"


def test_the_day_to_pay_by_is_shown_before_ordering_and_is_a_companys_for_a_company(stage: Stage) -> None:
    client = stage.browser()
    assert "By bank transfer" not in client.get("/searchlight/").get_data(as_text=True)
    sell(stage)
    assert "By bank transfer, at the bank by 8 March" in client.get("/searchlight/").get_data(as_text=True)
    form = filled(client, action="update", payment_method="transfer", **COMPANY_FORM)
    page = client.post("/searchlight/", data=form).get_data(as_text=True)
    assert "on our account by Monday 15 March 2027" in page


def test_the_order_page_says_how_to_pay_with_a_code_for_banking_apps(stage: Stage) -> None:
    sell(stage)
    client = stage.browser()
    answer = client.post("/searchlight/", data=filled(client, payment_method="transfer", **COMPANY_FORM))
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    reference = answer.headers["Location"].rsplit("/", 1)[-1]
    for words in ("€199.00", in_fours(SELLER.iban), in_fours(payment_reference(reference)), "Monday 15 March 2027"):
        assert words in page
    picture = re.search(r"data:image/png;base64,([^\"]+)", page)
    assert picture is not None
    code = read_code(base64.b64decode(picture[1]))
    assert code.splitlines()[5:8] == [SELLER.name, SELLER.iban, "EUR199"]
    assert payment_reference(reference) in code


def test_a_part_that_came_is_told_and_only_the_rest_is_asked_for(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer")
    transferred(stage, order, euros(100))
    client = stage.browser()
    client.get(f"/orders/{order.reference}?key={order.secret}")
    page = client.get(f"/orders/{order.reference}").get_data(as_text=True)
    assert "€100.00 of €199.00 has come" in page
    assert "Please transfer €99.00" in page


def test_a_vat_id_of_the_wrong_form_is_named_at_its_field_and_all_is_kept(stage: Stage) -> None:
    sell(stage)
    client = stage.browser()
    form = filled(client, payment_method="transfer", **{**COMPANY_FORM, "vat_id": "DE136695970"})
    answer = client.post("/searchlight/", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "This is no VAT id of the EU" in page
    assert "DE136695970" in page and "Musterweg 5" in page
    assert stage.quota_taken() == 0


def test_machines_order_by_transfer_and_read_how_to_pay(stage: Stage) -> None:
    sell(stage)
    client = stage.browser()
    wish: dict[str, Any] = {
        "email": "buyer@example.org",
        "attendees": [{"name": "Ada", "email": "ada@example.org", "admission_type": "regular"}],
        "payment_method": "transfer",
        "buyer": {"company": "Beispiel GmbH", "address": ["Musterweg 5"], "city": "München", "country": "DE"},
    }
    placed = client.post("/api/v1/conferences/searchlight/orders", json=wish)
    assert placed.status_code == 201
    assert (placed.json["status"], placed.json["payment_url"]) == ("placed", None)
    order = client.get(
        f"/api/v1/orders/{placed.json['reference']}", headers={"Authorization": f"Bearer {placed.json['secret']}"}
    ).json
    assert order["transfer"]["reference"] == payment_reference(placed.json["reference"])
    assert order["transfer"]["iban"] == SELLER.iban
    assert order["transfer"]["amount"] == {"amount": 19900, "currency": "EUR"}
    wish["buyer"]["vat_id"] = "DE1"
    assert client.post("/api/v1/conferences/searchlight/orders", json=wish).status_code == 409


def test_finance_records_a_transfer_that_pays_an_order(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer", billing=COMPANY)
    client = staff_browser(stage, **{"*": ["finance"]})
    page = client.get(at(stage, "transfers")).get_data(as_text=True)
    assert order.reference in page and "Beispiel GmbH" in page and "€199.00" in page
    form = {"reference": payment_reference(order.reference), "amount": "199", "booked_on": "2027-03-01"}
    wrong = send(client, at(stage, "transfers"), {**form, "reference": "NOSUCH", "iban": "DE00"})
    assert wrong.status_code == 422
    assert "There is no order with this reference." in wrong.get_data(as_text=True)
    later = send(client, at(stage, "transfers"), {**form, "booked_on": "2027-03-02"})
    assert later.status_code == 422 and "Choose today or an earlier day." in later.get_data(as_text=True)
    assert send(client, at(stage, "transfers"), form).status_code == 303
    assert stage.state(order) == "paid"
    assert len(stage.said(OrderPaid)) == 1
    assert [each.action for each in stage.said(StaffActed)] == ["transfer_recorded"]


def test_only_finance_sees_who_pays(stage: Stage) -> None:
    organiser = staff_browser(stage, **{"*": ["organiser"]})
    for page in ("transfers", "refunds"):
        assert organiser.get(at(stage, page)).status_code == 403
    elsewhere = staff_browser(stage, con_other=["finance"])
    assert elsewhere.get(at(stage, "transfers")).status_code == 403


def test_a_refund_is_a_task_with_payee_and_account_a_file_for_the_bank_and_an_end(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer")
    transferred(stage, order, euros(199))
    cancel_order(stage.database, order.order_id)
    refund_id = stage.said(RefundRequested)[0].payment_id
    client = staff_browser(stage, **{"*": ["finance"]})
    page = client.get(at(stage, "refunds")).get_data(as_text=True)
    assert "Nobody knows yet to which account." in page
    target = at(stage, f"refunds/{refund_id}/payee")
    wrong = send(client, target, {"payee": "Ada", "iban": "DE00"}, at(stage, "refunds"))
    assert wrong.status_code == 422 and "DE00" in wrong.get_data(as_text=True)
    good = {"payee": "Ada Müller", "iban": "DE02 1203 0000 0000 2020 51"}
    assert send(client, target, good, at(stage, "refunds")).status_code == 303

    file = send(client, at(stage, "refunds.xml"), {}, at(stage, "refunds"))
    assert file.mimetype == "application/xml"
    root = ElementTree.fromstring(file.data)
    texts = [element.text for element in root.iter()]
    for words in ("199.00", "DE02120300000000202051", "Ada Mueller", SELLER.iban, f"Refund {order.reference}"):
        assert words in texts
    page = client.get(at(stage, "refunds")).get_data(as_text=True)
    assert "pain.001" not in page, "nobody pays it twice"

    done = at(stage, f"refunds/{refund_id}/done")
    assert send(client, done, {"booked_on": "2028-01-01"}, at(stage, "refunds")).status_code == 422
    assert send(client, done, {"booked_on": "2027-03-01"}, at(stage, "refunds")).status_code == 303
    assert [each.amount for each in stage.said(PaymentRefunded)] == [euros(199)]


def test_finance_says_who_sells_and_takes_transfers_from_then_on(stage: Stage) -> None:
    client = staff_browser(stage, **{"*": ["finance"]})
    form = {
        "name": "Searchlight e. V.", "address": "Beispielallee 36", "postcode": "10435", "city": "Berlin",
        "country": "DE", "email": "finance@searchlight.example.org", "tax_number": "27/123/45678", "prefix": "TK",
        "iban": "DE89 3704 0044 0532 0130 00", "days": "7", "company_days": "21", "past_tier_days": "7",
    }  # fmt: skip
    assert send(client, at(stage, "seller"), {**form, "iban": "DE1"}).status_code == 422
    assert send(client, at(stage, "seller"), form).status_code == 303
    order = stage.order(payment_method="transfer", billing=COMPANY)
    assert stage.state(order) == "placed"


def test_the_matching_finds_open_orders_by_reference_amount_or_name(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer", billing=COMPANY)
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    ticket = stage.runtime.internal("ticket")
    for asked in (
        {"reference": payment_reference(order.reference)},
        {"amount": {"amount": 19900, "currency": "EUR"}},
        {"name": "beispiel"},
    ):
        (found,) = ticket.post("/transfers", asked)["orders"]
        assert found["reference"] == order.reference
        assert found["missing"] == {"amount": 19900, "currency": "EUR"}
    assert ticket.post("/transfers", {"name": "nobody"})["orders"] == []
    with pytest.raises(InvalidInput):
        ticket.post("/transfers", {})
    assert stage.internal.test_client().post("/internal/ticket/transfers", json={"name": "x"}).status_code == 401


def test_the_mail_says_how_to_pay_while_the_order_waits_and_not_afterwards(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer")
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    ticket = stage.runtime.internal("ticket")
    told = ticket.post("/mail", {"kind": "how_to_pay", "subject": order.order_id})
    assert told["facts"]["payment_reference"] == payment_reference(order.reference)
    assert told["facts"]["missing"] == {"amount": 19900, "currency": "EUR"}
    assert "girocode.png" in [each["filename"] for each in told["attachments"]]
    transferred(stage, order, euros(199))
    with pytest.raises(Gone):
        ticket.post("/mail", {"kind": "how_to_pay", "subject": order.order_id})


def test_no_iban_and_no_name_is_on_a_topic(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer", billing=COMPANY, buyer_name="Ada Beispiel")
    client = staff_browser(stage, **{"*": ["finance"]})
    form = {
        "reference": order.reference, "amount": "250", "booked_on": "2027-03-01",
        "payer": "Ada Beispiel", "iban": "DE02120300000000202051",
    }  # fmt: skip
    assert send(client, at(stage, "transfers"), form).status_code == 303
    told = repr(stage.said())
    for secret in ("Ada Beispiel", "DE0212", "Musterweg", "DE136695976"):
        assert secret not in told
    with stage.database.reading() as connection:
        (refund,) = transfers.refunds_of(connection, order.order_id)
    assert (refund.payee, refund.iban, refund.amount) == ("Ada Beispiel", "DE02120300000000202051", euros(51))


def test_the_tax_adviser_gets_every_posting_and_no_cell_is_a_formula(stage: Stage) -> None:
    sell(stage)
    order = stage.order(payment_method="transfer")
    transferred(stage, order, euros(250))
    stage.pay(stage.order())
    client = staff_browser(stage, **{"*": ["finance"]})
    answer = client.get(at(stage, "postings.csv"))
    rows = [line.split(";") for line in answer.data.decode("utf-8-sig").splitlines()]
    kinds = [row[2] for row in rows[1:]]
    assert kinds.count("sale") == 2 and "transfer" in kinds and "charge" in kinds
    (came,) = [row for row in rows if row[2] == "transfer"]
    assert came[3:7] == ["bank", "order", "250.00", "EUR"]
    assert order.reference in came
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert staff_browser(stage, **{"*": ["organiser"]}).get(at(stage, "postings.csv")).status_code == 403
