"""Flash sale: 200 buyers want 5,000 tickets at once, and go on asking when all are gone: each gets a hold or an honest refusal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import sqlalchemy as sa

from infra.services import module
from services.ticket.store.tables import admissions, orders
from tests.bench.clients import drive, post
from tests.bench.parts import STACKS, Place, note, percentile, place, report
from tests.bench.street import SLUG, Street, street

TICKETS, BUYERS = 5_000, 200
SECONDS = 30.0
RATE_BAR, LONGEST_BAR = 400, 1.0


def main() -> None:
    for stack in STACKS:
        with place(stack) as where, street(where, TICKETS) as at:
            _measure(where, at)


def _measure(where: Place, at: Street) -> None:
    note(f"flash-sale/{where.stack}: {BUYERS} buyers, {TICKETS} tickets ...")
    at.start_stripe()
    at.start_worker()
    at.start_web()
    before = at.cpu_seconds("web")
    answers = drive(at.web, _orders(at.web), BUYERS, 0.0, SECONDS)
    cpu = at.cpu_seconds("web") - before
    sold, seconds = _sold(at)
    rate, p99 = sold / seconds, percentile(answers.took, 0.99)
    accidents = sum(count for status, count in answers.statuses.items() if status not in (201, 409, 503))
    figures = {
        "buyers": BUYERS,
        "sold": sold,
        "orders_per_s": round(rate),
        "p50_ms": round(percentile(answers.took, 0.5) * 1000, 1),
        "p99_ms": round(p99 * 1000, 1),
        "gone": answers.statuses.get(409, 0),
        "shed": answers.statuses.get(503, 0),
        "accidents": accidents,
        "oversold": max(0, sold - TICKETS),
        "web_cpu_ms": round(cpu / max(1, len(answers.took)) * 1000, 2),
    }
    bars = {
        f"orders >= {RATE_BAR}/s": rate >= RATE_BAR,
        f"p99 <= {LONGEST_BAR:.0f} s": p99 <= LONGEST_BAR,
        "oversold = 0": sold <= TICKETS,
        "accidents = 0": accidents == 0,
    }
    report("flash-sale", where.stack, figures, bars)


def _orders(address: tuple[str, int]) -> Iterator[bytes]:
    """One ticket each, as fast as they may."""
    for number in itertools.count():
        attendee = {"name": f"Guest {number}", "email": f"guest{number}@example.org", "admission_type": "regular"}
        body = {"email": f"buyer{number}@example.org", "locale": "en", "attendees": [attendee]}
        yield post(address, f"/api/v1/conferences/{SLUG}/orders", body, {"Idempotency-Key": f"flash-{number}"})


def _sold(at: Street) -> tuple[int, float]:
    """How many were sold, and the seconds between the first and the last of them."""
    with at.runtime.database(module("ticket").SERVICE).reading() as connection:
        count = int(connection.execute(sa.select(sa.func.count()).select_from(admissions)).scalar_one())
        first, last = connection.execute(
            sa.select(sa.func.min(orders.c.created_at), sa.func.max(orders.c.created_at))
        ).one()
    return count, max(1e-3, (last - first).total_seconds()) if count else 1e-3
