"""Checkout Sessions, seen through the real client."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import stripe

from tests.fake_stripe.conftest import DECLINED, GOOD, POOR, World, build, client_of


def test_a_session_carries_what_it_was_made_with(world: World) -> None:
    session = world.create()
    assert session.id.startswith("cs_test_")
    assert (session.object, session.livemode, session.status, session.payment_status) == (
        "checkout.session", False, "open", "unpaid",
    )  # fmt: skip
    assert (session.amount_total, session.currency) == (19900, "eur")
    assert session.metadata["order"] == "ord_1"
    assert session.url == f"http://pay.example/c/pay/{session.id}"
    again = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert again.line_items is not None
    assert [(item.description, item.quantity, item.amount_total) for item in again.line_items.data] == [
        ("Early bird", 1, 19900)
    ]
    assert world.client.v1.checkout.sessions.line_items.list(session.id).data[0].amount_total == 19900


@pytest.mark.parametrize(("minutes", "word"), [(29, "at least 30 minutes"), (24 * 60 + 1, "less than 24 hours")])
def test_a_session_lives_between_half_an_hour_and_a_day(world: World, minutes: int, word: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=word) as refused:
        world.create(minutes=minutes)
    assert refused.value.param == "expires_at"
    assert refused.value.http_status == 400


def test_a_session_without_expiry_lives_a_day(world: World) -> None:
    params = world.session_params()
    del params["expires_at"]
    session = world.client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]
    assert session.expires_at - session.created == timedelta(days=1).total_seconds()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"colour": "red"}, "colour"),
        ({"metadata": {"k": "x" * 501}}, "metadata[k]"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"locale": "klingon"}, "locale"),
        ({"amount": 49}, "line_items"),
        ({"amount": -1}, "line_items[0][price_data][unit_amount]"),
    ],
)
def test_what_stripe_would_refuse_is_refused_with_the_parameters_name(
    world: World, change: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.create(**change)  # type: ignore[arg-type]
    assert refused.value.param == param
    assert world.client.v1.checkout.sessions.list().data == []


def test_a_paid_session_leads_to_its_intent_its_charge_and_the_fee(world: World) -> None:
    session = world.create()
    assert world.pay(session.id).status_code == 200
    paid = world.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent) and isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.status, intent.amount_received) == ("succeeded", 19900)
    entry = intent.latest_charge.balance_transaction
    assert isinstance(entry, stripe.BalanceTransaction)
    assert (entry.amount, entry.fee, entry.net) == (19900, 324, 19576)


def test_a_declined_card_leaves_the_session_open_for_another(world: World) -> None:
    session = world.create()
    refused = world.pay(session.id, DECLINED)
    assert (refused.status_code, refused.json["error"]["decline_code"]) == (402, "generic_decline")
    assert world.pay(session.id, POOR).json["error"]["decline_code"] == "insufficient_funds"
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert world.pay(session.id, GOOD).status_code == 200
    assert len(world.client.v1.payment_intents.list().data) == 1


def test_a_session_is_paid_once(world: World) -> None:
    session = world.create()
    world.pay(session.id)
    second = world.pay(session.id)
    assert (second.status_code, second.json["error"]["code"]) == (400, "session_not_open")
    assert len(world.client.v1.charges.list().data) == 1


def test_an_expired_session_cannot_be_paid_and_a_paid_one_cannot_be_expired(world: World) -> None:
    first, second = world.create(), world.create()
    assert world.client.v1.checkout.sessions.expire(first.id).status == "expired"
    assert world.pay(first.id).status_code == 400
    world.pay(second.id)
    with pytest.raises(stripe.InvalidRequestError, match=re.escape("status of `complete`")):
        world.client.v1.checkout.sessions.expire(second.id)


def test_a_session_expires_by_the_clock_alone(world: World) -> None:
    session = world.create()
    assert world.fake.next_due_at() == world.clock.now() + timedelta(minutes=30)
    world.later(30 * 60)
    assert world.fake.deliver_due() == 1
    assert world.endpoint.types == ["checkout.session.expired"]
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert world.fake.next_due_at() is None


def test_a_free_session_needs_no_payment(world: World) -> None:
    session = world.create(amount=0)
    assert world.post(f"/test/sessions/{session.id}/pay", {}).status_code == 200
    free = world.client.v1.checkout.sessions.retrieve(session.id)
    assert (free.status, free.payment_status, free.payment_intent) == ("complete", "no_payment_required", None)


def test_sessions_are_listed_newest_first_in_pages_and_by_filter(world: World) -> None:
    made = []
    for _ in range(5):
        made.append(world.create().id)
        world.later(1)
    world.pay(made[1])
    sessions = world.client.v1.checkout.sessions
    first = sessions.list({"limit": 2})
    assert ([s.id for s in first.data], first.has_more) == ([made[4], made[3]], True)
    rest = sessions.list({"limit": 10, "starting_after": made[3]})
    assert ([s.id for s in rest.data], rest.has_more) == ([made[2], made[1], made[0]], False)
    newer = sessions.list({"limit": 1, "ending_before": made[2]})
    assert ([s.id for s in newer.data], newer.has_more) == ([made[3]], True)
    assert [s.id for s in first.auto_paging_iter()] == made[::-1]
    assert [s.id for s in sessions.list({"status": "complete"}).data] == [made[1]]
    intent = sessions.retrieve(made[1]).payment_intent
    assert isinstance(intent, str)
    assert [s.id for s in sessions.list({"payment_intent": intent}).data] == [made[1]]
    since = int(world.clock.now().timestamp()) - 2
    assert [s.id for s in sessions.list({"created": {"gte": since}}).data] == [made[4], made[3]]


def test_a_direct_debit_completes_the_session_and_pays_days_later(world: World) -> None:
    good, bad = (world.create(payment_method_types=["card", "sepa_debit"]) for _ in range(2))
    for session, iban in ((good, "DE89 3704 0044 0532 0130 00"), (bad, "DE62370400440532013001")):
        body = world.post(f"/test/sessions/{session.id}/pay", {"iban": iban}).json
        assert (body["status"], body["payment_status"]) == ("complete", "unpaid")
    world.fake.deliver_due()
    world.later(180)
    world.fake.deliver_due()
    assert world.endpoint.types.count("checkout.session.completed") == 2
    assert world.endpoint.types.count("checkout.session.async_payment_succeeded") == 1
    assert world.endpoint.types.count("checkout.session.async_payment_failed") == 1
    assert world.client.v1.checkout.sessions.retrieve(good.id).payment_status == "paid"
    assert world.client.v1.checkout.sessions.retrieve(bad.id).payment_status == "unpaid"


@pytest.mark.parametrize("id", ["cs_test_nobody", "x' OR '1'='1"])
def test_an_unknown_session_is_missing_with_404(world: World, id: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        world.client.v1.checkout.sessions.retrieve(id)
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_only_test_keys_are_taken(world: World) -> None:
    for app, key in ((world.app, "sk_live_51abcdefgh1234"), (build(api_key="sk_test_right").app, "sk_test_wrong_key")):
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
            client_of(app, key).v1.refunds.list()
        assert key not in str(refused.value)
    answer = world.get("/v1/refunds")
    assert (answer.status_code, "did not provide an API key" in answer.json["error"]["message"]) == (401, True)


def test_an_address_that_stripe_does_not_have_is_named(world: World) -> None:
    answer = world.get("/v1/unicorns")
    assert answer.status_code == 404
    assert "/v1/unicorns" in answer.json["error"]["message"]
