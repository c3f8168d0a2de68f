"""A house for flow tests: a stage with one conference on sale, its team, its shop and its letter box, in words that tests speak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from infra.rehearsal.buyers import Basket, Shop
from infra.rehearsal.cast import Attendee, SponsorPart
from infra.rehearsal.scenery import ZONE, Scenery, conference_plan
from infra.rehearsal.stage import MailSink, Stage
from infra.rehearsal.team import Signed, Team
from infra.services import module, services
from services.catering.counting import count, expect
from services.catering.domain.headcount import Headcount
from services.catering.facts import load_conference
from services.notification.tables import messages
from services.ticket.domain.local_time import at_local
from shared import wire
from shared.clock import SimulatedClock
from shared.config import load
from shared.database import Database
from shared.events import TOPICS, Event
from shared.events.catering import Interval
from shared.ids import seeded_ids
from shared.log import open_log
from shared.verify import broken, missed
from shared.web import staff as doors
from shared.web.security import cookie_name
from tests.fixtures.servers import Stack

OPENING = datetime(2027, 3, 1, 9, tzinfo=UTC)
DOORS_ON = date(2027, 5, 14)
EARLY_BIRD_ENDS = datetime(2027, 3, 29, 22, tzinfo=UTC)
"""Midnight in Berlin at the end of the 29th: the day before, the clocks jumped to summer time."""
EARLY_BIRD_CAP = 10
CAPACITY = 40
EARLY, REGULAR, LATE = 24_900, 34_900, 49_900
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Said = TypeVar("Said", bound=Event)


@dataclass
class House:
    """Everything around one test. The clock stands at `OPENING`, the conference `flow` is on sale."""

    stage: Stage
    sink: MailSink
    team: Team
    shop: Shop
    people: int = 0

    @property
    def now(self) -> datetime:
        return self.stage.now

    @property
    def conference_id(self) -> str:
        return self.team.conference_id

    def database(self, name: str) -> Database:
        return self.stage.runtime.database(module(name).SERVICE)

    # Time

    def settle(self) -> None:
        self.stage.settle()

    def wait(self, **duration: float) -> None:
        """So long, with everything that falls due in between."""
        self.stage.advance(timedelta(**duration))

    def wait_until(self, instant: datetime) -> None:
        self.stage.advance_to(instant)

    def days_before_doors(self, days: int, hour: int = 12, minute: int = 0) -> datetime:
        """A local time of a day so many days before the day of doors."""
        return at_local(DOORS_ON - timedelta(days=days), time(hour, minute), ZONE)

    @contextmanager
    def without_errands(self, name: str) -> Any:
        """A service that hears and decides, but whose errands rest for a while."""
        worker = self.stage.workers[name]
        everybody = list(worker.parts)
        worker.parts = [part for part in everybody if not part.name.startswith("errands")]
        yield
        worker.parts = everybody
        self.wait(seconds=1)

    # Buyers

    def guests(self, count: int = 1, kind: str = "regular") -> list[Attendee]:
        self.people += count
        return [
            Attendee(f"Guest {n}", f"guest{n}@example.org", kind)
            for n in range(self.people - count + 1, self.people + 1)
        ]

    def order(self, count: int = 1, kind: str = "regular", *, locale: str = "en", voucher: str = "") -> Basket:
        guests = self.guests(count, kind)
        [basket] = self.shop.order(guests, f"order-{self.people}", locale=locale, voucher=voucher)
        return basket

    def order_at_stripe(self, count: int = 1, kind: str = "regular") -> Basket:
        """An order whose buyer stands at Stripe's page."""
        basket = self.order(count, kind)
        self.shop.visit(basket)
        return basket

    def buy(self, count: int = 1, kind: str = "regular", *, locale: str = "en") -> Basket:
        """Order, pay, and see everything it sets off through."""
        basket = self.order(count, kind, locale=locale)
        self.shop.visit(basket)
        assert self.shop.pay(basket)
        self.settle()
        return basket

    def price(self, kind: str = "regular") -> int:
        """Of one admission, in minor units, as the shop shows it now."""
        return int(self.shop.offers()[kind]["price"]["amount"])

    def left(self, kind: str = "regular") -> int:
        """How many one order could have."""
        return int(self.shop.offers()[kind]["left"])

    def status(self, basket: Basket) -> str:
        return self.shop.status(basket)

    # What was said, mailed and counted

    def said(self, kind: type[Said]) -> list[Said]:
        """Every event of this kind that stands in the log, in order within its partition."""
        [topic] = [name for name, topic in TOPICS.items() if kind in topic.events.values()]
        places = sorted(self.stage.log.ends([topic]).items())
        records = [record for place, end in places for record in self._read(place, end)]
        events = [wire.decode(topic, record.value).event for record in records]
        return [event for event in events if isinstance(event, kind)]

    def _read(self, place: Any, end: int) -> Iterable[Any]:
        offset = 0
        while offset < end:
            records = self.stage.log.read(place, offset, 1000, timeout=5.0)
            yield from records
            offset = records[-1].offset + 1

    def mails(self, to: str = "", about: str = "") -> list[EmailMessage]:
        """What was handed to the mail server, oldest first; `about` is a word of the subject."""
        mails = [parse(mail) for recipient, mail in self.sink.mails if not to or recipient == to]
        return [mail for mail in mails if about in str(mail["Subject"])]

    def mailed(self) -> list[tuple[str, str]]:
        """(rule, state) of every message in the ledger, in the order of its rules."""
        with self.database("notification").reading() as connection:
            rows = connection.execute(sa.select(messages.c.rule, messages.c.state))
            return sorted((row.rule, row.state) for row in rows)

    def headcount(self) -> Headcount:
        with self.database("catering").reading() as connection:
            return count(connection, self.conference_id)

    def forecast(self) -> Interval:
        with self.database("catering").reading() as connection:
            return expect(connection, load_conference(connection, self.conference_id), self.now)

    # Staff

    @contextmanager
    def at_work(self, name: str) -> Any:
        """A transaction of a member of staff in a service's database; what it sets off is seen through."""
        with self.database(name).transaction("console:stf_1") as tx:
            yield tx
        self.settle()

    def sign(self, package: str = "Gold", place: int = 0) -> Signed:
        part = SponsorPart("Nordlicht GmbH", "Kiel", "24103", "Frauke Linde", package, 0, None, 0)
        signed = self.team.sign(place, part)
        self.settle()
        return signed

    def staff(self, *roles: str) -> Client:
        """A browser of a member of staff with these roles everywhere, for the next minutes."""
        browser = self.stage.browser()
        signer = self.stage.runtime.signer("staff")
        token = doors.sign(signer, doors.Staff("stf_1", {"*": list(roles or ("organiser", "finance"))}), self.now)
        browser.set_cookie(cookie_name(self.stage.runtime.settings, doors.COOKIE), token)
        return browser

    def submit(self, browser: Client, path: str, form: dict[str, Any], action: str = "") -> TestResponse:
        """Open a page, then send a form from it."""
        page = browser.get(path)
        assert page.status_code == 200, page.text[:500]
        found = TOKEN.search(page.text)
        assert found is not None, page.text[:500]
        return browser.post(action or path, data={"csrf_token": found[1], **form})

    # At the end

    def check(self) -> None:
        """All is well: nothing parked, stuck or missed, and every service's facts agree."""
        self.settle()
        assert self.stage.trouble() == []
        assert self.differences() == []

    def differences(self) -> list[str]:
        """What `stagedoor verify` would say."""
        declared = services()
        databases = {service.name: self.stage.runtime.database(service) for service in declared}
        found = [str(each) for each in missed(declared, databases, self.now, timedelta(0))]
        return found + [sentence for service in declared for sentence in broken(service, databases[service.name])]

    def close(self) -> None:
        self.stage.close()


