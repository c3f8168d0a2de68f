"""A sponsor-invoice service of its own for each test: SQLite files, the embedded log, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.sponsor_invoice import handlers, store
from services.sponsor_invoice.app import SERVICE, create_worker
from services.sponsor_invoice.domain.sponsorship import Package, PackageBenefit
from services.sponsor_invoice.domain.vat import VatId
from services.sponsor_invoice.store import Person, Seller, Sponsor
from shared import wire
from shared.clock import SimulatedClock
from shared.config import load
from shared.database import Database
from shared.database.migrate import migrate
from shared.events import Event
from shared.events.ticketing import AdmissionTypeFact, ConferenceOpened
from shared.ids import seeded_ids
from shared.log import open_log
from shared.money import Money
from shared.runtime import Runtime
from shared.wire import Envelope
from shared.worker import Worker

CONFERENCE = "con_searchlight"
SELLER = "sel_verein"
ACCOUNT = "acc_verein"
SPONSOR = "spo_suche"
CONTACT = "per_suche"
PACKAGE = "pac_gold"
START = datetime(2027, 3, 1, 11, 0, tzinfo=UTC)


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")


def conference_opened(**changes: Any) -> ConferenceOpened:
    facts: dict[str, Any] = {
        "conference_id": CONFERENCE,
        "slug": "searchlight-2027",
        "name": "Searchlight 2027",
        "place": "Berlin",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "capacity": 500,
        "days": (date(2027, 6, 7), date(2027, 6, 8)),
        "doors_at": datetime(2027, 6, 7, 7, tzinfo=UTC),
        "seller": "Suchverein e. V.",
        "reply_to": "hello@searchlight.invalid",
        "admission_types": (
            AdmissionTypeFact("regular", "Regular", "Regulär"),
            AdmissionTypeFact("sponsor", "Sponsor", "Sponsor"),
        ),
        "tiers": (),
    }
    return ConferenceOpened(**{**facts, **changes})


def envelope(event: Event, sequence: int = 1, owner: str = "ticket", at: datetime = START) -> Envelope[Any]:
    topic, name, key = wire.address(owner, event)
    return Envelope(f"evt_{sequence}", name, topic.name, key, sequence, at, f"/{owner}", "system", "", event)


@dataclass
class Office:
    """The service as finance uses it, by its use cases; every one runs twice, and the second time must change nothing."""

    runtime: Runtime
    clock: SimulatedClock
    database: Database
    worker: Worker
    actor: str = "console:stf_finance"
    made: int = 0

    def id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    def hear(self, event: Event, sequence: int = 1) -> None:
        handler = SERVICE.projections[type(event)]
        for _ in range(2):
            with self.database.transaction() as tx:
                handler([envelope(event, sequence)], tx)

    def sign(self, sponsor_id: str = SPONSOR, package_id: str = PACKAGE, **more: Any) -> tuple[str, str]:
        """The sponsorship's id and its invoice's."""
        sponsorship_id = self.id("shp")
        first = ""
        for _ in range(2):
            with self.database.transaction(self.actor) as tx:
                invoice_id = handlers.sign_sponsorship(
                    tx,
                    sponsorship_id=sponsorship_id,
                    package_id=package_id,
                    sponsor_id=sponsor_id,
                    seller_id=SELLER,
                    signed_on=date(2027, 3, 1),
                    **more,
                )
            assert not first or first == invoice_id
            first = invoice_id or ""
        return sponsorship_id, first

    def pay(self, invoice_id: str, amount: Money, on: date | None = None) -> None:
        payment_id = self.id("pay")
        for _ in range(2):
            with self.database.transaction(self.actor) as tx:
                handlers.record_payment(
                    tx, payment_id=payment_id, invoice_id=invoice_id, amount=amount, booked_on=on or self.today
                )

    def confirm_bank(self, until: date | None = None) -> int:
        with self.database.transaction(self.actor) as tx:
            gone_out = handlers.confirm_bank(tx, account_id=ACCOUNT, until=until or self.today, today=self.today)
        with self.database.transaction(self.actor) as tx:
            assert handlers.confirm_bank(tx, account_id=ACCOUNT, until=until or self.today, today=self.today) == 0
        return gone_out

    def promise(self, invoice_id: str, until: date) -> None:
        promise_id = self.id("prm")
        for _ in range(2):
            with self.database.transaction(self.actor) as tx:
                handlers.promise(tx, promise_id=promise_id, invoice_id=invoice_id, until=until)

    def release(self, invoice_id: str, stage: int) -> None:
        with self.database.transaction(self.actor) as tx:
            handlers.release_reminder(tx, invoice_id=invoice_id, stage=stage)

    def write_off(self, invoice_id: str) -> None:
        with self.database.transaction(self.actor) as tx:
            handlers.write_off(tx, invoice_id=invoice_id)

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def work(self) -> None:
        """Until nothing is due. What was published stays in the outbox, where `said` reads it."""
        keeper = self.worker.timekeeper
        while keeper.step_timers() + keeper.step_errands():
            pass

    def pass_days(self, days: int) -> None:
        """Day by day, with the timers of each."""
        for _ in range(days):
            self.clock.advance_to(self.clock.now() + timedelta(days=1))
            self.work()

    def said(self, kind: type[Event] | None = None) -> list[Any]:
        """What was published so far, in order, of one class or of all."""
        outbox = self.database.frame.outbox
        with self.database.reading() as connection:
            waiting = connection.execute(select(outbox.c.topic, outbox.c.value).order_by(outbox.c.id)).all()
        events = [wire.decode(row.topic, row.value).event for row in waiting]
        return [event for event in events if kind is None or isinstance(event, kind)]


@contextmanager
def open_office(home: Path, database_url: str = "") -> Iterator[Office]:
    """An office with a seller, a package and a sponsor; its database is empty before."""
    clock = SimulatedClock(START)
    environment = {"STAGEDOOR_HOME": str(home)} | ({"STAGEDOOR_DATABASE_URL": database_url} if database_url else {})
    settings = load(environment)
    runtime = Runtime(settings=settings, clock=clock, ids=seeded_ids(1), log=open_log(settings.log_at, ""))
    runtime.log.create_topics([*SERVICE.consumes, *SERVICE.publishes])
    database = runtime.database(SERVICE)
    migrate(database, SERVICE.migrations)
    worker = create_worker(runtime)
    office = Office(runtime, clock, database, worker)
    office.hear(conference_opened())
    with database.transaction() as tx:
        handlers.define_seller(tx, a_seller())
        handlers.define_package(tx, a_package())
        handlers.enter_sponsor(tx, a_sponsor(), Person(CONTACT, "Ada Beispiel", "ada@suche.invalid", "de"))
    yield office
    worker.close()
    runtime.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


@pytest.fixture
def office_anywhere(tmp_path: Path, fresh_database_urls: str) -> Iterator[Office]:
    """Once on SQLite and once on PostgreSQL."""
    with open_office(tmp_path, fresh_database_urls) as opened:
        yield opened


def a_seller(**changes: Any) -> Seller:
    facts: dict[str, Any] = {
        "id": SELLER,
        "name": "Suchverein e. V.",
        "address": ("Musterstr. 1",),
        "postcode": "10115",
        "city": "Berlin",
        "country": "DE",
        "email": "finance@suchverein.invalid",
        "vat_id": "DE136695976",
        "tax_number": "",
        "register": "Amtsgericht Charlottenburg, VR 12345 B",
        "represented_by": "",
        "account_id": ACCOUNT,
        "account_holder": "Suchverein e. V.",
        "iban": "DE89370400440532013000",
        "bic": "COBADEFFXXX",
        "prefix": "SP",
    }
    return Seller(**{**facts, **changes})


def a_package(**changes: Any) -> Package:
    facts: dict[str, Any] = {
        "id": PACKAGE,
        "conference_id": CONFERENCE,
        "name": "Gold",
        "price": euros(5950),
        "cap": 3,
        "benefits": (PackageBenefit("vouchers", 4, "sponsor"), PackageBenefit("deliverable", 1, "", "Logo")),
    }
    return Package(**{**facts, **changes})


def a_sponsor(**changes: Any) -> Sponsor:
    facts: dict[str, Any] = {
        "id": SPONSOR,
        "name": "Beispiel Suchmaschinen GmbH",
        "address": ("Beispielweg 2",),
        "postcode": "20095",
        "city": "Hamburg",
        "country": "DE",
        "vat_id": VatId("DE129274202"),
        "contact_id": CONTACT,
    }
    return store.Sponsor(**{**facts, **changes})
