"""The requests that we send are ones that Stripe's own description accepts: stripe-mock refuses what Stripe would refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.ticket.payments import Payments
from services.ticket.stripe_facts import Checkout, CheckoutLine
from shared.clock import SimulatedClock
from shared.money import Money

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def payments(stripe_mock_url: str) -> Payments:
    return Payments("sk_test_123", "whsec_x", SimulatedClock(NOW), api_base=stripe_mock_url)


@pytest.mark.parametrize("locale", ["en", "de"])
def test_stripe_accepts_how_we_ask_for_a_checkout(payments: Payments, locale: str) -> None:
    made = payments.create_session(
        Checkout(
            order_id="ord_1",
            lines=(CheckoutLine("Searchlight 2027: Regular", Money(29900, "EUR"), 2),),
            email="ada@example.org",
            locale=locale,
            expires_at=NOW + timedelta(minutes=31),
            success_url="https://tickets.example.org/orders/A/return?session_id={CHECKOUT_SESSION_ID}",
            cancel_url="https://tickets.example.org/orders/A",
        )
    )
    assert made.session_id.startswith("cs_")


def test_stripe_accepts_how_we_ask_what_became_of_it(payments: Payments) -> None:
    assert payments.retrieve("cs_test_1").session_id
    assert payments.expire("cs_test_1").session_id
    payments.find_session("ord_1", NOW)


def test_stripe_accepts_how_we_ask_for_a_refund(payments: Payments) -> None:
    refund = payments.refund("pi_1", Money(29900, "EUR"), "pay_1")
    assert payments.refund_state(refund.refund_id).refund_id
    assert payments.dispute("dp_1").status


def test_stripe_accepts_how_we_ask_what_changed_our_balance(payments: Payments) -> None:
    for page in (payments.movements(NOW - timedelta(days=1), NOW, "txn_1"), payments.movements_of_payout("po_1")):
        assert page.movements
        assert all(each.movement_id and each.object_id for each in page.movements)
