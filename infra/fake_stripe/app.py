"""The Flask app: Stripe's addresses as one table, and what every request has in common."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from infra.fake_stripe import (
    access,
    charges,
    controls,
    disputes,
    events,
    hosted_page,
    idempotency,
    payments,
    payouts,
    refunds,
    sessions,
)
from infra.fake_stripe.config import API_VERSION, FakeStripeConfig
from infra.fake_stripe.desk import FakeStripe, desk
from infra.fake_stripe.errors import ApiError
from infra.fake_stripe.params import Params, Tree, parse_form
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

__all__ = ["create_app", "desk"]

logger = logging.getLogger(__name__)

Endpoint = Callable[..., JsonObject]

ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("POST", "/v1/checkout/sessions", sessions.create),
    ("GET", "/v1/checkout/sessions", sessions.list_sessions),
    ("GET", "/v1/checkout/sessions/<id>", sessions.retrieve),
    ("GET", "/v1/checkout/sessions/<id>/line_items", sessions.retrieve_line_items),
    ("POST", "/v1/checkout/sessions/<id>/expire", sessions.expire),
    ("GET", "/v1/payment_intents", payments.list_intents),
    ("GET", "/v1/payment_intents/<id>", payments.retrieve),
    ("GET", "/v1/charges", charges.list_charges),
    ("GET", "/v1/charges/<id>", charges.retrieve),
    ("GET", "/v1/balance_transactions", charges.list_entries),
    ("GET", "/v1/balance_transactions/<id>", charges.retrieve_entry),
    ("GET", "/v1/payouts", payouts.list_payouts),
    ("GET", "/v1/payouts/<id>", payouts.retrieve),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds", refunds.list_refunds),
    ("GET", "/v1/refunds/<id>", refunds.retrieve),
    ("GET", "/v1/disputes", disputes.list_disputes),
    ("GET", "/v1/disputes/<id>", disputes.retrieve),
    ("GET", "/v1/events", events.list_events),
    ("GET", "/v1/events/<id>", events.retrieve),
)

FAULT_HEADER = "Fake-Stripe-Fault"
"""Tells in-process callers that the connection would have closed: "lost_response" or "refused"."""

BROKEN: JsonObject = {"error": {"type": "api_error", "message": "An unknown error occurred"}}
AWAY: JsonObject = {"error": {"type": "api_error", "message": "Stripe is currently unavailable. Please try again."}}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    fault: str | None = None
    replayed_from: str | None = None


def create_app(config: FakeStripeConfig) -> Flask:
    """The app; `desk(app)` is the fake behind it. Nothing is opened and no thread runs before the first request."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.extensions["fake_stripe"] = FakeStripe(config)
    for method, rule, endpoint in ENDPOINTS:
        name = f"{endpoint.__module__.rsplit('.', 1)[-1]}.{endpoint.__name__}"
        app.add_url_rule(rule, name, _view(endpoint), methods=[method])
    for method, rule, view in (*hosted_page.PAGES, *controls.CONTROLS):
        app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    app.add_url_rule("/livez", "livez", lambda: Response("ok\n", mimetype="text/plain"))
    app.register_error_handler(HTTPException, _refuse_address)
    app.before_request(_stay_away)
    return app


def _stay_away() -> Response | None:
    """The dial may say that Stripe is down for everybody but the dial."""
    request.get_data()  # an unread body would reset the connection under the answer
    if request.path.startswith("/test/") or request.path in ("/livez", "/style.css"):
        return None
    with desk(current_app).work() as work:
        down = work.dial.down
    if down == "no":
        return None
    if request.path.startswith("/c/") and down == "503":
        return hosted_page.away()
    return _respond(Answer(503, json.dumps(AWAY), "refused" if down == "refuse" else None), "req_none", None)


def _refuse_address(error: HTTPException) -> Response:
    message = f"Unrecognized request URL ({request.method}: {request.path}). The fake Stripe does not know it."
    body = {"error": {"type": "invalid_request_error", "message": message}}
    return _respond(Answer(error.code or 500, json.dumps(body)), "req_none", None)


