"""A stage: all services around one clock that stands still until it is moved, in one process and one thread.

It composes the very same applications and workers as an installation does. Mails go into a sink, Stripe is the fake one, services
reach each other without a network. Rehearsals, the demo's history and the flow tests play on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client

from infra.fake_stripe.app import create_app as create_stripe
from infra.fake_stripe.app import desk
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.in_process import WsgiHTTPClient
from infra.front_door import FrontDoor
from infra.services import NAMES, module, prepare
from services.notification.mailer import Mailer
from services.ticket.payments import Payments
from shared.clock import SimulatedClock
from shared.config import Settings
from shared.errors import InvalidInput, Unavailable
from shared.ids import Ids
from shared.internal import wsgi_transport
from shared.log import Log
from shared.runtime import Runtime
from shared.worker import Worker

STRIPE_URL = "http://stripe.invalid"
STRIPE_KEY = "sk_test_fake"
PATIENCE = 60.0
"""Seconds of real time after which a stage that does not come to rest is given up."""


@dataclass
class MailSink:
    """Takes every mail and keeps it as bytes."""

    keeps_attachments: bool = False
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        self.mails.append((recipient, mail))


class Stage:
    """Everything of an installation but the processes. `settings` say which databases and which log it plays on.

    Raises `InvalidInput` for a live key of Stripe: a stage never touches real money.
    """

    def __init__(
        self,
        settings: Settings,
        log: Log,
        clock: SimulatedClock,
        ids: Ids,
        *,
        mailer: Mailer | None = None,
        stripe_data: str = ":memory:",
        stripe_seed: int = 0,
        stripe_public_url: str = STRIPE_URL,
        patience: float = PATIENCE,
    ) -> None:
        if settings.stripe_key.startswith(("sk_live", "rk_live")):
            raise InvalidInput("A rehearsal never runs with a live key of Stripe: take STAGEDOOR_STRIPE_KEY away.")
        self.clock = clock
        self.patience = patience
        self.mailer = mailer or MailSink()
        self.runtime = Runtime(settings=settings, clock=clock, ids=ids, log=log)
        self._stripe_app = create_stripe(
            FakeStripeConfig(
                data=stripe_data,
                clock=clock,
                ids=ids,
                seed=stripe_seed,
                webhook_url=f"{settings.base_url}/stripe/webhook",
                webhook_secret=settings.stripe_webhook_secret,
                transport=self._deliver_webhook,
                public_url=stripe_public_url,
            )
        )
        self.stripe = desk(self._stripe_app)
        self.payments = Payments(
            STRIPE_KEY,
            settings.stripe_webhook_secret,
            clock,
            api_base=STRIPE_URL,
            http_client=WsgiHTTPClient(self._stripe_app),
        )
        prepare(self.runtime)
        self.door = FrontDoor(self.runtime, payments=self.payments)
        for name in NAMES:
            self.runtime.transports[name] = wsgi_transport(module(name).create_internal(self.runtime))
        given: dict[str, dict[str, Any]] = {
            "ticket": {"payments": self.payments},
            "notification": {"mailer": self.mailer},
        }
        self.workers: dict[str, Worker] = {
            name: module(name).create_worker(self.runtime, **given.get(name, {})) for name in NAMES
        }

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def browser(self) -> Client:
        """A client of the front door with cookies of its own."""
        return Client(self.door)

    def ask_stripe(self, method: str, path: str, json: Mapping[str, Any] | None = None) -> Any:
        """Use one of the fake's own controls (`/test/...`) or its pages; returns werkzeug's test response."""
        return Client(self._stripe_app).open(path, method=method, json=json, base_url=STRIPE_URL)

    def settle(self) -> int:
        """Work until nothing is left to do at this instant: no step finds anything and nothing is under way. Returns the steps."""
        until = time.monotonic() + self.patience
        steps = 0
        while True:
            done = self.stripe.deliver_due()
            done += sum(worker.step() for worker in self.workers.values())
            steps += done
            if not done and self._is_drained():
                return steps
            if time.monotonic() > until:
                raise Unavailable(f"The stage does not come to rest at {self.now}: {self._what_waits()}")

    def advance_to(self, instant: datetime, at_each: Callable[[datetime], None] = lambda now: None) -> None:
        """Move the clock there by way of everything that falls due before, at rest after each."""
        self.settle()
        while True:
            due = min((d for d in self._due() if d > self.now), default=None)
            if due is None or due > instant:
                break
            self.clock.advance_to(due)
            self.settle()
            at_each(self.now)
        self.clock.advance_to(instant)
        self.settle()

    def advance(self, duration: timedelta) -> None:
        self.advance_to(self.now + duration)

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()
        self.stripe.close()
        self.runtime.close()

    def _due(self) -> list[datetime]:
        instants = [worker.next_due() for worker in self.workers.values()]
        return [instant for instant in [*instants, self.stripe.next_due_at()] if instant is not None]

    def _is_drained(self) -> bool:
        return all(self._lag(name) == 0 for name in NAMES)

    def _lag(self, name: str) -> int:
        """How many records this service has not read, and events it has not sent."""
        worker = self.workers[name]
        ends = self.runtime.log.ends(worker.service.consumes)
        positions = worker.consumer.inbox.positions(ends)
        return sum(max(0, end - positions[place]) for place, end in ends.items())

    def _what_waits(self) -> str:
        lags = {name: self._lag(name) for name in NAMES}
        trouble = {f"{w.service.name}/{p.name}": p.trouble for w in self.workers.values() for p in w.parts if p.trouble}
        return f"unread {lags}, trouble {trouble}"

    def _deliver_webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        answer = self.browser().post(urlsplit(url).path, data=body, headers=dict(headers))
        return answer.status_code


def say(sentence: str) -> None:
    """Progress goes to standard error; standard output ends with the one line of the outcome."""
    print(sentence, file=sys.stderr, flush=True)


__all__ = ["MailSink", "Stage", "say"]
