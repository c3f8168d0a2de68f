"""Propagation: from Stripe's signed webhook for a held order to the headcount committed in catering, at a steady 50 a second.

Beside it, what the path cannot do without: a durable commit, a produce with its acknowledgement, a durable commit.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import sqlalchemy as sa
import stripe
from werkzeug.test import Client

from infra.fake_stripe.app import create_app as create_fake_stripe
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.in_process import WsgiHTTPClient
from infra.services import module
from services.ticket.app import FAKE_KEY, make_context
from services.ticket.handlers import AttendeeWish, OrderWish, begin_payment, place_order
from services.ticket.payments import Payments
from services.ticket.store.tables import admissions, orders, sessions
from shared.log import Message
from tests.bench.clients import paced, post
from tests.bench.parts import STACKS, Place, note, percentile, place, report
from tests.bench.street import SLUG, Street, children_of, street

RATE = 50
SECONDS = 20
WARM = 100
"""The first webhooks, which do not count."""
ALONE, ALONE_RATE = 40, 5
"""The very first ones come slowly, so that none waits for another: what the way itself takes, of their second half."""
BAR_P50, BAR_P99 = 30, 100
ROUND_TRIPS = 150
MAIL_SECONDS = 15
PATIENCE = 30.0


@dataclass(frozen=True)
class Held:
    """An order that was paid at Stripe, of which we were not told yet."""

    session_id: str
    admission_id: str


def main() -> None:
    for stack in STACKS:
        with place(stack) as where, street(where) as at:
            _measure(where, at)


def _measure(where: Place, at: Street) -> None:
    count = WARM + RATE * SECONDS
    note(f"propagation/{where.stack}: holding and paying {count} orders ...")
    held = _hold(at, count)
    at.start_stripe()
    at.start_worker("tests.bench.backstage")
    at.start_web()
    _settle(at)
    floor = _round_trips(at)
    note(f"propagation/{where.stack}: {RATE} webhooks a second ...")
    watch = _Watch(at)
    watch.start()
    requests = [_webhook(at, each, number) for number, each in enumerate(held)]
    first, _ = paced(at.web, requests[:ALONE], ALONE_RATE, threads=1)
    programs = ("web", "worker", "stripe")
    before = {name: at.cpu_seconds(name) for name in programs}
    sent, answered = paced(at.web, requests[ALONE:], RATE, threads=8)
    watch.finish(count)
    cpu = {
        f"{name}_cpu_ms": round((at.cpu_seconds(name) - before[name]) / (count - ALONE) * 1000, 1) for name in programs
    }
    watch.end()
    alone = _took(watch, held[ALONE // 2 : ALONE], first[ALONE // 2 :])
    took = _took(watch, held[WARM:], sent[WARM - ALONE :])
    p50, p99 = percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000
    figures = {
        "webhooks_per_s": RATE,
        "orders": len(took),
        "missing": RATE * SECONDS - len(took),
        "p50_ms": round(p50, 1),
        "p99_ms": round(p99, 1),
        "answered_p50_ms": round(percentile(answered, 0.5) * 1000, 1),
        "alone_p50_ms": round(median(alone) * 1000, 1),
        **cpu,
        "floor_p50_ms": round(median(floor) * 1000, 1),
        "ratio": round(median(floor) * 1000 / p50, 2),
        **_mails(at),
    }
    bars = {f"p50 <= {BAR_P50} ms": p50 <= BAR_P50, f"p99 <= {BAR_P99} ms": p99 <= BAR_P99} if where.kafka else {}
    report("propagation", where.stack, figures, bars)


def _took(watch: _Watch, held: list[Held], sent: list[float]) -> list[float]:
    """Seconds from webhook to commit, of those that arrived."""
    both = zip(held, sent, strict=True)
    return [watch.seen[each.admission_id] - began for each, began in both if each.admission_id in watch.seen]


def _hold(at: Street, count: int) -> list[Held]:
    """Orders with a checkout at the fake Stripe, each paid there. It works in this process, on the file that it runs on later."""
    runtime = at.runtime
    secret = runtime.settings.stripe_webhook_secret
    fake = create_fake_stripe(FakeStripeConfig(data=str(at.log_folder / "stripe.db"), webhook_secret=secret))
    payments = Payments(FAKE_KEY, secret, runtime.clock, runtime.settings.stripe_api, http_client=WsgiHTTPClient(fake))
    context = make_context(runtime, payments)
    buyer = Client(fake)
    for number in range(count):
        wish = OrderWish(
            f"buyer{number}@example.org", (AttendeeWish(f"Guest {number}", f"g{number}@example.org", "regular"),)
        )
        placed = place_order(context.database, SLUG, wish)
        with context.database.reading() as connection:
            find = sa.select(orders.c.order_id).where(orders.c.reference == placed.reference)
            order_id = connection.execute(find).scalar_one()
        page = begin_payment(context, order_id)
        session_id = page.split("#")[0].rstrip("/").rsplit("/", 1)[-1]
        paid = buyer.post(f"/test/sessions/{session_id}/pay", json={"card": "4242424242424242"})
        if paid.status_code != 200:
            raise SystemExit(f"The fake Stripe did not take the card: {paid.text}")
    with context.database.reading() as connection:
        rows = connection.execute(
            sa.select(sessions.c.session_id, admissions.c.admission_id)
            .join(admissions, admissions.c.order_id == sessions.c.order_id)
            .order_by(sessions.c.order_id)
        )
        return [Held(row.session_id, row.admission_id) for row in rows]


def _webhook(at: Street, held: Held, number: int) -> bytes:
    body = json.dumps(
        {
            "id": f"evt_bench_{number}",
            "type": "checkout.session.completed",
            "data": {"object": {"id": held.session_id}},
        }
    )
    secret = at.runtime.settings.stripe_webhook_secret
    instant = int(at.runtime.clock.now().timestamp())
    signed = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=instant)
    return post(at.web, "/stripe/webhook", body.encode(), {"Stripe-Signature": signed})


class _Watch(threading.Thread):
    """Sees which admissions catering has committed. A headcount is committed with the admissions that it counts."""

    def __init__(self, at: Street) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self._database = at.runtime.database(module("catering").SERVICE)
        self._ended = threading.Event()

    def run(self) -> None:
        taken = self._database.engine.raw_connection()
        connection: Any = taken.driver_connection
        if not self._database.url.startswith("sqlite"):
            connection.autocommit = True
        before = -1
        while not self._ended.is_set():
            (headcount,) = connection.execute("SELECT max(admissions) FROM headcounts").fetchone()
            if headcount != before:
                before = headcount
                rows = connection.execute("SELECT admission_id FROM admissions").fetchall()
                now = time.perf_counter()
                for (admission_id,) in rows:
                    self.seen.setdefault(admission_id, now)
            time.sleep(0.002)
        taken.detach()
        connection.close()

    def finish(self, count: int) -> None:
        """Wait until all were seen, or for `PATIENCE` seconds."""
        until = time.monotonic() + PATIENCE
        while len(self.seen) < count and time.monotonic() < until:
            time.sleep(0.05)

    def end(self) -> None:
        self._ended.set()
        self.join()


def _settle(at: Street) -> None:
    """Let what holding the orders set off pass by."""
    until = time.monotonic() + PATIENCE
    while not at.is_drained() and time.monotonic() < until:
        time.sleep(0.1)


def _round_trips(at: Street) -> list[float]:
    """Commit, produce, commit: nothing that propagates by an outbox takes less."""
    database = at.runtime.database(module("ticket").SERVICE)
    topic = "bench.floor"
    at.runtime.log.create_topics([topic])
    producer = at.runtime.log.producer("bench")
    table = sa.Table("bench_floor", sa.MetaData(), sa.Column("n", sa.Integer))
    table.create(database.engine)
    put = sa.insert(table)
    took = []
    for number in range(ROUND_TRIPS):
        began = time.perf_counter()
        with database.transaction() as tx:
            tx.execute(put, {"n": number})
        producer.send([Message(topic, f"bench-{number}", b"{}")])
        with database.transaction() as tx:
            tx.execute(put, {"n": number})
        took.append(time.perf_counter() - began)
    producer.close()
    table.drop(database.engine)
    return took


def _mails(at: Street) -> dict[str, Any]:
    """How many mails were queued, and how fast they go once they may."""
    database = at.runtime.database(module("notification").SERVICE)
    messages = database.metadata.tables["messages"]

    def counted() -> dict[str, int]:
        with database.reading() as connection:
            rows = connection.execute(sa.select(messages.c.state, sa.func.count()).group_by(messages.c.state))
            return {str(state): int(count) for state, count in rows}

    queued = counted()
    began = time.monotonic()
    for pid in (at.children["worker"], *children_of(at.children["worker"])):
        os.kill(pid, signal.SIGUSR1)
    while time.monotonic() - began < MAIL_SECONDS and counted().get("due", 0):
        time.sleep(0.25)
    sent = counted().get("sent", 0) - queued.get("sent", 0)
    return {
        "mails_queued": queued.get("due", 0),
        "mails_sent": sent,
        "mails_per_s": round(sent / (time.monotonic() - began), 1),
    }
