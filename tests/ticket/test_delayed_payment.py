"""Payments that take days, such as a direct debit: held while they are under way, and never for ever."""

from __future__ import annotations

from werkzeug.test import Client

from services.ticket.handlers.ending import LONGEST_WAY
from shared.events.ticketing import AdmissionIssued, OrderLapsed
from tests.ticket.stage import Held, Stage

GOOD_IBAN, BAD_IBAN = "DE89370400440532013000", "DE62370400440532013001"


def debited(stage: Stage, iban: str) -> Held:
    """An order whose buyer chose a direct debit on Stripe's page."""
    stage.dial(methods="card,sepa_debit", settle_seconds=3 * 86_400.0)
    order = stage.order("regular", "regular")
    session_id = stage.pay_page(order)
    assert Client(stage.fake).post(f"/test/sessions/{session_id}/pay", json={"iban": iban}).status_code == 200
    stage.settle()
    return order


def page(stage: Stage, order: Held) -> str:
    browser = stage.browser()
    return browser.get(f"/orders/{order.reference}?key={order.secret}", follow_redirects=True).get_data(as_text=True)


def test_a_debit_under_way_keeps_the_tickets_beyond_the_hold_and_says_so(stage: Stage) -> None:
    order = debited(stage, GOOD_IBAN)
    stage.wait(hours=30)
    assert stage.state(order) == "held"
    assert stage.quota_taken() == 2
    assert "Your payment is under way" in page(stage, order)
    again = stage.browser().get(f"/pay/{order.reference}?key={order.secret}")
    assert again.headers["Location"].endswith(f"/orders/{order.reference}"), "nobody pays twice"


def test_a_debit_that_comes_through_issues_the_tickets(stage: Stage) -> None:
    order = debited(stage, GOOD_IBAN)
    stage.wait(days=4)
    assert stage.state(order) == "paid"
    assert len(stage.said(AdmissionIssued)) == 2


def test_a_debit_that_bounces_gives_the_capacity_back_and_tells_the_buyer(stage: Stage) -> None:
    order = debited(stage, BAD_IBAN)
    stage.wait(days=4)
    assert stage.state(order) == "lapsed"
    assert stage.quota_taken() == 0
    (lapsed,) = stage.said(OrderLapsed)
    assert lapsed.reason == "declined"
    assert lapsed.buyer.startswith("ticket:per_")
    assert "did not go through" in page(stage, order)


def test_a_debit_that_bounces_gives_the_capacity_back_though_every_webhook_is_lost(stage: Stage) -> None:
    stage.dial(drop_rate=1.0)
    order = debited(stage, BAD_IBAN)
    stage.wait(days=5)
    assert stage.state(order) == "lapsed"
    assert stage.quota_taken() == 0


def test_a_payment_that_is_under_way_without_end_is_given_up_and_late_money_is_looked_at_as_any_other(
    stage: Stage,
) -> None:
    stage.dial(settle_seconds=40 * 86_400.0)
    order = stage.order()
    stage.dial(methods="card,sepa_debit")
    other = stage.order()
    session_id = stage.pay_page(other)
    stage.dial(settle_seconds=(LONGEST_WAY.days + 10) * 86_400.0)
    Client(stage.fake).post(f"/test/sessions/{session_id}/pay", json={"iban": GOOD_IBAN})
    stage.wait(days=LONGEST_WAY.days + 1)
    assert (stage.state(order), stage.state(other)) == ("lapsed", "lapsed")
    stage.wait(days=12)
    assert stage.state(other) == "paid", "capacity was left"
