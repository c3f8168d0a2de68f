"""A stage: all services around one clock that stands still until it is moved, in one process and one thread.

It composes the very same applications and workers as an installation does. Mails go into a sink, Stripe is the fake one, services
reach each other without a network. Rehearsals, the demo's history and the flow tests play on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from infra.fake_stripe.app import create_app as create_stripe
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.desk import desk
from infra.fake_stripe.in_process import WsgiHTTPClient
from infra.front_door import FrontDoor
from infra.rehearsal.heard import CountingLog
from infra.services import NAMES, module, prepare
from services.notification.mailer import Mailer
from services.ticket.payments import Payments
from shared.clock import SimulatedClock
from shared.config import Settings
from shared.errors import InvalidInput, Unavailable
from shared.ids import Ids
from shared.inbox import describe
from shared.internal import wsgi_transport
from shared.log import Log
from shared.operations import list_parked
from shared.runtime import Runtime
from shared.worker import Part, Worker

STRIPE_URL = "http://stripe.invalid"
STRIPE_KEY = "sk_test_fake"
PATIENCE = 60.0
"""Seconds of real time after which a stage that does not come to rest is given up."""


@dataclass
class MailSink:
    """Takes every mail and keeps it as bytes."""

    keeps_attachments: bool = False
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    def reach(self) -> None:
        return None

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        self.mails.append((recipient, mail))


class Browser(Client):
    """Sees the front door under the address that people use, so that cookies keep to it."""

    def __init__(self, door: FrontDoor, base_url: str) -> None:
        super().__init__(door)
        self._base_url = base_url

    def open(self, *arguments: Any, **named: Any) -> TestResponse:
        if arguments and isinstance(arguments[0], str):
            named.setdefault("base_url", self._base_url)
        return super().open(*arguments, **named)


class Stage:
    """Everything of an installation but the processes. `settings` say which databases and which log it plays on.

    The log must be the stage's alone while it plays. Raises `InvalidInput` for a live key of Stripe: no real money is touched.
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
        lazy: Collection[str] = (),
    ) -> None:
        """Timers and errands of the kinds `lazy` stop no clock: they are done when it stops for something else."""
        if settings.stripe_key.startswith(("sk_live", "rk_live")):
            raise InvalidInput("A rehearsal never runs with a live key of Stripe: take STAGEDOOR_STRIPE_KEY away.")
        self.clock = clock
        self.patience = patience
        self.mailer = mailer or MailSink()
        self.lazy = frozenset(lazy)
        self.log = CountingLog(log)
        self.runtime = Runtime(settings=settings, clock=clock, ids=ids, log=self.log)
        self._until = 0.0
        self._seen: dict[tuple[str, str], int] = {}
        self._next_due: dict[str, datetime | None] = {}
        self.stripe_app = create_stripe(
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
        self.stripe = desk(self.stripe_app)
        self.payments = Payments(
            STRIPE_KEY,
            settings.stripe_webhook_secret,
            clock,
            api_base=STRIPE_URL,
            http_client=WsgiHTTPClient(self.stripe_app),
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
        return Browser(self.door, self.runtime.settings.base_url)

    def ask_stripe(self, method: str, path: str, json: Mapping[str, Any] | None = None) -> Any:
        """Use one of the fake's own controls (`/test/...`) or its pages; returns werkzeug's test response."""
        return Client(self.stripe_app).open(path, method=method, json=json, base_url=STRIPE_URL)

    def settle(self) -> int:
        """Work until nothing is left to do at this instant. Returns how much was done.

        What was said is heard everywhere before anybody does what is due: so the outcome does not hang on how a log cuts its
        batches, and is the same on every stack.
        """
        self._until = time.monotonic() + self.patience
        done = self._converse()
        while due := self._do_what_is_due():
            done += due + self._converse()
        return done

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
        if instant > self.now:
            self.clock.advance_to(instant)
            self.settle()

    def advance(self, duration: timedelta) -> None:
        self.advance_to(self.now + duration)

    def trouble(self) -> list[str]:
        """What a person would have to look at: parked messages, work that failed too often, parts that do not work."""
        parts = [(name, part) for name, worker in self.workers.items() for part in worker.parts]
        found = [f"{name}: {part.name}: {part.trouble}" for name, part in parts if part.trouble]
        for name, worker in self.workers.items():
            found += [f"{name}: {row['kind']} {row['subject']}: {row['error']}" for row in worker.timekeeper.stuck()]
            parked = list_parked(self.runtime.database(worker.service))
            found += [f"{name}: parked {row['topic']} {row['key']}: {row['error']}" for row in parked]
        return found

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()
        self.stripe.close()
        self.runtime.close()

    def _converse(self) -> int:
        """Webhooks, relays and consumers until all is said and heard."""
        total = 0
        while True:
            done: int = self.stripe.deliver_due()
            for name, worker in self.workers.items():
                if self._has_news(name, "relay"):
                    done += self._step_part(worker, "relay")
            done += sum(self._step_part(worker, "consumer") for worker in self.workers.values())
            total += done
            if not done and self.log.is_drained and not self._troubled_relays():
                return total
            self._be_patient()

    def _troubled_relays(self) -> list[str]:
        """Services whose events are written and could not be sent; they try again at the next round."""
        troubled = [
            n for n, worker in self.workers.items() for part in worker.parts if part.name == "relay" and part.trouble
        ]
        for name in troubled:
            self._seen.pop((name, "relay"), None)
        return troubled

    def _do_what_is_due(self) -> int:
        """Every timer and errand that is due now, service by service."""
        total = 0
        for name, worker in self.workers.items():
            due = self._look_for_due(name)
            if due is None or due > self.now:
                continue
            for part in ("timers", "errands-1"):  # of several threads for errands one is enough here
                while done := self._step_part(worker, part):
                    total += done
                    self._be_patient()
        return total

    def _look_for_due(self, name: str) -> datetime | None:
        """When this service has something to do, lazy work aside."""
        if self._has_news(name, "due"):
            self._next_due[name] = self.workers[name].next_due(besides=self.lazy)
        return self._next_due[name]

    def _has_news(self, name: str, part: str) -> bool:
        """Whether anything was committed in this service since this part looked: looking costs a query.

        What is noted is the state before it looks, so a part that commits something looks once more.
        """
        commits = self.runtime.database(self.workers[name].service).commits
        seen = self._seen.get((name, part))
        self._seen[name, part] = commits
        return seen != commits

    def _step_part(self, worker: Worker, name: str) -> int:
        for part in worker.parts:
            if part.name == name:
                return self._step(part)
        return 0

    def _step(self, part: Part) -> int:
        try:
            done = part.step()
        except Unavailable as error:
            part.trouble = describe(error)
            return 0
        part.trouble = ""
        return done

    def _be_patient(self) -> None:
        if time.monotonic() > self._until:
            what = "; ".join([f"not yet heard: {self.log.lag()}", *self.trouble()])
            raise Unavailable(f"The stage does not come to rest at {self.now}: {what}")

    def _due(self) -> list[datetime]:
        instants = [self._look_for_due(name) for name in self.workers]
        return [instant for instant in [*instants, self.stripe.next_due_at()] if instant is not None]

    def _deliver_webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        answer = self.browser().post(urlsplit(url).path, data=body, headers=dict(headers))
        return answer.status_code


def say(sentence: str) -> None:
    """Progress goes to standard error; standard output ends with the one line of the outcome."""
    print(sentence, file=sys.stderr, flush=True)


__all__ = ["MailSink", "Stage", "say"]
