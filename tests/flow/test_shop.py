"""1. Shop: from the hold to the tickets, whatever is doubled, late or lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.rehearsal.buyers import DECLINED_CARD
from shared.events.ticketing import (
    AdmissionIssued,
    OrderHeld,
    OrderLapsed,
    OrderPaid,
    PaymentRefunded,
    RefundRequested,
)
from tests.flow.house import EARLY, House, text_of


def test_a_buyer_takes_several_pays_and_has_a_page_with_the_tickets(house: House) -> None:
    basket = house.order(3)
    page = basket.browser.get(f"/orders/{basket.reference}?key={basket.secret}", follow_redirects=True)
    assert "countdown" in page.text

    house.shop.visit(basket)
    stripe = house.stage.ask_stripe("GET", f"/c/pay/{basket.session_id}")
    assert "TEST" in stripe.text
    assert not house.shop.pay(basket, DECLINED_CARD)
    assert house.shop.pay(basket)
    house.shop.come_back(basket)
    house.settle()

    [held] = house.said(OrderHeld)
    assert held.hold_expires_at - house.now == timedelta(minutes=30)
    [paid] = house.said(OrderPaid)
    assert paid.total.amount == 3 * EARLY
    assert len(house.said(AdmissionIssued)) == 3
    page = basket.browser.get(f"/orders/{basket.reference}", follow_redirects=True)
    assert "Guest 1" in page.text
    assert "Guest 3" in page.text
    tickets = basket.browser.get(f"/orders/{basket.reference}/tickets.pdf")
    assert tickets.data.startswith(b"%PDF")
    house.check()


@pytest.mark.parametrize(
    "dial",
    [
        {"drop_rate": 1.0},
        {"duplicate_rate": 1.0, "reorder_rate": 1.0},
        {"delay_rate": 1.0, "delay_seconds": 7200},
    ],
    ids=["lost", "doubled and reordered", "hours late"],
)
def test_webhook_return_page_and_sweep_end_the_same(house: House, dial: dict[str, float]) -> None:
    house.shop.turn(**dial)
    back, away = house.order_at_stripe(2), house.order_at_stripe(1)
    house.shop.pay(back)
    house.shop.pay(away)
    house.shop.come_back(back)
    assert house.status(back) == "paid"
    house.wait(hours=3)

    assert [house.status(basket) for basket in (back, away)] == ["paid", "paid"]
    assert sorted(paid.reference for paid in house.said(OrderPaid)) == sorted([back.reference, away.reference])
    assert len(house.said(AdmissionIssued)) == 3
    assert house.said(RefundRequested) == []
    house.check()


def test_capacity_comes_back_only_after_stripe_says_unpaid(house: House) -> None:
    before = house.left()
    house.order(2)
    paying = house.order_at_stripe(3)
    assert house.left() == before - 5
    house.shop.turn(down="refuse")
    house.wait(minutes=31)
    assert house.left() == before - 3, "who never went to pay lost the hold; about the other one nobody knows"
    assert house.status(paying) == "held"
    house.shop.turn(down="no")
    house.wait(minutes=10)
    assert house.left() == before
    assert sorted(lapsed.reason for lapsed in house.said(OrderLapsed)) == ["expired", "expired"]
    answer = paying.browser.get(f"/pay/{paying.reference}")
    assert answer.status_code == 410, "the page says that the hold is over"
    house.check()


def test_a_payment_after_the_hold_ended_is_honoured_while_there_is_room_and_else_goes_back(house: House) -> None:
    lucky, late = house.order_at_stripe(1), house.order_at_stripe(1)
    house.wait(minutes=45)
    assert [house.status(basket) for basket in (lucky, late)] == ["lapsed", "lapsed"]
    house.shop.pay_again(lucky)
    house.settle()
    assert house.status(lucky) == "paid"

    while left := house.left("student"):
        house.buy(min(left, 10), "student")
    house.shop.pay_again(late)
    house.settle()
    assert house.status(late) == "lapsed"
    assert [(refund.reference, refund.reason) for refund in house.said(PaymentRefunded)] == [(late.reference, "late")]
    [letter] = [mail for mail in house.mails("guest2@example.org") if late.reference in text_of(mail)]
    assert "€249.00" in text_of(letter)
    house.check()


def test_a_second_payment_goes_back_and_the_ticket_stays(house: House) -> None:
    basket = house.order_at_stripe(1)
    house.shop.pay_again(basket)
    house.shop.pay(basket)
    house.wait(hours=1)

    assert house.status(basket) == "paid"
    assert [refund.reason for refund in house.said(PaymentRefunded)] == ["doubled"]
    assert len(house.said(AdmissionIssued)) == 1
    house.check()
