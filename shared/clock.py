"""Where `now` comes from. Nothing else in the project asks the machine for the time of day."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from shared.errors import InvalidInput


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class SimulatedClock:
    """A clock that stands still until it is moved, and never moves back: for rehearsals and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = utc(now)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def advance_to(self, instant: datetime) -> None:
        with self._lock:
            self._now = max(self._now, utc(instant))


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; a naive one is refused."""
    if instant.tzinfo is None:
        raise InvalidInput(f"{instant.isoformat()} has no time zone: say which one it is meant in.")
    return instant.astimezone(UTC)
