"""The console's real apps and worker on throw-away parts, beside services that only talk, under a clock that we move."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from services.console.app import SERVICE, create_app, create_internal, create_worker, first_link
from shared.clock import SimulatedClock
from shared.config import load
from shared.database.frame import frame_tables
from shared.database.migrate import migrate
from shared.events import TOPICS, Event
from shared.events.catering import ForecastUpdated, HeadcountChanged, Interval, MealCount, MealPlates, MealsProposed
from shared.events.sponsorship import BankConfirmed, InvoiceIssued, InvoiceOverdue, PaymentRecorded, SponsorshipSigned
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionIssued,
    AdmissionTypeFact,
    ConferenceOpened,
    OrderPaid,
    OrderPlaced,
    TierClosed,
    TierFact,
    TierOpened,
)
from shared.ids import seeded_ids
from shared.internal import wsgi_transport
from shared.log import open_log
from shared.money import Money
from shared.operations import health
from shared.runtime import Runtime
from shared.service import Service
from shared.worker import Worker

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
DOORS = datetime(2027, 6, 7, 7, tzinfo=UTC)
DAYS = (date(2027, 6, 7), date(2027, 6, 8))
PASSWORD = "seven dry towels by the sea"


def eur(cents: int) -> Money:
    return Money(cents, "EUR")


class Stage:
    def __init__(self, home: Path, **settings: str) -> None:
        read = load({"STAGEDOOR_HOME": str(home), "STAGEDOOR_SECRET": "a secret of tests", **settings})
        log = open_log(read.log_at, read.topic_prefix)
        self.runtime = Runtime(settings=read, clock=SimulatedClock(NOW), ids=seeded_ids(1), log=log)
        self.runtime.log.create_topics(TOPICS)
        self.database = self.runtime.database(SERVICE)
        migrate(self.database, SERVICE.migrations)
        self.app = create_app(self.runtime)
        self.worker = create_worker(self.runtime)
        self.talkers: dict[str, Worker] = {}
        self.runtime.transports["console"] = wsgi_transport(create_internal(self.runtime))
        for owner in sorted({topic.owner for topic in TOPICS.values()} - {"console"}):
            service = Service(owner, sa.MetaData(), "tests.support.none")
            frame_tables(service.metadata)
            service.metadata.create_all(self.runtime.database(service).engine)
            self.talkers[owner] = Worker(service, self.runtime, None)

    def say(self, owner: str, *events: Event, actor: str = "system") -> None:
        with self.runtime.database(self.talkers[owner].service).transaction(actor) as tx:
            tx.publish(*events)

    def settle(self) -> None:
        """Until everything that was said is written down; a broker takes a moment to hand out its partitions."""
        until, patience = time.monotonic() + 60, 0.0
        while time.monotonic() < until:
            done = sum(worker.step() for worker in self.talkers.values()) + self.worker.step(patience)
            patience = 0.0
            if done == 0:
                if self._is_at_rest():
                    return
                patience = 0.1
        raise AssertionError("the stage does not come to rest")

    def _is_at_rest(self) -> bool:
        said = health(SERVICE, self.database, self.runtime.log)
        return not said["outbox"] and not any(consumer["lag"] for consumer in said["consumers"])

    def pass_time(self, span: timedelta) -> None:
        self.runtime.clock.advance_to(self.runtime.clock.now() + span)  # type: ignore[attr-defined]

    def close(self) -> None:
        for worker in (*self.talkers.values(), self.worker):
            worker.close()
        self.runtime.close()

    # as staff

    def join(self, client: FlaskClient, link: str, name: str = "Ada", email: str = "ada@example.org") -> Any:
        path = link.removeprefix(self.runtime.settings.base_url)
        form = {"name": name, "email": email, "password": PASSWORD, "again": PASSWORD}
        return post(client, path, path, **form)

    def organiser(self) -> FlaskClient:
        """A browser of the first member of staff, signed in."""
        client = self.app.test_client()
        link = first_link(self.runtime)
        assert link is not None
        assert self.join(client, link).status_code == 303
        return client


def post(client: FlaskClient, page: str, target: str, **form: Any) -> Any:
    """Fill in the form of `page` and send it to `target`."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token, f"{page} has no form"
    return client.post(target, data={"csrf_token": token[1], **form})


def opened(**changes: Any) -> ConferenceOpened:
    facts: dict[str, Any] = {
        "conference_id": "con_1",
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
            TierFact("tie_1", "regular", "Early bird", "Frühbucher", eur(19900), None, NOW, 120),
            TierFact("tie_2", "regular", "Regular", "Regulär", eur(29900), NOW, NOW + timedelta(days=5), None),
            TierFact(
                "tie_3", "regular", "Last minute", "Last Minute", eur(44900), NOW + timedelta(days=5), DOORS, None
            ),
        ),
    }
    return ConferenceOpened(**{**facts, **changes})


def paid(number: int, count: int = 1, price: int = 19900, **changes: Any) -> OrderPaid:
    facts: dict[str, Any] = {
        "conference_id": "con_1",
        "order_id": f"ord_{number}",
        "reference": f"R{number}",
        "buyer": f"ticket:per_{number}",
        "payment_method": "card",
        "paid_at": NOW,
        "total": eur(price * count),
        "vat": (),
        "lines": (),
    }
    return OrderPaid(**{**facts, **changes})


