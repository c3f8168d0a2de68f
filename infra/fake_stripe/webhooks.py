"""The queue of webhooks: signed, at least once, in no promised order, with retries."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass

from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.store import JsonObject, Store
from infra.fake_stripe.work import Work

LEASE_SECONDS = 60.0
"""A delivery whose sender died is taken up again after this."""


@dataclass(frozen=True, slots=True)
class Delivery:
    number: int
    tries: int
    event: JsonObject


def enqueue(work: Work, event: JsonObject) -> bool:
    """Queue an event for the endpoint as the dial will have it; False if the endpoint does not take it."""
    config, dial = work.config, work.dial
    if config.webhook_url is None:
        return False
    if config.webhook_types is not None and event["type"] not in config.webhook_types:
        return False
    due = work.instant
    if work.happens(dial.delay_rate):
        due += dial.delay_seconds
    if work.happens(dial.reorder_rate):
        due += dial.reorder_seconds * work.draw()
    if work.happens(dial.drop_rate):
        add(work, event["id"], None, "dropped")
    else:
        add(work, event["id"], due, "waiting")
    if work.happens(dial.duplicate_rate):
        add(work, event["id"], due + dial.reorder_seconds * work.draw(), "waiting")
    return True


def add(work: Work, event_id: str, due: float | None, state: str) -> None:
    work.tx.sql.execute("INSERT INTO deliveries (event_id, due, state) VALUES (?, ?, ?)", (event_id, due, state))


def claim(work: Work) -> Delivery | None:
    """The next delivery that is due, leased to the caller."""
    row = work.tx.sql.execute(
        "SELECT number, event_id, tries FROM deliveries WHERE due <= ? ORDER BY due, number LIMIT 1", (work.instant,)
    ).fetchone()
    if row is None:
        return None
    work.tx.sql.execute("UPDATE deliveries SET due = ? WHERE number = ?", (work.instant + LEASE_SECONDS, row[0]))
    event = work.load("event", row[1])
    return Delivery(number=row[0], tries=row[2], event=event)


def settle(work: Work, delivery: Delivery, status: int) -> None:
    """Write down what the endpoint answered: done, to be tried again, or given up."""
    tries = delivery.tries + 1
    due: float | None = None
    if 200 <= status < 300:
        state = "delivered"
    elif tries > len(work.config.retry_after):
        state = "given_up"
    else:
        state, due = "waiting", work.instant + work.config.retry_after[tries - 1]
    work.tx.sql.execute(
        "UPDATE deliveries SET due = ?, tries = ?, state = ?, last_status = ? WHERE number = ?",
        (due, tries, state, status, delivery.number),
    )
    if state == "delivered":
        work.tx.put(delivery.event | {"pending_webhooks": 0}, ref=delivery.event["data"]["object"]["id"])


def send(config: FakeStripeConfig, delivery: Delivery, timestamp: int) -> int:
    """Post a delivery; 0 if nobody answered."""
    if config.webhook_url is None:
        return 0
    body = json.dumps(delivery.event, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (fake; TEST)",
        "Stripe-Signature": signature(body, config.webhook_secret, timestamp),
    }
    try:
        return config.transport(config.webhook_url, body, headers)
    except (OSError, http.client.HTTPException):
        return 0


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The header's value, scheme v1: HMAC-SHA256 over "timestamp.body"."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


def all_of(store: Store) -> list[JsonObject]:
    """The queue and its history, oldest first: event, type, state, tries, last_status, due."""
    with store.transaction() as tx:
        rows = tx.sql.execute(
            "SELECT d.number, d.event_id, json_extract(o.body, '$.type'), d.state, d.tries, d.last_status, d.due "
            "FROM deliveries d JOIN objects o ON o.id = d.event_id ORDER BY d.number"
        ).fetchall()
    names = ("number", "event", "type", "state", "tries", "last_status", "due")
    return [dict(zip(names, row, strict=True)) for row in rows]
