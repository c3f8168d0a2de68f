"""A house that a browser can enter: every service on loopback around a clock that stands still until a test moves it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from infra.rehearsal.buyers import Basket, Shop
from infra.rehearsal.cast import SPONSORS, Attendee
from infra.rehearsal.scenery import Scenery, conference_plan
from infra.rehearsal.stage import MailSink, Stage
from infra.rehearsal.team import Signed, Team
from services.console.app import first_link
from shared.clock import SimulatedClock
from shared.config import load
from shared.ids import seeded_ids
from shared.log import open_log
from shared.web import staff as doors

OPENING = datetime(2027, 2, 15, 9, tzinfo=UTC)
NOW = datetime(2027, 3, 19, 9, 30, tzinfo=UTC)
"""Ten days before the early bird ends."""
DOORS_ON = date(2027, 5, 14)


class _Quiet(WSGIRequestHandler):
    """Writes no line per request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return None


class Served:
    """A WSGI application on a free port of the loopback, from the first moment; what it serves may be given later."""

    def __init__(self) -> None:
        self.app: Callable[..., Any] | None = None
        with socket.create_server(("127.0.0.1", 0), backlog=64) as bound:
            port = bound.getsockname()[1]
            self._server = make_server(
                "127.0.0.1", port, self._answer, threaded=True, request_handler=_Quiet, fd=bound.fileno()
            )
        self.url = f"http://127.0.0.1:{port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        assert self.app is not None, "the house is not open yet"
        return self.app(environ, start_response)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


@dataclass
class Show:
    """One conference of the house, with its shop as machines use it, to set the scene for a browser."""

    house: House
    slug: str
    team: Team
    shop: Shop
    people: int = 0

    @property
    def conference_id(self) -> str:
        return self.team.conference_id

    @property
    def url(self) -> str:
        return f"{self.house.url}/{self.slug}/"

    def sell(self, count: int, kind: str = "regular") -> None:
        """So many admissions, bought and paid, one order each."""
        for _ in range(count):
            self.people += 1
            guest = Attendee(f"Guest {self.people}", f"guest{self.people}@{self.slug}.example", kind)
            for basket in self.shop.order([guest], f"{self.slug}-{self.people}"):
                self.pay(basket)
        self.house.settle()

    def pay(self, basket: Basket) -> None:
        """By a good card, and back to the order."""
        self._visit(basket)
        assert self.shop.pay(basket)
        self.shop.come_back(basket)

    def _visit(self, basket: Basket) -> None:
        """As `Shop.visit`, but Stripe's page has an address that a browser reaches."""
        target = urlsplit(basket.payment_url or "")
        while not (address := basket.browser.get(f"{target.path}?{target.query}").location or "").startswith(
            self.house.stripe_url
        ):
            assert address, f"the way to pay {basket.reference} ends at {target.path}"
            target = urlsplit(address)
        basket.session_id = urlsplit(address).path.rpartition("/")[2]

    def sign(self, place: int) -> Signed:
        signed = self.team.sign(place, SPONSORS[place])
        self.house.settle()
        return signed

    def price(self, kind: str = "regular") -> int:
        return int(self.shop.offers()[kind]["price"]["amount"])


class House:
    """Front door and payment page on free ports, one stage behind them; `settle` lets it do what is to be done now."""

    def __init__(self, home: Path, now: datetime) -> None:
        self._door, self._stripe = Served(), Served()
        settings = load(
            {
                "STAGEDOOR_HOME": str(home),
                "STAGEDOOR_BASE_URL": self._door.url,
                "STAGEDOOR_STRIPE_API": self._stripe.url,
            }
        )
        self.sink = MailSink()
        self.stage = Stage(
            settings,
            open_log(settings.log_at, ""),
            SimulatedClock(now),
            seeded_ids(11),
            mailer=self.sink,
            stripe_seed=11,
            stripe_public_url=self._stripe.url,
        )
        self._door.app, self._stripe.app = self.stage.door, self.stage.stripe_app
        self.url, self.stripe_url = self._door.url, self._stripe.url
        self.shows: dict[str, Show] = {}

    @property
    def now(self) -> datetime:
        return self.stage.now

    def settle(self) -> None:
        self.stage.settle()

    def wait_until(self, instant: datetime) -> None:
        self.stage.advance_to(instant)

    def open(
        self,
        slug: str,
        name: str = "Bühnenlicht 2027",
        *,
        doors_on: date = DOORS_ON,
        early_birds: int = 40,
        capacity: int = 300,
        is_demo: bool = False,
    ) -> Show:
        plan = conference_plan(
            slug=slug, name=name, doors_on=doors_on, capacity=capacity, early_bird_cap=early_birds, is_demo=is_demo
        )
        scenery = Scenery(plan, self.now, plan.doors_at(), plan.doors_at() + timedelta(days=1))
        team = Team(self.stage, scenery, key=f"S{len(self.shows)}")
        team.open()
        self.shows[slug] = Show(self, slug, team, Shop(self.stage, slug))
        return self.shows[slug]

    def mails(self, to: str) -> list[EmailMessage]:
        """What was handed to the mail server for this address, oldest first."""
        return [_parse(mail) for recipient, mail in self.sink.mails if recipient == to]

    def first_link(self) -> str:
        link = first_link(self.stage.runtime)
        assert link is not None
        return link

    def staff_cookie(self, *roles: str) -> dict[str, Any]:
        """The cookie of a member of staff with these roles everywhere, as Playwright takes it."""
        staff = doors.Staff("stf_1", {"*": list(roles or ("organiser", "finance"))})
        token = doors.sign(self.stage.runtime.signer("staff"), staff, self.now)
        return {"name": f"stagedoor-{doors.COOKIE}", "value": token, "url": self.url}

    def close(self) -> None:
        self._door.stop()
        self._stripe.stop()
        self.stage.close()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage, beginning: str) -> str:
    """The first address in its text whose path begins so."""
    found = re.search(rf"https?://[^/\s]+{re.escape(beginning)}\S*", text_of(mail))
    assert found is not None, text_of(mail)
    return found[0]


def _parse(mail: bytes) -> EmailMessage:
    parsed = message_from_bytes(mail, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed
