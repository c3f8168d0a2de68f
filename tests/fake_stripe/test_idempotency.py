"""Idempotency keys with Stripe's rules, and the faults that they are there for."""

from __future__ import annotations

import threading

import pytest
import stripe

from tests.fake_stripe.conftest import World, build, client_of


def test_the_same_key_and_request_give_the_same_answer_and_say_so(world: World) -> None:
    first, second = world.create(key="k1"), world.create(key="k1")
    assert first.id == second.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(world.client.v1.checkout.sessions.list().data) == 1


def test_a_key_that_is_used_for_another_request_is_refused(world: World) -> None:
    session = world.create(key="k1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        world.create(key="k1", amount=20000)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        world.client.v1.checkout.sessions.expire(session.id, None, {"idempotency_key": "k1"})
    assert len(world.client.v1.checkout.sessions.list().data) == 1


def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    first = world.create(key="k1", minutes=24 * 60 - 1)
    world.later(24 * 60 * 60 - 1)
    assert world.client.v1.checkout.sessions.list().data[0].status == "expired"
    params = world.session_params(minutes=24 * 60 - 1)
    with pytest.raises(stripe.IdempotencyError):
        world.client.v1.checkout.sessions.create(params, {"idempotency_key": "k1"})  # type: ignore[arg-type]
    world.later(1)
    assert world.create(key="k1").id != first.id


def test_a_refused_parameter_does_not_use_up_the_key_but_a_refused_effect_does(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        world.create(key="k1", minutes=1)
    assert world.create(key="k1").status == "open"
    with pytest.raises(stripe.InvalidRequestError) as first:
        world.client.v1.refunds.create({"payment_intent": "pi_none"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.InvalidRequestError) as second:
        world.client.v1.refunds.create({"payment_intent": "pi_none"}, {"idempotency_key": "k2"})
    assert "Idempotent-Replayed" not in first.value.headers  # type: ignore[operator]
    assert second.value.headers["Idempotent-Replayed"] == "true"  # type: ignore[index]


def test_a_500_after_the_effect_is_remembered_and_the_effect_is_there(world: World) -> None:
    world.turn(next_answers=["error_after_effect"])
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            world.create(key="k1")
        assert broken.value.http_status == 500
    assert broken.value.headers["Idempotent-Replayed"] == "true"  # type: ignore[index]
    assert len(world.client.v1.checkout.sessions.list().data) == 1


def test_a_lost_response_is_found_again_with_the_same_key(world: World) -> None:
    world.turn(next_answers=["lost_response"])
    with pytest.raises(stripe.APIConnectionError):
        world.create(key="k1")
    (made,) = world.client.v1.checkout.sessions.list().data
    assert world.create(key="k1").id == made.id


def test_the_library_retries_a_lost_response_by_itself_with_one_effect(world: World) -> None:
    world.turn(next_answers=["lost_response", "ok"])
    params = world.session_params()
    made = client_of(world.app, retries=2).v1.checkout.sessions.create(params)  # type: ignore[arg-type]
    assert [session.id for session in world.client.v1.checkout.sessions.list().data] == [made.id]


def test_one_of_two_requests_at_once_with_a_key_is_told_to_wait() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def hold(seconds: float) -> None:
        inside.set()
        assert go_on.wait(20)

    world = build(sleep=hold)
    world.turn(answer_delay_seconds=1)
    made: list[str] = []
    first = threading.Thread(target=lambda: made.append(world.create(key="k1").id))
    first.start()
    assert inside.wait(20)
    with pytest.raises(stripe.APIError, match="another in-progress request") as busy:
        world.create(key="k1")
    go_on.set()
    first.join(20)
    assert busy.value.http_status == 409
    assert world.create(key="k1").id == made[0]


def test_rates_spoil_some_answers_and_every_effect_is_made_once() -> None:
    world = build()
    world.turn(error_after_effect_rate=0.3, lost_response_rate=0.3)
    for number in range(30):
        try:
            world.create(key=f"k{number}", client_reference_id=f"ord_{number}")
        except (stripe.APIError, stripe.APIConnectionError):
            continue
    sessions = world.client.v1.checkout.sessions.list({"limit": 100}).data
    assert sorted(str(s.client_reference_id) for s in sessions) == sorted(f"ord_{n}" for n in range(30))


def test_stripe_that_is_down_does_nothing_until_the_dial_is_turned_back(world: World) -> None:
    world.turn(down="503")
    with pytest.raises(stripe.APIError) as down:
        world.create(key="k1")
    assert down.value.http_status == 503
    world.turn(down="refuse")
    with pytest.raises(stripe.APIConnectionError):
        world.client.v1.refunds.list()
    world.turn(reset=True)
    assert world.client.v1.checkout.sessions.list().data == []
    assert world.create(key="k1").status == "open"


@pytest.mark.parametrize(
    "setting", [{"drop_rate": 2}, {"drop_rate": "x"}, {"down": "maybe"}, {"colour": 1}, {"next_answers": ["boom"]}]
)
def test_a_dial_that_cannot_be_turned_like_that_says_why_and_stays(world: World, setting: dict[str, object]) -> None:
    answer = world.post("/test/dial", setting)
    assert answer.status_code == 400
    assert next(iter(setting)) in answer.json["error"]["message"]
    assert world.get("/test/dial").json["drop_rate"] == 0


def test_the_dial_takes_json_only(world: World) -> None:
    assert world.app.test_client().post("/test/dial", data={"down": "503"}).status_code == 400
    assert world.create().status == "open"