def issued(number: int, at: datetime = NOW, tier: str = "tie_1", price: int = 19900, order: int = 1) -> AdmissionIssued:
    return AdmissionIssued(
        conference_id="con_1",
        order_id=f"ord_{order}",
        reference=f"R{order}",
        admission_id=f"adm_{number}",
        admission_type="regular",
        attendee=f"ticket:per_{number}",
        tier_id=tier,
        days=DAYS,
        price=eur(price),
        issued_at=at,
    )


def cancelled(number: int, at: datetime = NOW, order: int = 1) -> AdmissionCancelled:
    return AdmissionCancelled(
        conference_id="con_1",
        order_id=f"ord_{order}",
        reference=f"R{order}",
        admission_id=f"adm_{number}",
        admission_type="regular",
        tier_id="tie_1",
        reason="attendee",
        cancelled_at=at,
    )


def invoiced(number: int, sponsor: str, total: int, due_on: date) -> list[Event]:
    common: dict[str, Any] = {"conference_id": "con_1", "sponsorship_id": f"spo_{number}", "sponsor": sponsor}
    return [
        SponsorshipSigned(**common, package="Gold", price=eur(total), in_kind=False, signed_on=due_on),
        InvoiceIssued(
            **common,
            invoice_id=f"inv_{number}",
            number=f"2027-{number:03}",
            contact=f"sponsorship:per_{number}",
            issued_on=due_on - timedelta(days=14),
            due_on=due_on,
            total=eur(total),
            vat=(),
            payment_reference=f"RF{number}",
        ),
    ]


def settled(number: int, sponsor: str, amount: int, left: int = 0) -> PaymentRecorded:
    return PaymentRecorded(
        conference_id="con_1",
        sponsorship_id=f"spo_{number}",
        invoice_id=f"inv_{number}",
        number=f"2027-{number:03}",
        sponsor=sponsor,
        payment_id=f"pay_{number}",
        amount=eur(amount),
        open=eur(left),
        booked_on=NOW.date(),
        method="transfer",
    )


def reminded(number: int, sponsor: str, stage: int, days: int, left: int) -> InvoiceOverdue:
    return InvoiceOverdue(
        conference_id="con_1",
        sponsorship_id=f"spo_{number}",
        invoice_id=f"inv_{number}",
        number=f"2027-{number:03}",
        sponsor=sponsor,
        contact=f"sponsorship:per_{number}",
        stage=stage,
        days_overdue=days,
        open=eur(left),
        due_on=NOW.date() - timedelta(days=days),
        released_at=NOW,
    )


def a_conference_under_way(stage: Stage) -> None:
    """A hundred tickets over ninety days, a tier that sold out, six sponsors of whom two are late, a proposal for the caterer."""
    begin = NOW - timedelta(days=90)
    stage.say("ticket", opened())
    stage.say(
        "ticket",
        *(
            issued(
                n,
                begin + timedelta(days=90 * (n / 160) ** 0.7),
                *(("tie_1", 19900) if n < 120 else ("tie_2", 29900)),
                order=n,
            )
            for n in range(160)
        ),
        *(paid(n, price=19900 if n < 120 else 29900) for n in range(160)),
        cancelled(3, NOW - timedelta(days=4), order=3),
        OrderPlaced(
            conference_id="con_1",
            order_id="ord_900",
            reference="R900",
            buyer="ticket:per_900",
            payment_method="transfer",
            pay_by=NOW + timedelta(days=4),
            total=eur(59800),
            vat=(),
        ),
        TierClosed(
            conference_id="con_1",
            tier_id="tie_1",
            admission_type="regular",
            name="Early bird",
            price=eur(19900),
            reason="cap",
            closed_at=NOW - timedelta(days=24),
            taken=120,
            next_tier_id="tie_2",
            next_price=eur(29900),
        ),
        TierOpened(
            conference_id="con_1",
            tier_id="tie_2",
            admission_type="regular",
            name="Regular",
            price=eur(29900),
            opened_at=NOW - timedelta(days=24),
            ends_at=NOW + timedelta(days=5),
            cap=None,
        ),
    )
    today = NOW.date()
    stage.say(
        "sponsor_invoice",
        *invoiced(1, "Example Search Ltd", 250000, today - timedelta(days=41)),
        *invoiced(2, "Beispiel Suchmaschinen GmbH", 400000, today - timedelta(days=12)),
        *invoiced(3, "Muster Speicher AG", 600000, today + timedelta(days=3)),
        *invoiced(4, "Paid Ltd", 2550000, today - timedelta(days=20)),
        settled(4, "Paid Ltd", 2550000),
        reminded(1, "Example Search Ltd", 2, 41, 250000),
        BankConfirmed(account_id="acc_1", until=today - timedelta(days=1)),
    )
    interval = Interval(398, 406, 412, 419, 429)
    stage.say(
        "catering",
        HeadcountChanged(
            conference_id="con_1",
            admissions=159,
            meals=(MealCount("mea_1", 159, 12), MealCount("mea_2", 159, 0)),
            names={"mea_1": "Monday lunch"},
        ),
        ForecastUpdated(conference_id="con_1", forecast_at=NOW, admissions=159, at_doors=interval, reason="sales"),
        MealsProposed(
            conference_id="con_1",
            headcount=159,
            forecast=interval,
            plates=(MealPlates("mea_1", 301), MealPlates("mea_2", 265)),
            proposed_at=NOW,
            deadline_at=datetime(2027, 5, 31, 10, tzinfo=UTC),
        ),
    )
    stage.settle()
