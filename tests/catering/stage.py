"""A ticket service that only talks, and catering's real worker on throw-away parts, under a clock that we move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.catering import counting, facts, orderbook
from services.catering.app import SERVICE, create_worker
from shared.clock import SimulatedClock
from shared.database import Database
from shared.database.frame import frame_tables
from shared.database.migrate import migrate
from shared.events import Event
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionIssued,
    AdmissionTypeFact,
    ConferenceOpened,
    TierClosed,
    TierFact,
)
from shared.money import Money
from shared.runtime import Runtime
from shared.service import Service
from shared.wire import decode
from shared.worker import Worker
from tests.support.probe import make_runtime

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
DOORS = datetime(2027, 6, 14, 7, tzinfo=UTC)
DAYS = (date(2027, 6, 14), date(2027, 6, 15))
CONFERENCE = "con_1"
TALKER = Service("ticket", sa.MetaData(), "tests.support.none")
frame_tables(TALKER.metadata)


def opened(**changes: Any) -> ConferenceOpened:
    facts: dict[str, Any] = {
        "conference_id": CONFERENCE,
        "slug": "searchlight-2027",
        "name": "Searchlight 2027",
        "place": "Berlin",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "capacity": 500,
        "days": DAYS,
        "doors_at": DOORS,
        "seller": "sel_1",
        "reply_to": "hello@example.org",
        "admission_types": (AdmissionTypeFact("regular", "Regular", "Regulär"), AdmissionTypeFact("student", "S", "S")),
        "tiers": (
            TierFact("tie_1", "regular", "Early bird", "Frühbucher", Money(19900, "EUR"), None, START, None),
            TierFact("tie_2", "regular", "Regular", "Regulär", Money(29900, "EUR"), START, DOORS, None),
        ),
    }
    return ConferenceOpened(**{**facts, **changes})


def issued(number: int, at: datetime, conference_id: str = CONFERENCE, **changes: Any) -> AdmissionIssued:
    facts: dict[str, Any] = {
        "conference_id": conference_id,
        "order_id": f"ord_{number}",
        "reference": f"R{number}",
        "admission_id": f"adm_{number}",
        "admission_type": "regular",
        "attendee": f"ticket:per_{number}",
        "tier_id": "tie_1",
        "days": DAYS,
        "price": Money(19900, "EUR"),
        "issued_at": at,
    }
    return AdmissionIssued(**{**facts, **changes})


def cancelled(number: int, at: datetime) -> AdmissionCancelled:
    return AdmissionCancelled(
        conference_id=CONFERENCE,
        order_id=f"ord_{number}",
        reference=f"R{number}",
        admission_id=f"adm_{number}",
        admission_type="regular",
        tier_id="tie_1",
        reason="attendee",
        cancelled_at=at,
    )


def closed(at: datetime) -> TierClosed:
    return TierClosed(
        conference_id=CONFERENCE,
        tier_id="tie_1",
        admission_type="regular",
        name="Early bird",
        price=Money(19900, "EUR"),
        reason="cap",
        closed_at=at,
        taken=3,
        next_tier_id="tie_2",
        next_price=Money(29900, "EUR"),
    )


class Stage:
    def __init__(self, home: Path, database_url: str = "") -> None:
        self.runtime: Runtime = make_runtime(home, database_url=database_url, clock=SimulatedClock(START))
        self.talker = self.runtime.database(TALKER)
        TALKER.metadata.create_all(self.talker.engine)
        self.database: Database = self.runtime.database(SERVICE)
        migrate(self.database, SERVICE.migrations)
        self.runtime.log.create_topics([*TALKER.publishes, *SERVICE.publishes])
        self.talking = Worker(TALKER, self.runtime, None)
        self.cooking = create_worker(self.runtime)
        self.issued = 0

    @property
    def now(self) -> datetime:
        return self.runtime.clock.now()

    def say(self, *events: Event) -> None:
        """Ticketing says these in one transaction, and catering takes them in."""
        with self.talker.transaction() as tx:
            tx.publish(*events)
        self.settle()

    def sell(self, count: int, **changes: Any) -> None:
        first = self.issued + 1
        self.issued += count
        self.say(*[issued(number, self.now, **changes) for number in range(first, first + count)])

    def settle(self) -> None:
        for _ in range(1000):
            if self.talking.step() + self.cooking.step() == 0:
                return
        raise AssertionError("the stage does not come to rest")

    def pass_time(self, until: datetime) -> None:
        """Move the clock, stopping at whatever is due on the way."""
        clock = self.runtime.clock
        assert isinstance(clock, SimulatedClock)
        while (due := self.cooking.next_due()) is not None and due <= until:
            clock.advance_to(due)
            self.settle()
        clock.advance_to(until)
        self.settle()

    def days_pass(self, days: float) -> None:
        self.pass_time(self.now + timedelta(days=days))

    def said(self, kind: type[Event] | None = None) -> list[Any]:
        """What catering published, in order."""
        events = []
        for place, end in self.runtime.log.ends(["catering.meals"]).items():
            if end:
                events += [decode(r.topic, r.value) for r in self.runtime.log.read(place, 0, end)]
        ordered = sorted(events, key=lambda envelope: (envelope.key, envelope.sequence))
        return [e.event for e in ordered if kind is None or isinstance(e.event, kind)]

    def order(self) -> Any:
        with self.database.reading() as connection:
            return orderbook.load_order(connection, CONFERENCE)

    def conference(self) -> facts.Conference:
        with self.database.reading() as connection:
            return facts.load_conference(connection, CONFERENCE)

    def headcount(self) -> Any:
        with self.database.reading() as connection:
            return counting.count(connection, CONFERENCE)