def build(stack: Stack, home: Path, opening: datetime = OPENING, doors_on: date = DOORS_ON) -> House:
    """A house on this stack, its conference opened by its team. Its clock stands at `opening`."""
    settings = load(
        {
            "STAGEDOOR_HOME": str(home),
            "STAGEDOOR_SECRET": "a secret of the tests",
            "STAGEDOOR_BASE_URL": "http://localhost",
            "STAGEDOOR_LOG_URL": stack.log_url,
            "STAGEDOOR_DATABASE_URL": stack.database_url,
            "STAGEDOOR_STRIPE_API": "http://stripe.invalid",
        }
    )
    sink = MailSink()
    log = open_log(stack.log_url, stack.prefix)
    stage = Stage(settings, log, SimulatedClock(opening), seeded_ids(7), mailer=sink, stripe_seed=7)
    plan = conference_plan(
        slug="flow", name="Flow 2027", doors_on=doors_on, capacity=CAPACITY, early_bird_cap=EARLY_BIRD_CAP
    )
    scenery = Scenery(plan, opening, plan.doors_at(), plan.doors_at() + timedelta(days=1))
    team = Team(stage, scenery, key="F")
    return House(stage, sink, team, Shop(stage, team.open()))


def parse(mail: bytes) -> EmailMessage:
    parsed = message_from_bytes(mail, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(mail: EmailMessage) -> str:
    """Its plain text part."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def attachments_of(mail: EmailMessage) -> dict[str, bytes]:
    """File name -> contents."""
    return {
        str(part.get_filename()): bytes(
            part.get_content() if part.get_content_maintype() != "text" else part.get_payload(decode=True)
        )
        for part in mail.iter_attachments()
    }


def link_in(mail: EmailMessage, beginning: str) -> str:
    """Path and query of the first link of ours in its text whose path begins so."""
    links = re.findall(r"https?://\S+", text_of(mail))
    [path, *_] = [
        f"{p.path}?{p.query}" if p.query else p.path for p in map(urlsplit, links) if p.path.startswith(beginning)
    ]
    return path


def subjects(mails: Sequence[EmailMessage]) -> list[str]:
    return [str(mail["Subject"]) for mail in mails]
