"""Documents: everybody gets a receipt, companies and who asks an invoice, and what happened later is a document of its own."""

from __future__ import annotations

import base64
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from services.ticket import paper
from services.ticket.domain.billing import Billing
from services.ticket.domain.documents import Item
from services.ticket.domain.vat import vat_in_part, vat_of
from services.ticket.handlers import cancel_order, erase_address
from services.ticket.store import documents
from services.ticket.store.documents import Document
from services.ticket.store.orders import load_order
from shared.documents.totals import gross_total, line_nets, net_total, vat_total
from shared.errors import Gone, NotFound
from shared.internal import wsgi_transport
from shared.money import Money, total
from tests.documents.reading import pdf_text
from tests.ticket.stage import START, Held, Stage, euros
from tests.ticket.test_transfers import COMPANY, sell, transferred
from tests.tools.mustang.judge import judge


@pytest.fixture
def shop(stage: Stage) -> Stage:
    sell(stage)
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return stage


def issued(stage: Stage, order: Held) -> list[Document]:
    with stage.database.reading() as connection:
        return documents.documents_of(connection, order.order_id)


def pdf_of(stage: Stage, document: Document) -> bytes:
    made = stage.runtime.internal("ticket").post("/documents", {"document_id": document.document_id})
    return base64.b64decode(made["base64"])


def attached(stage: Stage, kind: str, order: Held) -> list[str]:
    told = stage.runtime.internal("ticket").post("/mail", {"kind": kind, "subject": order.order_id})
    return [each["filename"] for each in told["attachments"]]


def test_a_company_gets_an_invoice_to_pay_from_and_a_receipt_when_it_paid(shop: Stage) -> None:
    order = shop.order("regular", "regular", payment_method="transfer", billing=COMPANY)
    shop.settle()
    (invoice,) = issued(shop, order)
    assert (invoice.kind, invoice.number, invoice.total) == ("invoice", "TK-2027-00001", euros(398))
    text = pdf_text(pdf_of(shop, invoice))
    for words in ("Beispiel GmbH", "Musterweg 5", "DE136695976", "PO-4500012345", "TK-2027-00001", "RF"):
        assert words in text
    assert attached(shop, "how_to_pay", order) == ["girocode.png", "TK-2027-00001.pdf"]
    transferred(shop, order, euros(398))
    assert issued(shop, order) == [invoice], "being paid changes no invoice"
    assert attached(shop, "order", order)[1:] == ["TK-2027-00001.pdf", f"receipt-{order.reference}.pdf"]


def test_everybody_gets_a_receipt_that_is_no_invoice(shop: Stage) -> None:
    order = shop.order()
    with pytest.raises(Gone):
        shop.runtime.internal("ticket").post("/documents", {"receipt_of": order.order_id})
    shop.pay(order)
    assert issued(shop, order) == []
    made = shop.runtime.internal("ticket").post("/documents", {"receipt_of": order.order_id})
    text = " ".join(
        "".join(page.extract_text() for page in PdfReader(io.BytesIO(base64.b64decode(made["base64"]))).pages).split()
    )
    assert "Receipt" in text and "€199.00" in text and order.reference in text
    assert "not an invoice" in text and "VAT" not in text
    assert attached(shop, "order", order)[1:] == [f"receipt-{order.reference}.pdf"]


def test_who_asks_gets_a_small_amount_invoice_without_an_address(shop: Stage) -> None:
    order = shop.order(billing=Billing(wants_invoice=True), buyer_name="Ada Beispiel")
    shop.pay(order)
    (invoice,) = issued(shop, order)
    text = pdf_text(pdf_of(shop, invoice))
    assert "Ada Beispiel" in text and "card" in text


def test_an_order_that_lapses_is_taken_back_by_a_stornorechnung(shop: Stage) -> None:
    order = shop.order(payment_method="transfer", billing=COMPANY, locale="de")
    shop.wait(days=20)
    assert shop.state(order) == "lapsed"
    invoice, storno = issued(shop, order)
    assert (storno.kind, storno.corrects, storno.total) == ("cancellation", invoice.document_id, -invoice.total)
    text = pdf_text(pdf_of(shop, storno))
    assert "Stornorechnung" in text and invoice.number in text
    transferred(shop, order, euros(199))
    assert [each.kind for each in issued(shop, order)] == ["invoice", "cancellation", "invoice"], "late, and honoured"


def test_a_cancelled_order_is_taken_back_once(shop: Stage) -> None:
    order = shop.order(billing=COMPANY)
    shop.pay(order)
    cancel_order(shop.database, order.order_id)
    shop.settle()
    shop.wait(days=3)
    assert [each.kind for each in issued(shop, order)] == ["invoice", "cancellation"]
    assert total((each.total for each in issued(shop, order)), "EUR") == euros(0)


