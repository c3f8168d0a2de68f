"""/test/...: the fake's own addresses, by which tests and rehearsals drive it. Stripe has none of these."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from infra.fake_stripe import checkout, disputes, payouts, refunds, webhooks
from infra.fake_stripe.desk import desk
from infra.fake_stripe.errors import ApiError, bad_param
from infra.fake_stripe.shape import shown
from infra.fake_stripe.store import JsonObject


def _answer(act: Callable[[JsonObject], tuple[int, JsonObject]]) -> Response:
    try:
        status, body = act(_json() if request.method == "POST" else {})
    except ApiError as error:
        status, body = error.status, {"error": error.body}
    return Response(json.dumps(body), status, mimetype="application/json")


def _json() -> JsonObject:
    """The body, a JSON object. Only JSON is taken: a form of a foreign page cannot send it unasked."""
    given: Any = request.get_json(silent=True)
    if request.get_data() == b"" and request.mimetype in ("", "application/json"):
        return {}
    if not isinstance(given, dict):
        raise bad_param("Send a JSON object with Content-Type application/json.", "body")
    return given


def _text(given: JsonObject, name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_param(f"{name} must be a string.", name)
    return value


def read_dial() -> Response:
    def act(given: JsonObject) -> tuple[int, JsonObject]:
        with desk(current_app).work() as work:
            return 200, work.dial.as_json()

    return _answer(act)


def turn_dial() -> Response:
    """Change what is named; `{"reset": true}` first goes back to the configured dial."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        changes = {name: value for name, value in given.items() if name != "reset"}
        with desk(current_app).work() as work:
            before = work.dial
            try:
                dial = (work.config.dial if given.get("reset") is True else before).turned(changes)
            except ValueError as error:
                raise bad_param(str(error), "dial") from error
            work.turn(dial)
            if dial.balance != before.balance and dial.balance != "pending":
                refunds.settle_waiting(work)
            return 200, dial.as_json()

    return _answer(act)


def pay_session(id: str) -> Response:
    """`{"card": "4242...", "email"?, "name"?}` or `{"iban": ...}`: 200 and the session, 402 if the bank refuses."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        means = checkout.Means(*(_text(given, name) for name in ("card", "iban", "email", "name")))
        with desk(current_app).work() as work:
            outcome = checkout.pay(work, id, means)
        if outcome.refusal is not None:
            return 402, {"error": outcome.refusal}
        return 200, shown(outcome.session)

    return _answer(act)


def open_dispute() -> Response:
    """`{"payment_intent": id}` or `{"charge": id}`, with `reason`, `amount` and `inquiry` if wished."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        with desk(current_app).work() as work:
            charge_id = _text(given, "charge")
            if charge_id is None:
                intent = work.load("payment_intent", _text(given, "payment_intent") or "", param="payment_intent")
                charge_id = intent["latest_charge"] or ""
            charge = work.load("charge", charge_id, param="charge")
            reason, amount = _text(given, "reason") or "general", given.get("amount", charge["amount"])
            if reason not in disputes.REASONS or not isinstance(amount, int):
                raise bad_param(f"reason is one of {', '.join(disputes.REASONS)}, amount a whole number.", "reason")
            return 200, disputes.open_dispute(work, charge, reason, amount, bool(given.get("inquiry")))

    return _answer(act)


def close_dispute(id: str) -> Response:
    """`{"status": "won"}` or `"lost"`."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        with desk(current_app).work() as work:
            return 200, disputes.close_dispute(work, work.load("dispute", id), _text(given, "status") or "")

    return _answer(act)


def pay_out() -> Response:
    """Have the balance go to the bank now: `{"currency": "eur"}`."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        with desk(current_app).work() as work:
            return 200, shown(payouts.pay_out(work, _text(given, "currency") or "eur"))

    return _answer(act)


def resend_event(id: str) -> Response:
    """Queue a webhook once more, as Stripe's dashboard can."""

    def act(given: JsonObject) -> tuple[int, JsonObject]:
        with desk(current_app).work() as work:
            event = work.load("event", id)
            webhooks.add(work, event["id"], work.instant, "waiting")
            return 200, event

    return _answer(act)


def step() -> Response:
    """Do now what is due: `{"delivered": tries}`."""
    return _answer(lambda given: (200, {"delivered": desk(current_app).deliver_due()}))


def list_deliveries() -> Response:
    return _answer(lambda given: (200, {"items": webhooks.all_of(desk(current_app).store)}))


CONTROLS: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/test/dial", read_dial),
    ("POST", "/test/dial", turn_dial),
    ("POST", "/test/sessions/<id>/pay", pay_session),
    ("POST", "/test/disputes", open_dispute),
    ("POST", "/test/disputes/<id>/close", close_dispute),
    ("POST", "/test/payouts", pay_out),
    ("POST", "/test/events/<id>/resend", resend_event),
    ("POST", "/test/step", step),
    ("GET", "/test/deliveries", list_deliveries),
)
