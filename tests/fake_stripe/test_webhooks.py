"""Webhooks: signed as Stripe signs, at least once, spoiled as the dial says."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
import stripe

from tests.fake_stripe.conftest import DECLINED, SECRET, World, build


def test_a_webhook_stands_up_to_the_real_verification() -> None:
    world = build()
    world.clock.advance_to(datetime.fromtimestamp(time.time(), UTC))  # the library compares with the machine's clock
    session = world.create()
    world.pay(session.id)
    world.fake.deliver_due()
    for body, signature in world.endpoint.received:
        stripe.Webhook.construct_event(body, signature, SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signature, SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, "whsec_other")


def test_a_paid_session_tells_of_its_payment_and_carries_the_session(world: World) -> None:
    session = world.create()
    world.pay(session.id)
    assert world.fake.deliver_due() == 4
    assert world.endpoint.types == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip
    event = json.loads(world.endpoint.received[-1][0])
    assert event["data"]["object"]["id"] == session.id
    assert event["data"]["object"]["payment_status"] == "paid"
    assert not [name for name in event["data"]["object"] if name.startswith("_")]
    assert world.client.v1.events.retrieve(event["id"]).type == "checkout.session.completed"
    assert world.fake.deliver_due() == 0


def test_a_declined_card_is_told_as_a_failed_payment(world: World) -> None:
    world.pay(world.create().id, DECLINED)
    world.fake.deliver_due()
    assert "payment_intent.payment_failed" in world.endpoint.types
    assert "checkout.session.completed" not in world.endpoint.types


def test_only_the_types_that_the_endpoint_asked_for_are_sent() -> None:
    world = build(webhook_types=frozenset({"checkout.session.completed"}))
    world.pay(world.create().id)
    world.fake.deliver_due()
    assert world.endpoint.types == ["checkout.session.completed"]
    assert len(world.client.v1.events.list().data) == 4


def test_a_webhook_that_is_not_taken_is_tried_again_with_growing_pauses_and_then_given_up() -> None:
    world = build(retry_after=(5, 30), webhook_types=frozenset({"checkout.session.expired"}))
    world.client.v1.checkout.sessions.expire(world.create().id)
    world.endpoint.status = 500
    assert world.fake.deliver_due() == 1
    assert world.fake.deliver_due() == 0
    world.later(5)
    assert world.fake.deliver_due() == 1
    world.later(29)
    assert world.fake.deliver_due() == 0
    world.later(1)
    assert world.fake.deliver_due() == 1
    assert world.fake.next_due_at() is None
    (delivery,) = world.get("/test/deliveries").json["items"]
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("given_up", 3, 500)


def test_a_shop_that_is_away_gets_its_webhook_when_it_is_back() -> None:
    def away(url: str, body: bytes, headers: object) -> int:
        raise ConnectionRefusedError(url)

    world = build(transport=away, webhook_types=frozenset({"checkout.session.expired"}))
    world.client.v1.checkout.sessions.expire(world.create().id)
    assert world.fake.deliver_due() == 1
    (delivery,) = world.get("/test/deliveries").json["items"]
    assert (delivery["state"], delivery["last_status"]) == ("waiting", 0)


def test_a_delivery_whose_sender_died_is_taken_up_again() -> None:
    class Killed(BaseException):
        pass

    def die(url: str, body: bytes, headers: object) -> int:
        raise Killed

    world = build(transport=die, webhook_types=frozenset({"checkout.session.expired"}))
    world.client.v1.checkout.sessions.expire(world.create().id)
    with pytest.raises(Killed):
        world.fake.deliver_due()
    assert world.fake.deliver_due() == 0
    world.later(60)
    with pytest.raises(Killed):
        world.fake.deliver_due()


def test_the_dial_doubles_drops_delays_and_reorders_webhooks() -> None:
    only = frozenset({"checkout.session.expired"})

    doubled = build(webhook_types=only)
    doubled.turn(duplicate_rate=1)
    doubled.client.v1.checkout.sessions.expire(doubled.create().id)
    doubled.fake.deliver_due()
    doubled.later(60)
    doubled.fake.deliver_due()
    first, second = doubled.endpoint.ids("checkout.session.expired")
    assert first == second

    dropped = build(webhook_types=only)
    dropped.turn(drop_rate=1)
    dropped.client.v1.checkout.sessions.expire(dropped.create().id)
    assert dropped.fake.deliver_due() == 0
    assert dropped.fake.next_due_at() is None
    assert dropped.client.v1.events.list().data[0].type == "checkout.session.expired"

    delayed = build(webhook_types=only)
    delayed.turn(delay_rate=1, delay_seconds=90)
    delayed.client.v1.checkout.sessions.expire(delayed.create().id)
    assert delayed.fake.deliver_due() == 0
    delayed.later(90)
    assert delayed.fake.deliver_due() == 1

    reordered = build()
    reordered.turn(reorder_rate=1)
    reordered.pay(reordered.create().id)
    reordered.later(60)
    reordered.fake.deliver_due()
    in_order = [event.type for event in reordered.client.v1.events.list().data][::-1]
    assert sorted(reordered.endpoint.types) == sorted(in_order)
    assert reordered.endpoint.types != in_order


def test_the_same_seed_spoils_the_same_webhooks() -> None:
    runs = []
    for _ in range(2):
        world = build()
        world.turn(drop_rate=0.3, duplicate_rate=0.3, reorder_rate=0.5)
        for _ in range(5):
            world.pay(world.create().id)
        world.later(120)
        world.fake.deliver_due()
        runs.append([body for body, _ in world.endpoint.received])
    assert runs[0] == runs[1]
    assert runs[0]


def test_an_event_can_be_sent_again_and_is_listed_by_type_and_time(world: World) -> None:
    world.pay(world.create().id)
    world.fake.deliver_due()
    events = world.client.v1.events
    (completed,) = events.list({"type": "checkout.session.completed"}).data
    assert len(events.list({"types": ["charge.succeeded", "payment_intent.succeeded"]}).data) == 2
    assert events.list({"created": {"gt": int(world.clock.now().timestamp())}}).data == []
    world.post(f"/test/events/{completed.id}/resend", {})
    assert world.fake.deliver_due() == 1
    assert world.endpoint.ids("checkout.session.completed") == [completed.id] * 2