def test_pretix_1080_numbers_have_no_gap_though_orders_fail_in_between(shop: Stage) -> None:
    orders = []
    for _ in range(3):
        orders.append(shop.order(payment_method="transfer", billing=COMPANY))
        shop.order()
        shop.settle()
    numbers = [each.number for order in orders for each in issued(shop, order)]
    assert numbers == ["TK-2027-00001", "TK-2027-00002", "TK-2027-00003"]


def test_an_address_that_comes_later_brings_the_invoice_and_another_one_cancels_it(shop: Stage) -> None:
    order = shop.order("regular", "regular", billing=Billing(company="Beispiel GmbH"))
    shop.pay(order)
    assert issued(shop, order) == []
    client = shop.browser()
    client.get(f"/orders/{order.reference}?key={order.secret}")

    def ask(**form: str) -> Any:
        page = client.get(f"/orders/{order.reference}/invoice").get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        answer = client.post(f"/orders/{order.reference}/invoice", data={"csrf_token": token[1], **form})
        shop.settle()
        return answer

    wrong = ask(company="Beispiel GmbH", city="Berlin")
    assert wrong.status_code == 422
    assert "An invoice of more than EUR 250 needs this." in wrong.get_data(as_text=True)
    assert ask(company="Beispiel GmbH", address="Musterweg 5", city="Berlin", country="DE").status_code == 303
    assert [each.kind for each in issued(shop, order)] == ["invoice"]
    assert ask(company="Beispiel AG", address="Musterweg 5", city="Berlin", country="DE").status_code == 303
    assert [each.kind for each in issued(shop, order)] == ["invoice", "cancellation", "invoice"]
    page = client.get(f"/orders/{order.reference}").get_data(as_text=True)
    for each in issued(shop, order):
        assert f"/documents/{each.document_id}.pdf" in page
        answer = client.get(f"/orders/{order.reference}/documents/{each.document_id}.pdf")
        assert answer.data.startswith(b"%PDF")
    assert client.get(f"/orders/{order.reference}/receipt.pdf").data.startswith(b"%PDF")


def test_a_document_is_for_the_holder_of_its_order_only_and_stays_the_same_bytes(shop: Stage) -> None:
    mine = shop.order(payment_method="transfer", billing=COMPANY)
    other = shop.order(payment_method="transfer", billing=COMPANY)
    shop.settle()
    (invoice,) = issued(shop, other)
    client = shop.browser()
    client.get(f"/orders/{mine.reference}?key={mine.secret}")
    assert client.get(f"/orders/{mine.reference}/documents/{invoice.document_id}.pdf").status_code == 404
    assert client.get(f"/orders/{other.reference}/documents/{invoice.document_id}.pdf").status_code == 403
    with pytest.raises(NotFound):
        shop.runtime.internal("ticket").post("/documents", {"document_id": "doc_unknown"})
    assert pdf_of(shop, invoice) == pdf_of(shop, invoice)


@pytest.mark.parametrize("rate", [1900, 700])
def test_every_whole_euro_price_has_its_vat_once_from_the_gross_sum_on_order_and_invoice_alike(
    stage: Stage, rate: int
) -> None:
    sell(stage)
    from services.ticket.store import sellers
    from services.ticket.views import order as order_view

    order = stage.order(payment_method="transfer", billing=COMPANY)
    with stage.database.reading() as connection:
        sale = sellers.sale_of(connection, stage.conference.conference_id)
        view = order_view(connection, order.order_id)
    assert sale is not None
    buyer = paper.buyer_of(COMPANY, "", sale)
    for price in range(5, 1001):
        items = {Item("regular", price * 100, rate): 1}
        sheet = paper.sheet_of(view.order, stage.conference, sale, buyer, items, "en", True)
        made = Document("doc", order.order_id, "con", "invoice", "TK-1", START.date(), "", "", euros(price), sheet)
        invoice = paper.paper_of(made, None)
        net, vat = net_total(invoice).amount, vat_total(invoice).amount
        nearest = (2 * price * 100 * 10_000 + 10_000 + rate) // (2 * (10_000 + rate))
        assert (net, vat) == (nearest, price * 100 - nearest)
        assert gross_total(invoice) == euros(price)
        (on_order,) = vat_of([(rate, euros(price))])
        assert (on_order.net.amount, on_order.vat.amount) == (net, vat), "the order, its events and the invoice agree"
        three = paper.paper_of(
            Document("doc", "o", "c", "invoice", "TK-1", START.date(), "", "", euros(3 * price),
                     {**sheet, "items": [["regular", price * 100, rate, 1]] * 3}), None,
        )  # fmt: skip
        assert total(line_nets(three), "EUR") == net_total(three)
        assert net_total(three) + vat_total(three) == Money(price * 300, "EUR")


