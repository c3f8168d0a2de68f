"""A fake Stripe on a simulated clock, called by the real `stripe` client without sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from flask import Flask

from infra.fake_stripe.app import create_app
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.desk import FakeStripe, desk
from infra.fake_stripe.in_process import WsgiHTTPClient
from shared.clock import SimulatedClock
from shared.ids import seeded_ids

BEGIN = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_test_of_the_tests"
GOOD, DECLINED, POOR = "4242424242424242", "4000000000000002", "4000000000009995"


@dataclass
class Endpoint:
    """A shop that gets webhooks: it keeps what came, checks nothing, and answers as it is told."""

    status: int = 200
    received: list[tuple[bytes, str]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.received.append((body, headers["Stripe-Signature"]))
        return self.status

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.received]

    def ids(self, type: str) -> list[str]:
        return [json.loads(body)["id"] for body, _ in self.received if json.loads(body)["type"] == type]


@dataclass
class World:
    """One fake, its clock, the shop's endpoint, and a client of each kind."""

    app: Flask
    clock: SimulatedClock
    endpoint: Endpoint
    client: stripe.StripeClient

    @property
    def fake(self) -> FakeStripe:
        return desk(self.app)

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(seconds=seconds))

    def session_params(self, *, amount: int = 19900, minutes: int = 30, **more: Any) -> dict[str, Any]:
        product = {"name": "Early bird"}
        price = {"currency": "eur", "unit_amount": amount, "product_data": product}
        return {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": "http://shop.example/paid?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://shop.example/back",
            "client_reference_id": "ord_1",
            "metadata": {"order": "ord_1"},
            "customer_email": "ada@example.org",
            "expires_at": int((self.clock.now() + timedelta(minutes=minutes)).timestamp()),
        } | more

    def create(self, key: str | None = None, **more: Any) -> Any:
        options: Any = {"idempotency_key": key} if key else {}
        params: Any = self.session_params(**more)
        return self.client.v1.checkout.sessions.create(params, options)

    def pay(self, session_id: str, card: str = GOOD, **more: str) -> Any:
        return self.post(f"/test/sessions/{session_id}/pay", {"card": card} | more)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.app.test_client().post(path, json=body)

    def get(self, path: str) -> Any:
        return self.app.test_client().get(path)

    def turn(self, **changes: Any) -> None:
        assert self.post("/test/dial", changes).status_code == 200

    def paid_intent(self, amount: int = 19900, card: str = GOOD) -> str:
        session = self.create(amount=amount)
        assert self.pay(session.id, card).status_code == 200
        intent: str = self.client.v1.checkout.sessions.retrieve(session.id).payment_intent  # type: ignore[assignment]
        return intent


def build(**settings: Any) -> World:
    clock, endpoint = SimulatedClock(BEGIN), Endpoint()
    usual: dict[str, Any] = {
        "clock": clock,
        "ids": seeded_ids(1),
        "seed": 7,
        "webhook_url": "http://shop.example/hook",
        "webhook_secret": SECRET,
        "transport": endpoint,
        "sleep": lambda seconds: None,
        "public_url": "http://pay.example",
    }
    app = create_app(FakeStripeConfig(**usual | settings))
    return World(app, clock, endpoint, client_of(app))


def client_of(app: Flask, key: str = "sk_test_123", retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": "http://stripe.invalid"},
        http_client=WsgiHTTPClient(app),
        max_network_retries=retries,
    )


@pytest.fixture
def world() -> World:
    return build()
