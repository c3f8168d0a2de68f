"""What staff do about an order that waits for its transfer: more time, a difference of cents let off, its papers at hand."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from services.ticket.handlers import cancel_order
from services.ticket.store import documents
from services.ticket.store.tables import ledger
from shared.errors import Unavailable
from shared.events import StaffActed
from shared.events.sponsorship import BankConfirmed
from shared.events.ticketing import OrderPlaced
from shared.internal import wsgi_transport
from shared.money import Money
from tests.ticket.stage import Held, Stage, euros
from tests.ticket.test_documents import attached
from tests.ticket.test_staff_pages import send, staff_browser
from tests.ticket.test_transfers import COMPANY, hear, sell, transferred


@pytest.fixture
def shop(stage: Stage) -> Stage:
    sell(stage)
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return stage


def page_of(stage: Stage, order: Held) -> str:
    return f"/organise/{stage.conference.conference_id}/orders/{order.order_id}"


def test_an_order_that_is_given_more_time_lapses_later_and_its_buyer_is_told(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    client = staff_browser(shop)
    assert (
        send(client, f"{page_of(shop, order)}/pay-by", {"until": "2027-04-01"}, page_of(shop, order)).status_code == 303
    )
    first, second = shop.said(OrderPlaced)
    assert (first.extended, second.extended) == (False, True)
    assert second.pay_by.date().isoformat() == "2027-04-01"
    hear(shop, BankConfirmed(account_id="acc_1", until=date(2027, 3, 20)))
    shop.wait(days=20)
    assert shop.state(order) == "placed"
    hear(shop, BankConfirmed(account_id="acc_1", until=date(2027, 4, 1)))
    shop.settle()
    assert shop.state(order) == "lapsed"
    assert "pay_by_extended" in [event.action for event in shop.said(StaffActed)]


@pytest.mark.parametrize("until", ["2027-03-02", "2027-06-07", ""])
def test_more_time_is_later_than_before_and_ends_before_the_conference(shop: Stage, until: str) -> None:
    order = shop.order(payment_method="transfer")
    answer = send(staff_browser(shop), f"{page_of(shop, order)}/pay-by", {"until": until}, page_of(shop, order))
    assert answer.status_code == 422
    assert len(shop.said(OrderPlaced)) == 1


def test_a_difference_of_cents_is_let_off_and_the_ledger_says_so(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, Money(19885, "EUR"))
    assert shop.state(order) == "placed"
    client = staff_browser(shop)
    assert "Only €0.15 is missing" in client.get(page_of(shop, order)).get_data(as_text=True)
    assert send(client, f"{page_of(shop, order)}/forgive", {}, page_of(shop, order)).status_code == 303
    assert shop.state(order) == "paid"
    assert shop.cell(sa.select(ledger.c.amount).where(ledger.c.account == "shortage")) == 15


def test_more_than_cents_is_not_let_off(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(190))
    client = staff_browser(shop)
    assert "Let it off" not in client.get(page_of(shop, order)).get_data(as_text=True)
    assert send(client, f"{page_of(shop, order)}/forgive", {}, page_of(shop, order)).status_code == 409
    assert shop.state(order) == "placed"


def test_staff_find_invoices_and_what_corrects_them_at_the_order(shop: Stage) -> None:
    order, other = shop.order(billing=COMPANY), shop.order("student", billing=COMPANY)
    shop.pay(order)
    shop.pay(other)
    cancel_order(shop.database, order.order_id)
    shop.settle()
    with shop.database.reading() as connection:
        papers = documents.documents_of(connection, order.order_id)
    client = staff_browser(shop)
    page = client.get(page_of(shop, order)).get_data(as_text=True)
    assert [each.number in page for each in papers] == [True, True]
    at = f"{page_of(shop, order)}/documents/{papers[1].document_id}"
    assert client.get(at).data.startswith(b"%PDF")
    elsewhere = f"{page_of(shop, other)}/documents/{papers[1].document_id}"
    assert client.get(elsewhere).status_code == 404


def test_the_mail_about_a_cancellation_brings_what_corrects_the_invoice_and_waits_for_it(shop: Stage) -> None:
    order = shop.order(billing=COMPANY)
    shop.pay(order)
    cancel_order(shop.database, order.order_id)
    with pytest.raises(Unavailable):
        attached(shop, "cancellation", order)
    shop.settle()
    with shop.database.reading() as connection:
        storno = documents.documents_of(connection, order.order_id)[-1]
    assert attached(shop, "cancellation", order) == [f"{storno.number}.pdf"]


def test_a_seller_without_an_account_is_served_when_all_accounts_are_told(shop: Stage) -> None:
    sell(shop, account_id="")
    order = shop.order(payment_method="transfer")
    day = date(2027, 3, 8)
    hear(shop, BankConfirmed(account_id="acc_slow", until=date(2027, 3, 7)))
    shop.wait(days=8)
    hear(shop, BankConfirmed(account_id="acc_fast", until=day))
    shop.settle()
    assert shop.state(order) == "placed", "its money may come to the other one"
    hear(shop, BankConfirmed(account_id="acc_slow", until=day))
    shop.settle()
    assert shop.state(order) == "lapsed"