def test_the_mustang_validator_finds_nothing_wrong_with_our_documents(shop: Stage, tmp_path: Path) -> None:
    waiting = shop.order("regular", "student", payment_method="transfer", billing=COMPANY, locale="de")
    card = shop.order("regular", billing=Billing(wants_invoice=True), buyer_name="Ada Beispiel")
    shop.pay(card)
    cancel_order(shop.database, waiting.order_id)
    shop.settle()
    files = []
    for document in [*issued(shop, waiting), *issued(shop, card)]:
        files.append(tmp_path / f"{document.number}.pdf")
        files[-1].write_bytes(pdf_of(shop, document))
    assert len(files) == 3
    for verdict in judge(files):
        assert (verdict.pdf, verdict.xml) == ("valid", "valid"), verdict.errors


def test_a_ticket_that_is_given_back_for_half_of_its_price_is_corrected_and_the_other_half_stays_billed(
    shop: Stage,
) -> None:
    order = shop.order("regular", "regular", billing=COMPANY, locale="de")
    shop.pay(order)
    with shop.database.reading() as connection:
        first = load_order(connection, order.order_id).admissions[0].admission_id
    cancel_order(shop.database, order.order_id, admission_ids=[first], percent=50)
    shop.settle()
    invoice, correction = issued(shop, order)
    assert (correction.kind, correction.corrects) == ("correction", invoice.document_id)
    assert correction.total == Money(-9950, "EUR")
    text = pdf_text(pdf_of(shop, correction))
    assert "Rechnungskorrektur" in text and "Einbehalt nach den Stornobedingungen" in text


def test_an_erased_buyers_invoice_stays_and_can_be_corrected_until_eight_years_are_over(shop: Stage) -> None:
    order = shop.order(billing=COMPANY)
    shop.pay(order)
    with shop.database.transaction() as tx:
        erase_address(tx, shop.conference.conference_id, "buyer@example.org")
    cancel_order(shop.database, order.order_id)
    shop.settle()
    invoice, cancellation = issued(shop, order)
    assert invoice.sheet["buyer"] == cancellation.sheet["buyer"] and invoice.sheet["buyer"]["name"] == "Beispiel GmbH"
    assert "Beispiel GmbH" in pdf_text(pdf_of(shop, cancellation))
    until = documents.kept_until(START.date())
    assert until == datetime(2036, 1, 1, tzinfo=UTC), "eight years from the end of 2027"
    shop.clock.advance_to(until)
    shop.settle()
    for document in issued(shop, order):
        assert "Musterweg" not in str(document.sheet) and document.number and document.total
    assert "Beispiel GmbH" not in pdf_text(pdf_of(shop, invoice))


def test_every_sale_and_what_takes_it_back_is_posted_with_its_vat_and_the_number_of_its_document(shop: Stage) -> None:
    order = shop.order("regular", "regular", payment_method="transfer", billing=COMPANY)
    shop.settle()
    transferred(shop, order, euros(398))
    with shop.database.reading() as connection:
        first = load_order(connection, order.order_id).admissions[0].admission_id
    cancel_order(shop.database, order.order_id, admission_ids=[first], percent=50)
    shop.settle()
    invoice, correction = issued(shop, order)
    with shop.database.reading() as connection:
        rows = documents.postings_of(connection, shop.conference.conference_id)
    posted = {row.kind: (row.document, row.vat) for row in rows if row.amount > 0}
    assert posted["sale"] == (invoice.number, [[1900, 33445, 6355]])
    assert posted["reversal"] == (correction.number, [[1900, 8361, 1589]])


@given(
    st.lists(st.tuples(st.sampled_from([0, 700, 1900]), st.integers(1, 90_000)), min_size=1, max_size=5),
    st.integers(0, 100),
)
def test_the_vat_in_a_part_comes_to_the_part_whatever_the_rates(lines: list[tuple[int, int]], percent: int) -> None:
    priced = [(rate, Money(amount, "EUR")) for rate, amount in lines]
    part = Money(sum(amount for _, amount in lines) * percent // 100, "EUR")
    shares = vat_in_part(priced, part)
    assert total((each.net + each.vat for each in shares), "EUR") == part
    assert {each.rate for each in shares} <= {rate for rate, _ in lines}
    if percent == 100:
        assert shares == vat_of(priced)
