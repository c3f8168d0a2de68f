"""A notification service of its own for each test, with a real mail server; the other services answer from a dictionary."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.notification.app import SERVICE, create_worker
from services.notification.domain.message import Message
from services.notification.mailer import Mailer, SmtpMailer
from services.notification.store import message_from
from services.notification.tables import messages
from shared import wire
from shared.clock import SimulatedClock
from shared.config import load
from shared.database import Database
from shared.database.migrate import migrate
from shared.errors import Unavailable
from shared.events import Event
from shared.events.ticketing import AdmissionIssued, AdmissionTypeFact, ConferenceOpened, OrderPaid, TierFact
from shared.ids import seeded_ids
from shared.inbox import Inbox
from shared.log import TopicPartition, open_log
from shared.money import Money
from shared.runtime import Runtime
from shared.wire import Envelope
from shared.worker import Worker
from tests.fixtures.smtp import MailServer, mail_server

__all__ = ["mail_server"]

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
CONFERENCE = "con_searchlight"
EARLY = TierFact("tie_early", "regular", "Early bird", "Frühbucher", Money(19900, "EUR"), None, None, 100)


def conference(**changes: Any) -> ConferenceOpened:
    facts: dict[str, Any] = {
        "conference_id": CONFERENCE,
        "slug": "searchlight-2027",
        "name": "Searchlight 2027",
        "place": "Kulturbrauerei, Berlin",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "capacity": 300,
        "days": (date(2027, 6, 7), date(2027, 6, 8), date(2027, 6, 9)),
        "doors_at": datetime(2027, 6, 7, 7, tzinfo=UTC),
        "seller": "Searchlight e. V.",
        "reply_to": "team@searchlight.example.org",
        "admission_types": (AdmissionTypeFact("regular", "Regular", "Regulär"),),
        "tiers": (EARLY,),
    }
    return ConferenceOpened(**{**facts, **changes})


def admission(number: int = 1, person: str = "per_ada") -> AdmissionIssued:
    return AdmissionIssued(
        conference_id=CONFERENCE,
        order_id="ord_1",
        reference="SEA2345",
        admission_id=f"adm_{number}",
        admission_type="regular",
        attendee=f"ticket:{person}",
        tier_id="tie_early",
        days=(date(2027, 6, 7),),
        price=Money(19900, "EUR"),
        issued_at=START,
    )


def order_paid(order_id: str = "ord_1", person: str = "per_ada") -> OrderPaid:
    return OrderPaid(
        conference_id=CONFERENCE,
        order_id=order_id,
        reference="SEA2345",
        buyer=f"ticket:{person}",
        payment_method="card",
        paid_at=START,
        total=Money(39800, "EUR"),
        vat=(),
        lines=(),
    )


@dataclass
class Others:
    """What the other services know. `away` are services that do not answer; `gone` subjects that are void."""

    people: dict[str, dict[str, str]] = field(default_factory=dict)
    bought: set[str] = field(default_factory=set)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ticket: bytes = b"%PDF"

    def transport(self, service: str) -> Any:
        def send(method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
            self.asked.append((service, path))
            if service in self.away:
                raise Unavailable(f"{service} does not answer")
            asked = json.loads(body or b"{}")
            if path.endswith("/people"):
                return 200, json.dumps({"people": {id: self.people.get(id) for id in asked["ids"]}}).encode()
            if path.endswith("/bought"):
                return 200, json.dumps({"bought": [e for e in asked["emails"] if e in self.bought]}).encode()
            if path.endswith("/mail"):
                return self._mail(asked)
            return 404, b"{}"

        return send

    def _mail(self, asked: Mapping[str, str]) -> tuple[int, bytes]:
        if asked["subject"] in self.gone:
            return 410, b"{}"
        file = {
            "filename": "ticket.pdf",
            "content_type": "application/pdf",
            "base64": base64.b64encode(self.ticket).decode(),
        }
        answer = {
            "facts": {"reference": "SEA2345", **self.facts.get(asked["kind"], {})},
            "links": {
                "admission": "https://example.org/a/1",
                "order": "https://example.org/o/1",
                "invitation": "https://example.org/i/1",
            },
            "attachments": [file],
        }
        return 200, json.dumps(answer).encode()


@dataclass
class House:
    """The service with its worker, and ways to tell it things."""

    runtime: Runtime
    clock: SimulatedClock
    database: Database
    worker: Worker
    others: Others
    sequence: int = 0

    def hear(self, event: Event, *, owner: str = "ticket", at: datetime | None = None, times: int = 2) -> Envelope[Any]:
        """Tell it an event, every one twice."""
        self.sequence += 1
        topic, name, key = wire.address(owner, event)
        envelope: Envelope[Any] = Envelope(
            f"evt_{self.sequence}",
            name,
            topic.name,
            key,
            self.sequence,
            at or self.clock.now(),
            f"/{owner}",
            "system",
            "",
            event,
        )
        for _ in range(times):
            with self.database.transaction() as tx:
                Inbox(SERVICE, self.database).handle([envelope], tx)
        return envelope

    def work(self) -> None:
        """Until nothing is left to do at this instant."""
        for _ in range(1000):
            if self.worker.step() == 0:
                return
        raise AssertionError("the worker does not come to rest")

    def pass_time(self, time: timedelta) -> None:
        """Let time pass, doing what is due on the way."""
        end = self.clock.now() + time
        while True:
            self.work()
            due = self.worker.next_due()
            if due is None or due > end:
                break
            self.clock.advance_to(due)
        self.clock.advance_to(end)
        self.work()

    def ledger(self) -> list[Message]:
        order = (messages.c.rule, messages.c.subject, messages.c.occurrence)
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(messages).order_by(*order)).all()
        return [message_from(dict(row._mapping)) for row in rows]

    def states(self) -> list[tuple[str, str]]:
        return [(message.rule, message.state.value) for message in self.ledger()]

    def said(self) -> list[Any]:
        """Every event this service ever published."""
        found = []
        for name in SERVICE.publishes:
            for partition in {place.partition for place in self.runtime.log.ends([name])}:
                for record in self.runtime.log.read(TopicPartition(name, partition), 0):
                    found.append(wire.decode(name, record.value).event)
        return found


@pytest.fixture
def others() -> Others:
    people = {
        "per_ada": {"name": "Ada Lovelace", "email": "ada@example.org", "locale": "en"},
        "per_jörg": {"name": "Jörg Müller", "email": "joerg@example.org", "locale": "de"},
    }
    return Others(people=people)


def make_house(home: Path, others: Others, smtp_url: str, mailer: Mailer | None = None) -> House:
    clock = SimulatedClock(START)
    settings = load(
        {"STAGEDOOR_HOME": str(home), "STAGEDOOR_SECRET": "a secret of the tests", "STAGEDOOR_SMTP_URL": smtp_url}
    )
    runtime = Runtime(settings=settings, clock=clock, ids=seeded_ids(1), log=open_log(settings.log_at, ""))
    for name in ("ticket", "sponsor_invoice", "catering"):
        runtime.transports[name] = others.transport(name)
    database = runtime.database(SERVICE)
    migrate(database, SERVICE.migrations)
    runtime.log.create_topics([*SERVICE.consumes, *SERVICE.publishes])
    return House(runtime, clock, database, create_worker(runtime, mailer), others)


@pytest.fixture
def house(tmp_path: Path, others: Others, mail_server: MailServer) -> Iterator[House]:
    house = make_house(tmp_path, others, mail_server.url, SmtpMailer(mail_server.url, timeout=5))
    house.hear(conference())
    yield house
    house.worker.close()
    house.runtime.close()
