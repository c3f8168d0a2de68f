"""The fake Stripe as one object: its transactions, its queue, and what the clock makes due."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask

from infra.fake_stripe import refunds, sessions, webhooks
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.store import Store
from infra.fake_stripe.work import Work


class FakeStripe:
    """Safe for threads; several processes may share one file."""

    def __init__(self, config: FakeStripeConfig) -> None:
        self.config = config
        self.store = Store(config.data)
        self.wake = threading.Event()
        """Set whenever something may have become due."""

    @contextmanager
    def work(
        self, *, base_url: str = "", request_id: str | None = None, key: str | None = None, wakes: bool = True
    ) -> Iterator[Work]:
        """One transaction at the present instant, in which whatever the clock has made due has happened."""
        with self.store.transaction() as tx:
            work = Work(tx, self.config, self.config.clock.now(), base_url, request_id, key)
            catch_up(work)
            yield work
            changed = tx.changed
        if changed and wakes:
            self.wake.set()

    def deliver_due(self) -> int:
        """Do what the clock has made due and try every webhook that is; returns how many were tried.

        Sessions expire, direct debits and refunds settle, and their events are delivered as well. 0 means that nothing
        is left to do before `next_due_at()`.
        """
        tried = 0
        while True:
            with self.work(wakes=False) as work:
                delivery = webhooks.claim(work)
                timestamp = work.seconds
            if delivery is None:
                return tried
            status = webhooks.send(self.config, delivery, timestamp)
            with self.work(wakes=False) as work:
                webhooks.settle(work, delivery, status)
            tried += 1

    def next_due_at(self) -> datetime | None:
        """When the fake will next act by itself: a session expires, a payment settles, a webhook is due."""
        with self.store.transaction() as tx:
            due = tx.next_due()
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def close(self) -> None:
        self.store.close()


def desk(app: Flask) -> FakeStripe:
    """The fake behind an app of `create_app`."""
    fake: FakeStripe = app.extensions["fake_stripe"]
    return fake


def catch_up(work: Work) -> None:
    """Let happen what was due; each in its turn, so that causes come before effects."""
    for kind, body in work.tx.due(work.instant):
        if kind == sessions.KIND:
            sessions.close_unpaid(work, body)
        elif kind == "payment_intent":
            sessions.settle_late_payment(work, body)
        elif kind == "refund":
            refunds.settle(work, body)
