"""What somebody agreed to get: asked for on a page, confirmed by a button, taken back at any time.

    pending ──button on the page of the confirmation mail──> confirmed ──> withdrawn ──asks again──> pending

Opening a link changes nothing: scanners open links.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Gone

CONFIRM_WITHIN = timedelta(days=7)
"""How long a confirmation link works; what nobody confirmed by then is forgotten."""
KEEP_AFTER_DOORS = timedelta(days=30)
"""How long a consent outlives the beginning of its conference."""
ASKS_PER_ADDRESS = 3
"""Confirmation mails to one address within `ASKS_WITHIN`; more are answered alike and not mailed."""
ASKS_PER_CLIENT = 30
"""Requests of one client within `ASKS_WITHIN`."""
ASKS_WITHIN = timedelta(hours=24)


class Topic(StrEnum):
    """What a consent is for."""

    PRICE_RISES = "price_rises"


class ConsentState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class Consent:
    """`asks` counts how often it was asked for: a confirmation link is good for the ask it was mailed for."""

    consent_id: str
    conference_id: str
    person_id: str
    topic: Topic
    state: ConsentState
    asked_at: datetime
    asks: int = 1
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def ask(self, now: datetime) -> bool:
        """Somebody asks again. True when a confirmation mail is due: one who confirmed already needs none."""
        if self.state is ConsentState.CONFIRMED:
            return False
        self.state, self.asked_at = ConsentState.PENDING, now
        self.asks += 1
        return True

    def confirm(self, now: datetime, ask: int) -> None:
        """The button of the confirmation page. Twice is as good as once; a link of an older ask or time is `Gone`."""
        if self.state is ConsentState.CONFIRMED and ask == self.asks:
            return
        if self.state is not ConsentState.PENDING or ask != self.asks or now > self.asked_at + CONFIRM_WITHIN:
            raise Gone("This link is no longer good. Ask for the reminder again.")
        self.state, self.confirmed_at = ConsentState.CONFIRMED, now

    def withdraw(self, now: datetime) -> None:
        """No more mails. Twice is as good as once."""
        if self.state is not ConsentState.WITHDRAWN:
            self.state, self.withdrawn_at = ConsentState.WITHDRAWN, now

    def is_forgettable(self, now: datetime) -> bool:
        """Nobody confirmed it in time, so nothing of it is kept."""
        return self.state is ConsentState.PENDING and now >= self.asked_at + CONFIRM_WITHIN
