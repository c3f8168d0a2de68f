"""Stripe's webhook: the signature is judged on the raw body, ids are kept, the effect is an errand's."""

from __future__ import annotations

from flask import Flask, Response, request

from services.ticket.handlers import record_webhook
from services.ticket.web import desk
from shared import crash
from shared.errors import InvalidInput


def install(app: Flask) -> None:
    app.add_url_rule("/stripe/webhook", "stripe_webhook", stripe_webhook, methods=["POST"])
    app.extensions["csrf"].exempt(stripe_webhook)


def stripe_webhook() -> Response:
    """400 for a wrong signature or an old time stamp; else 2xx once it is kept, whatever it is about."""
    context = desk().context
    try:
        event = context.payments.verify_webhook(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except InvalidInput as error:
        return Response(str(error), 400, mimetype="text/plain")
    record_webhook(context, event.event_id, event.type, event.object_id)
    crash.point("webhook.before_answer")
    return Response(status=204)
