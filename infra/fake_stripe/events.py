"""Events: what happened, with a snapshot of what it happened to."""

from __future__ import annotations

from infra.fake_stripe import webhooks
from infra.fake_stripe.config import API_VERSION
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present, shown
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work


def record(work: Work, type: str, subject: JsonObject) -> None:
    """Write the event and queue its webhook, in the transaction of what happened."""
    event: JsonObject = {
        "id": work.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": work.seconds,
        "data": {"object": shown(subject)},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": work.request_id, "idempotency_key": work.idempotency_key},
        "type": type,
    }
    work.tx.put(event, ref=subject["id"])
    if webhooks.enqueue(work, event):
        work.tx.put(event | {"pending_webhooks": 1}, ref=subject["id"])


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("event", id), params)


def list_events(work: Work, params: Params) -> JsonObject:
    """Newest first; `type` takes one name, `types` up to twenty."""
    types = params.texts("types")
    any_of = {"type": types} if types else None
    return page(work, "event", "/v1/events", params, fields={"type": params.text("type")}, any_of=any_of)
