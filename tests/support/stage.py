"""A talker and a listener with their workers, on whichever stack a test is given."""

from __future__ import annotations

import time

import sqlalchemy as sa

from shared.clock import SimulatedClock
from shared.database import Database
from shared.events import Event
from shared.runtime import Runtime
from shared.service import Errand
from shared.worker import Worker
from tests.support.probe import LISTENER, TALKER, notes, prepared


class ProbeStage:
    """`fetched` collects the errands that were done; `fetch_error`, when set, is raised by each instead."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.talker, self.listener = prepared(runtime, TALKER, LISTENER)
        self.fetched: list[str] = []
        self.fetch_error: Exception | None = None
        self.talking = Worker(TALKER, runtime, None)
        self.listening = Worker(LISTENER, runtime, {"fetch": self.fetch, "database": self.listener})

    @property
    def clock(self) -> SimulatedClock:
        assert isinstance(self.runtime.clock, SimulatedClock)
        return self.runtime.clock

    def fetch(self, errand: Errand) -> None:
        if self.fetch_error is not None:
            raise self.fetch_error
        self.fetched.append(errand.subject)

    def say(self, *events: Event) -> None:
        with self.talker.transaction() as tx:
            tx.publish(*events)

    def settle(self) -> None:
        """Work until nothing is under way any more."""
        until = time.monotonic() + 30
        patience = 0.0
        while time.monotonic() < until:
            if self.talking.step() + self.listening.step(patience) > 0:
                patience = 0.0
            elif self._is_drained():
                return
            else:
                patience = 0.1
        raise AssertionError("the stage does not come to rest")

    def _is_drained(self) -> bool:
        ends = self.runtime.log.ends(LISTENER.consumes)
        return self.listening.consumer.inbox.positions(ends) == ends

    def notes(self) -> list[str]:
        with self.listener.reading() as connection:
            return [row.text for row in connection.execute(sa.select(notes).order_by(notes.c.id))]

    def count(self, table: sa.Table, database: Database | None = None) -> int:
        with (database or self.listener).reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    def close(self) -> None:
        self.talking.close()
        self.listening.close()
        self.runtime.close()
