"""Webhooks: 20,000 signed ones of which 30 % are doubled, shuffled, beside a bare verifier that gets the same ones."""

from __future__ import annotations

import json
import random

import sqlalchemy as sa
import stripe

from infra.services import module
from services.ticket.store.tables import webhooks
from tests.bench.clients import Answers, exhaust, post
from tests.bench.parts import STACKS, Place, note, percentile, place, report
from tests.bench.street import Street, street

EVENTS, DOUBLED = 14_000, 6_000
CLIENTS = 8
BAR = 0.4


def main() -> None:
    for stack in STACKS:
        with place(stack) as where, street(where) as open_street:
            _measure(where, open_street)


def _measure(where: Place, at: Street) -> None:
    secret = at.runtime.settings.stripe_webhook_secret
    events = [_signed(number, secret) for number in range(EVENTS)]
    draw = random.Random(5)
    events += draw.sample(events, DOUBLED)
    draw.shuffle(events)
    note(f"webhooks/{where.stack}: the bare verifier ...")
    bare = _bare(at, events, secret)
    note(f"webhooks/{where.stack}: ours ...")
    at.start_web()
    answers = _send(at.web, events)
    kept, errands = _effects(at)
    ratio = answers.rate / bare.rate
    figures = {
        "sent": len(events),
        "webhooks_per_s": round(answers.rate),
        "p50_ms": round(percentile(answers.took, 0.5) * 1000, 1),
        "p99_ms": round(percentile(answers.took, 0.99) * 1000, 1),
        "refused": sum(count for status, count in answers.statuses.items() if status != 204),
        "kept": kept,
        "effects": errands,
        "bare_per_s": round(bare.rate),
        "ratio": round(ratio, 2),
    }
    report(
        "webhooks",
        where.stack,
        figures,
        {f"ratio >= {BAR}": ratio >= BAR, "each effect once": kept == errands == EVENTS},
    )


def _signed(number: int, secret: str) -> tuple[bytes, dict[str, str]]:
    checkout = {"id": f"cs_bench_{number}", "object": "checkout.session"}
    event = {
        "id": f"evt_bench_{number}",
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": checkout},
    }
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)  # type: ignore[no-untyped-call]
    return body.encode(), {"Stripe-Signature": str(signature)}


def _bare(at: Street, events: list[tuple[bytes, dict[str, str]]], secret: str) -> Answers:
    with at.bare(BARE_WEBHOOK_SECRET=secret) as address:
        return _send(address, events)


def _send(address: tuple[str, int], events: list[tuple[bytes, dict[str, str]]]) -> Answers:
    return exhaust(address, [post(address, "/stripe/webhook", body, headers) for body, headers in events], CLIENTS)


def _effects(at: Street) -> tuple[int, int]:
    """Webhooks that are kept, and the checkouts that we are going to ask Stripe about."""
    database = at.runtime.database(module("ticket").SERVICE)
    timers = database.frame.timers
    with database.reading() as connection:
        kept = connection.execute(sa.select(sa.func.count()).select_from(webhooks)).scalar_one()
        asking = sa.select(sa.func.count()).select_from(timers).where(timers.c.kind == "ask_stripe")
        return int(kept), int(connection.execute(asking).scalar_one())
