"""A town for chaos tests: the real programs as processes, on throw-away data, to be killed, stopped and starved.

The shop is served by this process where a test does not say otherwise: what dies is the worker. The clock is the machine's,
so a test that cannot wait for a lease or a claim of a dead process to end says so with `let_time_pass`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from werkzeug.test import Client

from infra.fake_stripe.app import create_app as create_stripe
from infra.fake_stripe.config import FakeStripeConfig, post_over_http
from infra.fake_stripe.serve import Server
from infra.front_door import FrontDoor
from infra.local_server import LOOPBACK, free_ports
from infra.rehearsal.buyers import Basket, Shop
from infra.rehearsal.cast import Attendee
from infra.rehearsal.stage import STRIPE_URL
from infra.services import module, services
from services.catering.counting import count
from services.notification.tables import messages
from services.ticket.store.tables import orders
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import Unavailable
from shared.operations import health, list_parked
from shared.runtime import Runtime
from shared.verify import broken, missed
from tests.fixtures.servers import Stack
from tests.fixtures.smtp import MailServer
from tests.flow.house import build

PATIENCE = 90.0
"""Seconds within which something must have happened; nothing is measured by it."""
SLUG = "flow"
PROJECT = Path(__file__).parents[2]
AWAKE = timedelta(seconds=2)


class Town:
    """One conference on sale, a fake Stripe on a port, and the programs that a test starts."""

    def __init__(self, stack: Stack, home: Path, mail: MailServer, *, serves_web: bool = False) -> None:
        """`serves_web`: webhooks go to the web process that the test starts, not to the shop in this process."""
        now = SystemClock().now()
        house = build(stack, home, now, (now + timedelta(days=75)).date())
        self.conference_id = house.conference_id
        house.close()
        self.home, self.mail = home, mail
        self.web_port, self.internal_port = free_ports(2)
        self.stripe_app = create_stripe(
            FakeStripeConfig(
                data=str(home / "stripe.db"),
                webhook_url=f"http://{LOOPBACK}:{self.web_port}/stripe/webhook",
                webhook_secret="whsec_town",
                transport=post_over_http if serves_web else self._deliver,
                public_url=STRIPE_URL,
                retry_after=(0.3,) * 200,
            )
        )
        self.stripe = Server(self.stripe_app)
        self.environ = {
            "STAGEDOOR_HOME": str(home),
            "STAGEDOOR_SECRET": "a secret of the tests",
            "STAGEDOOR_BASE_URL": f"http://{LOOPBACK}:{self.web_port}",
            "STAGEDOOR_INTERNAL_URL": f"http://{LOOPBACK}:{self.internal_port}",
            "STAGEDOOR_LOG_URL": stack.log_url,
            "STAGEDOOR_TOPIC_PREFIX": stack.prefix,
            "STAGEDOOR_DATABASE_URL": stack.database_url,
            "STAGEDOOR_STRIPE_API": self.stripe.url,
            "STAGEDOOR_STRIPE_WEBHOOK_SECRET": "whsec_town",
            "STAGEDOOR_SMTP_URL": mail.url,
        }
        self.runtime = Runtime.from_environment(self.environ)
        self.door = FrontDoor(self.runtime)
        self.shop = Shop(self, SLUG)  # type: ignore[arg-type]
        self.children: list[subprocess.Popen[bytes]] = []
        self.baskets: list[Basket] = []
        self.guests = 0
        self.stripe.start()

    # What `Shop` needs of a stage

    def browser(self) -> Client:
        return Client(self.door)

    def ask_stripe(self, method: str, path: str, json: Mapping[str, Any] | None = None) -> Any:
        return Client(self.stripe_app).open(path, method=method, json=json, base_url=STRIPE_URL)

    # Programs

    def start(self, *arguments: str, armed: str = "", wait_for: str = "") -> subprocess.Popen[bytes]:
        """A program of ours. `armed` is a crash point, `wait_for` an address that must answer before this returns."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
        environ |= self.environ | ({"STAGEDOOR_CRASH_AT": armed} if armed else {})
        with (self.home / f"{arguments[0]}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", *arguments],
                env=environ,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.children.append(child)
        if wait_for:
            self.wait_until(lambda: child.poll() is not None or answers(wait_for), f"{arguments[0]} answers")
        return child

    def start_worker(self, armed: str = "", port: int = 0) -> subprocess.Popen[bytes]:
        listen = f"{LOOPBACK}:{port or self.internal_port}"
        return self.start("worker", "--listen", listen, armed=armed, wait_for=f"http://{listen}/livez")

    def start_web(self, armed: str = "") -> subprocess.Popen[bytes]:
        listen = f"{LOOPBACK}:{self.web_port}"
        return self.start("web", "--listen", listen, "--processes", "1", armed=armed, wait_for=f"http://{listen}/livez")

    def end(self, child: subprocess.Popen[bytes]) -> int:
        """Ask it to stop; returns its exit code."""
        if child.poll() is None:
            child.send_signal(signal.SIGCONT)
            child.terminate()
        return child.wait(PATIENCE)

    def kill(self, child: subprocess.Popen[bytes]) -> None:
        """As a power cut does: the program and all of its children."""
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(PATIENCE)

    def log_of(self, program: str) -> str:
        path = self.home / f"{program}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # Buyers

    def buy(self, count: int = 1) -> Basket:
        """Order for so many and pay; what it sets off goes its own way."""
        basket = self.order(count)
        self.shop.visit(basket)
        assert self.shop.pay(basket)
        return basket

    def order(self, count: int = 1) -> Basket:
        self.guests += count
        first = self.guests - count + 1
        guests = [Attendee(f"Guest {n}", f"guest{n}@example.org", "student") for n in range(first, self.guests + 1)]
        [basket] = self.shop.order(guests, f"order-{self.guests}")
        self.baskets.append(basket)
        return basket

    # Time

    def wait_until(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        until = time.monotonic() + patience
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"waited in vain until {what}: {self.state()}\n{self.log_of('worker')[-3000:]}")
            time.sleep(0.1)

    def let_time_pass(self) -> None:
        """What dead processes still hold (claims of 90 s, leases of 15 s) ends now, as if so much time had passed."""
        for service in services():
            database = self.runtime.database(service)
            with database.transaction() as tx:
                tx.execute(sa.update(database.frame.timers).values(claimed_until=None))
                tx.execute(sa.delete(database.frame.leases))

    def settle(self) -> None:
        """Until everybody's payment is known, everything that was said is heard, and everything that is due is done."""
        self.wait_until(lambda: set(self.orders().values()) <= {"paid"}, "every order is paid")
        self.wait_until(self.is_at_rest, "the town is at rest")

    def is_at_rest(self) -> bool:
        try:
            return not self.state()
        except Unavailable:
            return False

    def state(self) -> list[str]:
        """What is still under way."""
        found = []
        for service in services():
            database = self.runtime.database(service)
            seen = health(service, database, self.runtime.log)
            found += [f"{service.name}: {seen['outbox']} to say"] if seen["outbox"] else []
            found += [
                f"{service.name}: {each['lag']} of {each['topic']} to hear" for each in seen["consumers"] if each["lag"]
            ]
            timers = database.frame.timers
            under_way = sa.or_(
                timers.c.due_at <= self.runtime.clock.now() + AWAKE, timers.c.waits > 0, timers.c.tries > 0
            )
            with database.reading() as connection:
                rows = connection.execute(sa.select(timers.c.kind, timers.c.error).where(under_way)).all()
            found += [f"{service.name}: {row.kind} {row.error}" for row in rows]
        return found

    # At the end

    def database(self, name: str) -> Database:
        return self.runtime.database(module(name).SERVICE)

    def orders(self) -> dict[str, str]:
        """Reference -> state."""
        with self.database("ticket").reading() as connection:
            return {r.reference: r.state for r in connection.execute(sa.select(orders.c.reference, orders.c.state))}

    def mailed(self) -> dict[str, str]:
        """Message id -> state, of all messages in the ledger."""
        with self.database("notification").reading() as connection:
            return {
                r.message_id: r.state for r in connection.execute(sa.select(messages.c.message_id, messages.c.state))
            }

    def check(self, *, unknown: int = 0) -> None:
        """Nothing lost, nothing doubled: every order paid, everybody admitted, counted and mailed once.

        `unknown`: how many mails may at most be of unknown fate, because their sender died in the middle of them.
        """
        assert self.orders() == {basket.reference: "paid" for basket in self.baskets}
        with self.database("catering").reading() as connection:
            assert count(connection, self.conference_id).admissions == self.guests
        ledger = self.mailed()
        assert len(ledger) == len(self.baskets) + self.guests
        copies = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in self.mail.mails)
        arrived = {message_id: sum(n for key, n in copies.items() if message_id in key) for message_id in ledger}
        assert {m for m, state in ledger.items() if state == "sent"} == {m for m in ledger if arrived[m]} - {
            m for m, state in ledger.items() if state == "unknown"
        }
        assert max(arrived.values(), default=0) <= 1, "nobody got a mail twice"
        assert set(ledger.values()) <= {"sent", "unknown"}
        assert sum(state == "unknown" for state in ledger.values()) <= unknown
        for _ in range(2):
            assert self.differences() == []
        assert [row for service in services() for row in list_parked(self.runtime.database(service))] == []

    def differences(self) -> list[str]:
        """What `stagedoor verify` would say of all keys, the ones just spoken of too."""
        declared = services()
        databases = {service.name: self.runtime.database(service) for service in declared}
        found = [str(each) for each in missed(declared, databases, self.runtime.clock.now(), timedelta(0))]
        return found + [sentence for service in declared for sentence in broken(service, databases[service.name])]

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                self.kill(child)
        self.stripe.stop()
        self.runtime.close()

    def _deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return self.browser().post(urlsplit(url).path, data=body, headers=dict(headers)).status_code


def answers(url: str) -> bool:
    """Whether something says 200 there."""
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
