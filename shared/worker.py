"""The worker of a service: its relay, its consumer, its timers and errands.

`step` does one round of each in the caller's thread (rehearsals and tests), `run` gives each a thread (installations).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.consumer import Consumer
from shared.errors import StagedoorError, Unavailable
from shared.inbox import describe
from shared.lookout import Lookout
from shared.outbox import BATCH, Relay
from shared.runtime import Runtime
from shared.service import Service
from shared.timers import Timekeeper

LOOKING = (0.005, 0.04)
"""Seconds between two looks for what other processes left: at first, and growing while nobody had to be woken."""
HOLDING = 0.02
"""A consumer that holds back what is not its business looks again after so many seconds: what comes together costs one poll."""
SAFETY = 1.0
"""A part that nobody wakes looks by itself after so many seconds: the claim of a process that died is seen by nobody else."""
AWAY = (0.5, 5.0)
"""How long a part sleeps when something is away."""
logger = logging.getLogger(__name__)


@dataclass
class Part:
    """One loop of the worker, and how it is."""

    name: str
    step: Callable[[], int]
    trouble: str = field(default="")
    wake: threading.Event = field(default_factory=threading.Event)
    """Set when there may be something to do."""
    is_busy: bool = False
    looks_again: Callable[[int], bool] = bool
    """Whether more may be there already, after so much was done."""


class Worker:
    """Composed by each service's `create_worker`. `context` is what its errands work with."""

    def __init__(self, service: Service, runtime: Runtime, context: Any, errand_threads: int = 2) -> None:
        database = self.database = runtime.database(service)
        self.service = service
        self.context = context
        self.relay = Relay(service, database, runtime.log)
        self.consumer = Consumer(service, database, runtime.log)
        self.timekeeper = Timekeeper(service, database, context)
        self.parts = [Part("relay", self.relay.step, looks_again=lambda done: done >= BATCH)]
        if service.consumes:
            self.parts.append(Part("consumer", lambda: self.consumer.step(self._patience)))
        if service.timers:
            self.parts.append(Part("timers", self.timekeeper.step_timers))
        if service.errands:
            more = lambda done: bool(done) and self.timekeeper.has_more  # noqa: E731
            errands = self.timekeeper.step_errands
            self.parts += [Part(f"errands-{n}", errands, looks_again=more) for n in range(1, errand_threads + 1)]
        self._patience = 0.0

    def step(self, patience: float = 0.0) -> int:
        """One round of everything; returns how much was done. What is away is left for the next round.

        The consumer waits up to `patience` seconds for a message: worth it where one is known to be under way.
        """
        done, self._patience = 0, patience
        for part in self.parts:
            try:
                done += part.step()
            except Unavailable as error:
                part.trouble = describe(error)
            else:
                part.trouble = ""
        return done

    def next_due(self, besides: Collection[str] = ()) -> datetime | None:
        """When its next timer or errand falls due, those of the kinds `besides` aside."""
        return self.timekeeper.next_due(besides)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; returns when every part has ended."""
        self._patience, self.consumer.holds_back = 0.25, 0.25
        threads = [threading.Thread(target=self._run_part, args=(part, stop), name=part.name) for part in self.parts]
        threads.append(threading.Thread(target=self._run_lookout, args=(stop,), name="lookout"))
        self.database.listeners.append(self.wake)
        with suppress(Unavailable):
            self.database.take_stock()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.database.listeners.remove(self.wake)

    def wake(self, spoken: bool, due: Collection[str]) -> bool:
        """There are rows in the outbox, or work of these kinds is due. Returns whether somebody slept who has to do with it.

        Errands wake one part at a time: one that is idle, else one that goes on when it is done.
        """
        wanted = [part for part in self.parts if spoken and part.name == "relay"]
        if not self.service.timers.keys().isdisjoint(due):
            wanted += [part for part in self.parts if part.name == "timers"]
        if not self.service.errands.keys().isdisjoint(due):
            errands = [part for part in self.parts if part.name.startswith("errands")]
            wanted += sorted(errands, key=lambda part: (part.is_busy, not part.wake.is_set()))[:1]
        slept = any(not (part.is_busy or part.wake.is_set()) for part in wanted)
        for part in wanted:
            part.wake.set()
        return slept

    def close(self) -> None:
        self.consumer.close()
        self.relay.close()

    def _run_part(self, part: Part, stop: threading.Event) -> None:
        away = AWAY[0]
        pace = {"consumer": self.service.pace, "relay": self.service.speaking_pace}.get(part.name, 0.0)
        while not stop.is_set():
            part.wake.clear()
            part.is_busy = True
            try:
                done = part.step()
            except Exception as error:
                part.trouble = describe(error)
                logger.warning("%s of %s waits: %s", part.name, self.service.name, part.trouble)
                if not isinstance(error, StagedoorError):
                    logger.exception("%s of %s failed", part.name, self.service.name)
                part.is_busy = False
                stop.wait(away)
                away = min(away * 2, AWAY[1])
                continue
            part.trouble, away, part.is_busy = "", AWAY[0], False
            if done and pace:
                stop.wait(pace)
            elif part.name == "consumer" and self.consumer.is_holding:
                stop.wait(HOLDING)
            if not part.looks_again(done):
                part.wake.wait(LOOKING[0] if part.name == "consumer" else SAFETY)  # a consumer waits in its poll
        if part.name == "consumer":
            self.consumer.close()
        if part.name == "relay":
            self.relay.close()

    def _run_lookout(self, stop: threading.Event) -> None:
        lookout, pause = Lookout(self.database), LOOKING[0]
        longest = max(
            LOOKING[1], self.service.pace
        )  # where nobody waits for what it hears, nobody waits for what it says
        while not stop.wait(pause):
            try:
                seen = lookout.look()
            except Unavailable as error:
                logger.warning("lookout of %s waits: %s", self.service.name, error)
                pause = AWAY[1]
                continue
            slept = self.wake(seen.spoken, (seen.due,))
            pause = LOOKING[0] if slept else min(pause * 1.1, longest)
        lookout.close()
        for part in self.parts:
            part.wake.set()
