"""What finance sees and does in the browser, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.sponsor_invoice import app as composition
from services.sponsor_invoice import handlers
from services.sponsor_invoice import tables as t
from shared.events import StaffActed
from shared.events.sponsorship import BankConfirmed, InvoiceIssued, InvoiceOverdue, InvoicePaid
from shared.events.ticketing import OrderPaid, PaymentRefunded, VoucherIssued, VoucherRedeemed, VoucherReleased
from shared.web import i18n
from shared.web.security import cookie_name
from shared.web.staff import Staff, sign
from tests.sponsor_invoice.conftest import (
    CONFERENCE,
    PACKAGE,
    SELLER,
    SPONSOR,
    START,
    Office,
    a_package,
    conference_opened,
    euros,
)

HERE = f"/finance/conferences/{CONFERENCE}"


class Browser:
    """One member of staff with a browser."""

    def __init__(self, office: Office, client: FlaskClient, *roles: str) -> None:
        self.office, self.client = office, client
        self.roles = roles

    def get(self, path: str, **more: Any) -> str:
        answer = self.open("GET", path, **more)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def open(self, method: str, path: str, **more: Any) -> TestResponse:
        token = sign(
            self.office.runtime.signer("staff"), Staff("stf_finance", {"*": list(self.roles)}), self.office.clock.now()
        )
        self.client.set_cookie(cookie_name(self.office.runtime.settings, "staff"), token)
        return self.client.open(path, method=method, **more)

    def send(self, page: str, values: Mapping[str, object], to: str = "") -> TestResponse:
        """Fill in the form of a page (all of its hidden fields included) and send it."""
        shown = self.get(page)
        forms = re.findall(r"<form(.*?)</form>", shown, re.S)
        chosen = next(form for form in forms if (f'action="{to}"' in form if to else 'action="' not in form))
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', chosen))
        return self.open("POST", to or page, data={**hidden, **values})


@pytest.fixture
def finance(office: Office) -> Iterator[Browser]:
    yield Browser(office, composition.create_app(office.runtime).test_client(), "finance")


@pytest.fixture
def organiser(office: Office) -> Iterator[Browser]:
    yield Browser(office, composition.create_app(office.runtime).test_client(), "organiser")


def test_from_the_first_seller_to_the_paid_invoice_by_forms_alone(finance: Browser, office: Office) -> None:
    with office.database.transaction() as tx:
        for table in (t.sellers, t.packages, t.sponsors, t.people):
            tx.execute(table.delete())
    assert "Enter a seller" in finance.get(f"{HERE}/sign")

    seller = {
        "name": "Suchverein e. V.", "address": "Musterstr. 1", "postcode": "10115", "city": "Berlin", "country": "de",
        "email": "finance@suchverein.invalid", "vat_id": "DE136695976", "iban": "DE89 3704 0044 0532 0130 00", "prefix": "sp",
    }  # fmt: skip
    assert finance.send("/finance/sellers/new", seller).status_code == 302
    package = {
        "name": "Silver", "price": "1.190,00", "cap": "2", "vouchers": "3", "admission_type": "sponsor", "vouchers_wait": "yes",
        "deliverables": "Logo\nBooth",
    }  # fmt: skip
    assert finance.send(f"{HERE}/packages/new", package).status_code == 302
    sponsor = {
        "name": "Example Search Ltd", "address": "1 Example Street", "city": "Dublin", "country": "IE", "vat_id": "IE6433435F",
        "vat_id_confirmed_on": "2027-02-01", "contact_name": "Ann", "contact_email": "ann@example.invalid", "contact_locale": "en",
    }  # fmt: skip
    assert finance.send("/finance/sponsors/new", sponsor).status_code == 302
    with office.database.reading() as connection:
        ids = [connection.execute(select(table.c.id)).scalar_one() for table in (t.sponsors, t.packages, t.sellers)]
    signed = {
        "sponsor_id": ids[0], "package_id": ids[1], "seller_id": ids[2], "signed_on": "2027-03-01", "days_to_pay": "30",
        "order_number": "PO 4711", "vouchers_wait": "",
    }  # fmt: skip
    answer = finance.send(f"{HERE}/sign", signed)
    assert answer.status_code == 302
    office.work()

    page = finance.get(answer.location)
    (issued,) = office.said(InvoiceIssued)
    assert issued.total == euros(1000)
    assert issued.due_on == date(2027, 3, 31)
    assert "Example Search Ltd" in page and "PO 4711" in page and "€1,000" in page and "waits for payment" in page
    pdf = finance.open("GET", f"/finance/invoices/{issued.invoice_id}.pdf")
    assert pdf.data.startswith(b"%PDF") and pdf.headers["Cache-Control"] == "no-store"

    paid = finance.send(
        answer.location,
        {"amount": "1000", "booked_on": "2027-03-01"},
        f"/finance/invoices/{issued.invoice_id}/payments",
    )
    assert paid.status_code == 302
    assert len(office.said(InvoicePaid)) == 1
    assert "0 of 3 used" in finance.get(answer.location)
    assert [event.action for event in office.said(StaffActed)] == [
        "define_seller", "define_package", "enter_sponsor", "sign_sponsorship", "record_payment",
    ]  # fmt: skip


def test_a_form_that_is_sent_twice_does_its_work_once(finance: Browser, office: Office) -> None:
    shown = finance.get(f"{HERE}/sign")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    values = {**hidden, "sponsor_id": SPONSOR, "package_id": PACKAGE, "seller_id": SELLER, "signed_on": "2027-03-01",
              "days_to_pay": "14", "vouchers_wait": ""}  # fmt: skip
    places = {finance.open("POST", f"{HERE}/sign", data=values).location for _ in range(2)}
    assert len(places) == 1
    assert len(office.said(InvoiceIssued)) == 1


def test_what_was_typed_is_kept_and_the_wrong_field_is_named(finance: Browser, office: Office) -> None:
    answer = finance.send(
        "/finance/sponsors/new", {"name": "Kept GmbH", "country": "Germany", "vat_id": "DE1", "contact_email": "x"}
    )
    assert answer.status_code == 422
    assert 'value="Kept GmbH"' in answer.text
    for field in ("country", "vat_id", "contact_email", "city", "address", "contact_name"):
        assert f'id="{field}-wrong"' in answer.text or field == "vat_id", field
    answer = finance.send(f"{HERE}/packages/new", {"name": "Free", "price": "0", "vouchers": "2"})
    assert answer.status_code == 422
    assert 'value="Free"' in answer.text and 'id="admission_type-wrong"' in answer.text


def test_a_package_that_is_sold_out_is_refused_with_the_form_kept(finance: Browser, office: Office) -> None:
    for _ in range(3):
        office.sign()
    answer = finance.send(
        f"{HERE}/sign",
        {"sponsor_id": SPONSOR, "package_id": PACKAGE, "seller_id": SELLER, "signed_on": "2027-03-01", "days_to_pay": "14",
         "order_number": "PO 4711"},
    )  # fmt: skip
    assert answer.status_code == 409
    assert "sold out" in answer.text and 'value="PO 4711"' in answer.text
    assert len(office.said(InvoiceIssued)) == 3


def test_who_owes_us_what_shows_the_figure_the_picture_and_the_table(finance: Browser, office: Office) -> None:
    assert "Nobody owes anything" in finance.get(HERE)
    _, paid = office.sign()
    office.sign()
    office.pay(paid, euros(5950))
    office.pass_days(20)
    page = finance.get(HERE)
    assert "€5,950" in page and "<svg" in page and "6 days" in page and "1 to 30 days late" in page
    assert "1 reminder waits for you" in page


def test_what_must_go_out_this_week_says_why_it_waits_and_sends_by_a_button(finance: Browser, office: Office) -> None:
    _, first = office.sign()
    _, second = office.sign()
    office.pass_days(13)
    assert "falls due in the next seven days" in finance.get("/finance/week")
    office.pass_days(5)
    page = finance.get("/finance/week")
    assert page.count("the bank is not confirmed up to") == 2
    button = f"/finance/invoices/{first}/reminders/1"
    assert finance.send("/finance/week", {}, button).status_code == 302
    assert [event.invoice_id for event in office.said(InvoiceOverdue)] == [first]
    assert finance.open("POST", button, data={"csrf_token": csrf(page)}).status_code == 409

    promised = finance.send(
        f"/finance/sponsorships/{sponsorship_of(office, second)}",
        {"until": "2027-04-01"},
        f"/finance/invoices/{second}/promises",
    )
    assert promised.status_code == 302
    assert "they promised to pay by" in finance.get("/finance/week")


def test_confirming_the_bank_lets_out_what_waited(finance: Browser, office: Office) -> None:
    office.sign()
    office.pass_days(18)
    tomorrow = office.today + timedelta(days=1)
    refused = finance.send("/finance/week", {"until": tomorrow.isoformat()}, "/finance/bank")
    assert refused.status_code == 422 and "Choose today or an earlier day." in refused.text
    assert finance.send("/finance/week", {"until": office.today.isoformat()}, "/finance/bank").status_code == 302
    assert len(office.said(BankConfirmed)) == 1
    assert len(office.said(InvoiceOverdue)) == 1
    assert "Nothing waits" in finance.get("/finance/week")


def test_a_refused_payment_shows_the_page_again_with_what_was_typed(finance: Browser, office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    page = f"/finance/sponsorships/{sponsorship_id}"
    answer = finance.send(
        page, {"amount": "12x", "booked_on": "2027-03-01"}, f"/finance/invoices/{invoice_id}/payments"
    )
    assert answer.status_code == 422
    assert 'value="12x"' in answer.text and 'id="amount-wrong"' in answer.text
    answer = finance.send(page, {"amount": "12", "booked_on": "2027-03-09"}, f"/finance/invoices/{invoice_id}/payments")
    assert answer.status_code == 422
    assert 'id="booked_on-wrong"' in answer.text


def test_cancelling_and_writing_off_are_on_the_sponsorship_s_page(finance: Browser, office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    page = f"/finance/sponsorships/{sponsorship_id}"
    to = f"/finance/invoices/{invoice_id}/cancellation"
    assert finance.send(page, {"reason": "", "then": "reissue"}, to).status_code == 422
    assert finance.send(page, {"reason": "They moved", "then": "reissue"}, to).status_code == 302
    office.work()
    shown = finance.get(page)
    assert "SP-2027-00002" in shown and "SP-2027-00003" in shown and "They moved" in shown
    again = [event.invoice_id for event in office.said(InvoiceIssued)][-1]
    assert finance.send(page, {}, f"/finance/invoices/{again}/loss").status_code == 302
    assert "written off" in finance.get(page)


def test_an_organiser_reads_and_changes_nothing(organiser: Browser, office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    office.work()
    for page in (
        HERE,
        "/finance/week",
        f"{HERE}/packages",
        f"/finance/sponsorships/{sponsorship_id}",
        "/finance/?all=1",
    ):
        shown = organiser.get(page)
        assert "Record the payment" not in shown and "Send now" not in shown and "Confirm the bank" not in shown
    assert organiser.open("GET", f"/finance/invoices/{invoice_id}.pdf").status_code == 200
    token = csrf(organiser.get(HERE))
    for page in (f"{HERE}/sign", "/finance/sponsors", "/finance/sponsors/new", "/finance/sellers/new"):
        assert organiser.open("GET", page).status_code == 403
    for page in ("/finance/bank", f"/finance/invoices/{invoice_id}/payments", f"/finance/invoices/{invoice_id}/loss"):
        assert organiser.open("POST", page, data={"csrf_token": token, "until": "2027-03-01"}).status_code == 403
    assert office.said(BankConfirmed) == []


def test_nobody_comes_in_without_signing_in_or_by_another_role(office: Office) -> None:
    client = composition.create_app(office.runtime).test_client()
    assert client.get(HERE).status_code == 302
    door = Browser(office, client, "check_in")
    assert door.open("GET", HERE).status_code == 403


def test_a_role_for_another_conference_opens_nothing_here(office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    client = composition.create_app(office.runtime).test_client()
    token = sign(office.runtime.signer("staff"), Staff("stf_other", {"con_other": ["finance"]}), START)
    client.set_cookie(cookie_name(office.runtime.settings, "staff"), token)
    for page in (HERE, f"/finance/sponsorships/{sponsorship_id}", f"/finance/invoices/{invoice_id}.pdf"):
        assert client.get(page).status_code == 403
    assert "Searchlight" not in client.get("/finance/week").text


def test_a_change_needs_its_token(finance: Browser, office: Office) -> None:
    assert finance.open("POST", "/finance/bank", data={"until": "2027-03-01"}).status_code == 400


def test_pages_speak_german(finance: Browser, office: Office) -> None:
    office.sign()
    office.pass_days(20)
    assert "Wer schuldet uns was?" in finance.get(f"{HERE}?lang=de")
    assert "Was muss diese Woche raus?" in finance.get("/finance/week?lang=de")


def test_no_text_lacks_its_german() -> None:
    assert i18n.missing(Path(composition.__file__).parent) == []


def test_the_front_page_leads_to_the_one_conference_there_is(finance: Browser) -> None:
    for address in ("/finance", "/finance/"):
        assert finance.open("GET", address).location == HERE
    assert "Suchverein" in finance.get("/finance?all=1")


def test_an_unknown_conference_or_sponsorship_is_not_found(finance: Browser) -> None:
    for page in ("/finance/conferences/con_no", "/finance/sponsorships/shp_no", "/finance/invoices/inv_no.pdf"):
        assert finance.open("GET", page).status_code == 404


def test_vouchers_that_sponsors_use_and_ticket_money_are_counted_once(finance: Browser, office: Office) -> None:
    sponsorship_id, _ = office.sign()
    with office.database.reading() as connection:
        benefit_id = connection.execute(select(t.benefits.c.id).where(t.benefits.c.kind == "vouchers")).scalar_one()
    lot: dict[str, Any] = {"conference_id": CONFERENCE, "lot_id": "lot_1"}
    office.hear(VoucherIssued(**lot, admission_type="sponsor", count=4, benefit_id=benefit_id), 1)
    office.hear(VoucherRedeemed(**lot, order_id="ord_1", count=3), 2)
    office.hear(VoucherReleased(**lot, order_id="ord_1", count=1), 3)
    assert "2 of 4 used" in finance.get(f"/finance/sponsorships/{sponsorship_id}")

    order: dict[str, Any] = {"conference_id": CONFERENCE, "order_id": "ord_2", "reference": "AB"}
    paid: dict[str, Any] = {"buyer": "ticket:per_1", "payment_method": "card", "paid_at": START, "vat": (), "lines": ()}
    office.hear(OrderPaid(**order, **paid, total=euros(300)), 1)
    back: dict[str, Any] = {"payment_id": "pay_1", "refunded_at": START, "buyer": "ticket:per_1"}
    office.hear(PaymentRefunded(**order, **back, amount=euros(300), reason="doubled"), 2)
    office.hear(PaymentRefunded(**order, **back, amount=euros(100), reason="cancelled"), 3)
    assert "€200.00" in finance.get(HERE)


def test_a_demo_is_marked_as_one(finance: Browser, office: Office) -> None:
    office.hear(conference_opened(is_demo=True), 2)
    assert "DEMO" in finance.get(HERE)


def test_a_package_can_be_changed_for_those_who_sign_from_now_on(finance: Browser, office: Office) -> None:
    office.sign()
    answer = finance.send(f"{HERE}/packages/{PACKAGE}", {"name": "Gold", "price": "7140.00", "cap": "3"})
    assert answer.status_code == 302
    office.sign()
    assert [event.total for event in office.said(InvoiceIssued)] == [euros(5950), euros(7140)]
    with office.database.transaction() as tx:
        handlers.define_package(tx, a_package())


def csrf(page: str) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]*)"', page)[0])


def sponsorship_of(office: Office, invoice_id: str) -> str:
    with office.database.reading() as connection:
        chosen = select(t.invoices.c.sponsorship_id).where(t.invoices.c.id == invoice_id)
        return str(connection.execute(chosen).scalar_one())
