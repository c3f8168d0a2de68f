"""Orders: `POST orders` by 16 clients on the same cores, workers running, beside a POST to bare Flask by the same clients."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import sqlalchemy as sa

from infra.services import module
from services.ticket.store.tables import orders
from tests.bench.clients import Answers, drive, post
from tests.bench.parts import STACKS, Place, note, percentile, place, report
from tests.bench.street import SLUG, Street, street

CLIENTS = 16
WARM, SECONDS = 3.0, 15.0
BARS = {"local": 250, "cluster": 200}
LONGEST_DRAIN = 120.0


def main() -> None:
    for stack in STACKS:
        with place(stack) as where, street(where) as open_street:
            _measure(where, open_street)


def _measure(where: Place, at: Street) -> None:
    note(f"orders/{where.stack}: bare Flask ...")
    bare = _bare(at)
    note(f"orders/{where.stack}: the shop, with its workers ...")
    at.start_stripe()
    at.start_worker()
    at.start_web()
    web_before, worker_before = at.cpu_seconds("web"), at.cpu_seconds("worker")
    answers = drive(at.web, _orders(at.web), CLIENTS, WARM, SECONDS)
    web_cpu = at.cpu_seconds("web") - web_before
    drained = _drain(at)
    worker_cpu = at.cpu_seconds("worker") - worker_before
    kept = _kept(at)
    bar = BARS[where.stack]
    figures = {
        "clients": CLIENTS,
        "orders_per_s": round(answers.rate),
        "p50_ms": round(percentile(answers.took, 0.5) * 1000, 1),
        "p99_ms": round(percentile(answers.took, 0.99) * 1000, 1),
        "refused": sum(count for status, count in answers.statuses.items() if status != 201),
        "kept": kept,
        "web_cpu_ms": round(web_cpu / kept * 1000, 2),
        "worker_cpu_ms": round(worker_cpu / kept * 1000, 2),
        "drain_s": drained,
        "bare_per_s": round(bare.rate),
        "ratio": round(answers.rate / bare.rate, 3),
    }
    report("orders", where.stack, figures, {f"orders >= {bar}/s": answers.rate >= bar})


def _orders(address: tuple[str, int]) -> Iterator[bytes]:
    """Orders of one or two admissions, each under a key of its own."""
    for number in itertools.count():
        attendees = [
            {"name": f"Guest {number}", "email": f"guest{number}@example.org", "admission_type": "regular"}
            for _ in range(1 + number % 2)
        ]
        body = {"email": f"buyer{number}@example.org", "locale": "en", "attendees": attendees}
        path = f"/api/v1/conferences/{SLUG}/orders"
        yield post(address, path, body, {"Idempotency-Key": f"bench-{number}"})


def _bare(at: Street) -> Answers:
    body = {"attendees": [{"name": "Guest", "email": "guest@example.org", "admission_type": "regular"}]}
    with at.bare() as address:
        return drive(address, itertools.repeat(post(address, "/orders", body)), CLIENTS, 1.0, 4.0)


def _drain(at: Street) -> float:
    """Seconds until all that was set off was done."""
    began = time.monotonic()
    while not at.is_drained() and time.monotonic() - began < LONGEST_DRAIN:
        time.sleep(0.1)
    return round(time.monotonic() - began, 1)


def _kept(at: Street) -> int:
    with at.runtime.database(module("ticket").SERVICE).reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(orders)).scalar_one())
