"""The bare twins: Flask takes JSON and gives JSON, or judges a webhook's signature, and does nothing else."""

from __future__ import annotations

import os

import stripe
from flask import Flask, Response, jsonify, request


def make_application() -> Flask:
    app = Flask(__name__)

    def take() -> tuple[Response, int]:
        return jsonify(attendees=len(request.get_json()["attendees"])), 201

    def verify() -> Response:
        stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
            request.get_data(), request.headers["Stripe-Signature"], os.environ["BARE_WEBHOOK_SECRET"]
        )
        return Response(status=204)

    app.add_url_rule("/stripe/webhook", "verify", verify, methods=["POST"])
    app.add_url_rule("/orders", "take", take, methods=["POST"])
    app.add_url_rule("/livez", "livez", lambda: jsonify(status="alive"))
    return app
