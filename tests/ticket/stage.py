"""The ticket service on its real frame: a database, the embedded log, the fake Stripe without sockets, a clock that we move."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import stripe
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from infra.fake_stripe.app import create_app as create_fake_stripe
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.in_process import WsgiHTTPClient
from services.ticket.app import SERVICE, create_app, create_internal, make_context
from services.ticket.checks import CHECKS, ledger_sum
from services.ticket.domain.conference import Conference, ConferencePlan, TierPlan, TypePlan
from services.ticket.handlers import AttendeeWish, OrderWish, open_conference, place_order
from services.ticket.handlers.selling import Placed
from services.ticket.payments import Payments
from services.ticket.store.tables import orders, quotas, tiers
from shared import wire
from shared.clock import SimulatedClock
from shared.config import load
from shared.database import Database
from shared.database.migrate import migrate
from shared.events import Event
from shared.ids import seeded_ids
from shared.log import open_log
from shared.money import Money
from shared.runtime import Runtime
from shared.worker import Worker

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
EARLY_ENDS = datetime(2027, 3, 31, 22, tzinfo=UTC)
"""Midnight in Berlin, where the clock jumped three days before."""
REGULAR_ENDS = datetime(2027, 5, 23, 22, tzinfo=UTC)
WEBHOOK_SECRET = "whsec_for_tests"
STRIPE_URL = "http://stripe.invalid"
GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"


def make_plan(**changes: Any) -> ConferencePlan:
    """Three tiers for regular (early bird with a cap of 5), one for students, sponsors by voucher only."""
    facts: dict[str, Any] = {
        "slug": "searchlight",
        "name": "Searchlight 2027",
        "place": "Kulturhaus, Berlin",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "capacity": 20,
        "days": (date(2027, 6, 7), date(2027, 6, 8)),
        "seller": "Searchlight e. V.",
        "seller_address": "Example Street 1, 10115 Berlin",
        "reply_to": "team@searchlight.example.org",
        "types": (
            TypePlan(
                "regular",
                "Regular",
                "Regulär",
                (
                    TierPlan("Early bird", "Frühbucher", 19900, EARLY_ENDS, 5),
                    TierPlan("Regular", "Regulär", 29900, REGULAR_ENDS),
                    TierPlan("Last minute", "Last Minute", 44900),
                ),
            ),
            TypePlan("student", "Student", "Studierende", (TierPlan("Student", "Studierende", 5900),)),
            TypePlan("sponsor", "Sponsor", "Sponsor"),
        ),
        "legal_texts": {
            (kind, language): f"{kind} in {language}"
            for kind in ("imprint", "terms", "privacy", "code_of_conduct")
            for language in ("en", "de")
        },
    }
    return ConferencePlan(**{**facts, **changes})


def make_wish(*types: str, **changes: Any) -> OrderWish:
    attendees = tuple(
        AttendeeWish(f"Guest {n}", f"guest{n}@example.org", each) for n, each in enumerate(types or ("regular",), 1)
    )
    return OrderWish(**{"email": "buyer@example.org", "attendees": attendees, **changes})


@dataclass
class Held:
    """An order as a test speaks of it."""

    order_id: str
    placed: Placed

    @property
    def reference(self) -> str:
        return self.placed.reference

    @property
    def secret(self) -> str:
        return self.placed.secret


class Stage:
    """Everything around one test."""

    def __init__(self, home: Path, database_url: str = "", plan: ConferencePlan | None = None) -> None:
        environ = {
            "STAGEDOOR_HOME": str(home),
            "STAGEDOOR_BASE_URL": "http://localhost",
            "STAGEDOOR_SECRET": "a secret for tests",
            "STAGEDOOR_STRIPE_API": STRIPE_URL,
            "STAGEDOOR_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **({"STAGEDOOR_DATABASE_URL": database_url} if database_url else {}),
        }
        settings = load(environ)
        self.clock = SimulatedClock(START)
        log = open_log(settings.log_at, settings.topic_prefix)
        self.runtime = Runtime(settings=settings, clock=self.clock, ids=seeded_ids(7), log=log)
        self.database: Database = self.runtime.database(SERVICE)
        migrate(self.database, SERVICE.migrations)
        log.create_topics([*SERVICE.publishes, *SERVICE.consumes])
        self.stripe_config = FakeStripeConfig(
            clock=self.clock,
            ids=seeded_ids(8),
            webhook_url="http://localhost/stripe/webhook",
            webhook_secret=WEBHOOK_SECRET,
            transport=self.deliver,
        )
        self.fake: Flask = create_fake_stripe(self.stripe_config)
        payments = Payments("sk_test_x", WEBHOOK_SECRET, self.clock, STRIPE_URL, http_client=WsgiHTTPClient(self.fake))
        self.context = make_context(self.runtime, payments)
        self.app = create_app(self.runtime, payments)
        self.internal = create_internal(self.runtime)
        self.worker = Worker(SERVICE, self.runtime, self.context)
        with self.database.transaction() as tx:
            self.conference: Conference = open_conference(tx, plan or make_plan())

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def deliver(self, url: str, body: bytes, headers: Any) -> int:
        """A webhook of the fake reaches us."""
        return Client(self.app).post(urlsplit(url).path, data=body, headers=dict(headers)).status_code

    def order(self, *types: str, **changes: Any) -> Held:
        placed = place_order(self.database, self.conference.slug, make_wish(*types, **changes))
        return Held(str(self.cell(sa.select(orders.c.order_id).where(orders.c.reference == placed.reference))), placed)

    def pay_page(self, order: Held) -> str:
        """The session that our payment page made."""
        answer = self.browser().get(f"/pay/{order.reference}?key={order.secret}")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return answer.headers["Location"].split("#")[0].rstrip("/").rsplit("/", 1)[-1]

    def pay_at_stripe(self, session_id: str, card: str = GOOD_CARD) -> int:
        return Client(self.fake).post(f"/test/sessions/{session_id}/pay", json={"card": card}).status_code

    def pay(self, order: Held) -> None:
        """The whole way: our page, Stripe's, the webhook, its effect."""
        assert self.pay_at_stripe(self.pay_page(order)) == 200
        self.settle()

    def dial(self, **changes: Any) -> None:
        answer = Client(self.fake).post("/test/dial", json=changes)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def settle(self) -> None:
        """Until nothing is left to do at this instant."""
        for _ in range(200):
            if self.fake.extensions["fake_stripe"].deliver_due() + self.worker.step() == 0:
                return
        raise AssertionError("the stage does not come to rest")

    def work(self) -> None:
        """Our own work only: Stripe's webhooks stay where they are."""
        for _ in range(200):
            if self.worker.step() == 0:
                return
        raise AssertionError("the worker does not come to rest")

    def wait(self, **span: float) -> None:
        """Let time pass, with everything that falls due on the way."""
        until = self.clock.now() + timedelta(**span)
        self.settle()
        while (due := self.worker.next_due()) is not None and due <= until:
            self.clock.advance_to(due)
            self.settle()
        self.clock.advance_to(until)
        self.settle()

    def cell(self, statement: sa.Select[Any]) -> Any:
        with self.database.reading() as connection:
            return connection.execute(statement).scalar()

    def state(self, order: Held) -> str:
        return str(self.cell(sa.select(orders.c.state).where(orders.c.order_id == order.order_id)))

    def taken(self, tier_name: str) -> int:
        return int(self.cell(sa.select(tiers.c.taken).where(tiers.c.name_en == tier_name)))

    def quota_taken(self) -> int:
        return int(self.cell(sa.select(quotas.c.taken)))

    def said(self, *kinds: type[Event]) -> list[Any]:
        """What was published, in order, of these kinds; also what the relay has sent already."""
        frame = self.database.frame
        with self.database.reading() as connection:
            waiting = connection.execute(
                sa.select(frame.outbox.c.topic, frame.outbox.c.value).order_by(frame.outbox.c.id)
            )
            events = [wire.decode(row.topic, row.value).event for row in waiting]
        sent = [event for topic in SERVICE.publishes for event in self.sent(topic)]
        return [event for event in [*sent, *events] if not kinds or isinstance(event, kinds)]

    def sent(self, topic: str) -> list[Any]:
        return [wire.decode(topic, message.value).event for message in read_topic(self.runtime.log, topic)]

    def problems(self) -> list[str]:
        """What `stagedoor verify` would say."""
        with self.database.reading() as connection:
            assert ledger_sum(connection) == 0
            return [sentence for check in CHECKS for sentence in check(connection)]

    def webhook(self, type: str, object_id: str, at: datetime | None = None, event_id: str = "evt_by_hand") -> int:
        """A webhook that we sign ourselves."""
        body = json.dumps({"id": event_id, "type": type, "data": {"object": {"id": object_id}}})
        header = stripe.WebhookSignature.generate_signature_header(
            body, WEBHOOK_SECRET, timestamp=int((at or self.clock.now()).timestamp())
        )
        return self.browser().post("/stripe/webhook", data=body, headers={"Stripe-Signature": header}).status_code

    def close(self) -> None:
        self.worker.close()
        self.runtime.close()


def read_topic(log: Any, topic: str) -> list[Any]:
    """All messages of a topic, partition by partition."""
    return [record for place in sorted(log.ends([topic])) for record in log.read(place, 0, 10_000)]


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")
