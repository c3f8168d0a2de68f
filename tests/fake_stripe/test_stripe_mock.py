"""What the fake accepts, Stripe's own description accepts as well; what that refuses, the fake refuses too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.fake_stripe.conftest import World

Case = Callable[[stripe.StripeClient, dict[str, Any], str, str], object]

ACCEPTED: dict[str, Case] = {
    "create a session": lambda c, p, s, i: c.v1.checkout.sessions.create(p, {"idempotency_key": "k"}),  # type: ignore[arg-type]
    "retrieve it": lambda c, p, s, i: c.v1.checkout.sessions.retrieve(
        s, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    ),
    "its line items": lambda c, p, s, i: c.v1.checkout.sessions.line_items.list(s, {"limit": 10}),
    "list sessions": lambda c, p, s, i: c.v1.checkout.sessions.list(
        {
            "status": "complete",
            "payment_intent": i,
            "created": {"gte": 1},
            "limit": 100,
            "expand": ["data.payment_intent"],
        }
    ),
    "page sessions": lambda c, p, s, i: c.v1.checkout.sessions.list({"starting_after": s, "limit": 1}),
    "retrieve an intent": lambda c, p, s, i: c.v1.payment_intents.retrieve(
        i, {"expand": ["latest_charge.balance_transaction"]}
    ),
    "list charges": lambda c, p, s, i: c.v1.charges.list({"payment_intent": i}),
    "list entries": lambda c, p, s, i: c.v1.balance_transactions.list({"limit": 5}),
    "list entries of a day": lambda c, p, s, i: c.v1.balance_transactions.list(
        {"created": {"gte": 1, "lt": 2}, "limit": 100, "expand": ["data.source"]}
    ),
    "list payouts": lambda c, p, s, i: c.v1.payouts.list({"status": "paid", "created": {"gte": 1}}),
    "refund a part": lambda c, p, s, i: c.v1.refunds.create(
        {"payment_intent": i, "amount": 100, "reason": "requested_by_customer", "metadata": {"order": "ord_1"}}
    ),
    "list refunds": lambda c, p, s, i: c.v1.refunds.list({"payment_intent": i}),
    "list events": lambda c, p, s, i: c.v1.events.list(
        {"types": ["checkout.session.completed", "charge.refunded"], "created": {"gte": 1}, "limit": 100}
    ),
    "list disputes": lambda c, p, s, i: c.v1.disputes.list({"payment_intent": i}),
}

REFUSED: dict[str, dict[str, Any]] = {
    "an unknown parameter": {"colour": "red"},
    "an unknown mode": {"mode": "gift"},
    "an unknown locale": {"locale": "klingon"},
    "an unknown method": {"payment_method_types": ["shells"]},
    "a number that is none": {"expires_at": "soon"},
    "an unknown ui_mode": {"ui_mode": "telepathic"},
}


def mock_client(url: str) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_123", base_addresses={"api": url}, max_network_retries=0)


def full_params(world: World) -> dict[str, Any]:
    """Every parameter that the fake knows."""
    product = {"name": "Early bird", "description": "three days", "metadata": {"tier": "early"}}
    price = {"currency": "eur", "unit_amount": 19900, "product_data": product, "tax_behavior": "inclusive"}
    return world.session_params(
        line_items=[{"price_data": price, "quantity": 2}],
        locale="de",
        submit_type="book",
        ui_mode="hosted_page",
        billing_address_collection="auto",
        payment_method_types=["card", "sepa_debit"],
        payment_intent_data={
            "description": "Order ord_1", "metadata": {"order": "ord_1"}, "statement_descriptor_suffix": "TICKETS",
            "receipt_email": "ada@example.org",
        },
        expand=["payment_intent"],
    )  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_request_that_the_fake_takes_is_taken_by_stripes_own_description(
    world: World, stripe_mock_url: str, name: str
) -> None:
    session = world.create()
    world.pay(session.id)
    intent = world.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent, str)
    params = full_params(world)
    ours = ACCEPTED[name](world.client, params, session.id, intent)
    theirs = ACCEPTED[name](mock_client(stripe_mock_url), params, session.id, intent)
    assert type(ours) is type(theirs)


def test_a_session_can_be_expired_in_both(world: World, stripe_mock_url: str) -> None:
    session = world.create()
    assert world.client.v1.checkout.sessions.expire(session.id).object == "checkout.session"
    assert mock_client(stripe_mock_url).v1.checkout.sessions.expire(session.id).object == "checkout.session"


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_stripes_own_description_refuses_is_refused_by_the_fake(
    world: World, stripe_mock_url: str, name: str
) -> None:
    params: Any = full_params(world) | REFUSED[name]
    for client in (mock_client(stripe_mock_url), world.client):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.checkout.sessions.create(params)


@pytest.mark.parametrize(
    "object", ["checkout.session", "payment_intent", "charge", "refund", "balance_transaction", "payout"]
)
def test_the_fakes_objects_have_no_field_that_stripes_have_not(world: World, stripe_mock_url: str, object: str) -> None:
    """And the fields that Stripe always has are there, except those of what the fake does not sell."""
    session = world.create()
    world.pay(session.id)
    intent = world.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent, str)
    refund = world.client.v1.refunds.create({"payment_intent": intent})
    (charge,) = world.client.v1.charges.list({"payment_intent": intent}).data
    world.paid_intent()
    payout_id = world.post("/test/payouts", {}).json["id"]

    def read(client: stripe.StripeClient) -> Any:
        match object:
            case "checkout.session":
                return client.v1.checkout.sessions.retrieve(session.id)
            case "payment_intent":
                return client.v1.payment_intents.retrieve(intent)
            case "charge":
                return client.v1.charges.retrieve(charge.id)
            case "refund":
                return client.v1.refunds.retrieve(refund.id)
            case "payout":
                return client.v1.payouts.retrieve(payout_id)
        return client.v1.balance_transactions.retrieve(str(charge.balance_transaction))

    ours, theirs = (set(read(c).to_dict()) for c in (world.client, mock_client(stripe_mock_url)))
    known = theirs | set(getattr(type(read(world.client)), "__annotations__", {}))
    assert ours <= known