def _view(endpoint: Endpoint) -> Callable[..., Response]:
    def view(**ids: str) -> Response:
        fake = desk(current_app)
        request_id = fake.config.ids.new("req", fake.config.clock.now())
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        try:
            access.check_key(request.headers.get("Authorization"), fake.config.api_key)
            pairs = request.form if request.method == "POST" else request.args
            tree = parse_form(pairs.items(multi=True))
            if request.method == "GET":
                answer = _read(fake, endpoint, tree, ids, request_id)
            else:
                answer = _change(fake, endpoint, tree, ids, request_id, key)
        except ApiError as error:
            answer = Answer(error.status, json.dumps({"error": error.body}))
        return _respond(answer, request_id, key)

    return view


def _base_url(fake: FakeStripe) -> str:
    return (fake.config.public_url or request.url_root).rstrip("/")


def _read(fake: FakeStripe, endpoint: Endpoint, tree: Tree, ids: dict[str, str], request_id: str) -> Answer:
    with fake.work(base_url=_base_url(fake), request_id=request_id) as work:
        params = Params(tree)
        delay = work.dial.answer_delay_seconds
        body = endpoint(work, params, **ids)
        params.texts("expand")
        params.refuse_unknown()
    if delay:
        fake.config.sleep(delay)
    return Answer(200, json.dumps(body))


def _change(
    fake: FakeStripe, endpoint: Endpoint, tree: Tree, ids: dict[str, str], request_id: str, key: str | None
) -> Answer:
    """Claim the key, take effect and keep the answer in one transaction, then let the dial spoil the answer."""
    with fake.work() as work:
        delay = work.dial.answer_delay_seconds
        stored = idempotency.claim(work, key, request.path, tree, request_id) if key else None
    if stored is not None:
        return Answer(stored.status, stored.body, replayed_from=stored.request_id)
    if delay:
        fake.config.sleep(delay)
    try:
        with fake.work(base_url=_base_url(fake), request_id=request_id, key=key) as work:
            answer = Answer(200, json.dumps(endpoint(work, Params(tree), **ids)), _fault(work))
            if answer.fault == "error_after_effect":
                answer = replace(answer, status=500, body=json.dumps(BROKEN), fault=None)
            if key:
                idempotency.keep(work, key, answer.status, answer.body)
        return answer
    except ApiError as error:
        answer = Answer(error.status, json.dumps({"error": error.body}))
        if key:
            with fake.work() as work:
                if error.keeps:
                    idempotency.keep(work, key, answer.status, answer.body)
                else:
                    idempotency.release(work, key)
        return answer


def _fault(work: Work) -> str | None:
    """What the dial does to the answer of a change that took effect."""
    dial = work.dial
    if dial.next_answers:
        work.turn(replace(dial, next_answers=dial.next_answers[1:]))
        return None if dial.next_answers[0] == "ok" else dial.next_answers[0]
    if work.happens(dial.error_after_effect_rate):
        return "error_after_effect"
    return "lost_response" if work.happens(dial.lost_response_rate) else None


def _respond(answer: Answer, request_id: str, key: str | None) -> Response:
    response = Response(answer.body, answer.status, mimetype="application/json")
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    response.headers["Cache-Control"] = "no-store"
    if key:
        response.headers["Idempotency-Key"] = key
        if answer.status == 500:
            response.headers["Stripe-Should-Retry"] = "false"
    if answer.replayed_from is not None:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.replayed_from
    if answer.fault is not None:
        _hang_up()
        response.status_code = 503 if answer.fault == "refused" else 502
        response.set_data(json.dumps(AWAY))
        response.headers[FAULT_HEADER] = answer.fault
    return response


def _hang_up() -> None:
    """Close the connection under the answer, where a server with sockets runs the app."""
    connection = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            logger.info("the caller hung up first: %s", error)
