"""What a service is: its tables, what it does with what it hears, and what it does when time has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shared.database import Transaction
from shared.events import TOPICS, Event
from shared.wire import Envelope

Projection = Callable[[Sequence[Envelope[Any]], Transaction], None]
"""Writes facts, a batch at a time, and nothing that could not be written again from the topics. Its time is the envelope's."""
Reaction = Callable[[Envelope[Any], Transaction], None]
"""Decides, one event at a time."""
Check = Callable[[sa.Connection], list[str]]
"""Sentences about facts that contradict each other, for `stagedoor verify`; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Work that fell due, done inside one transaction; its row is already gone there, so it may be scheduled again."""

    kind: str
    subject: str
    due_at: datetime
    facts: Mapping[str, str]
    tries: int


@dataclass(frozen=True, slots=True)
class Errand(Timer):
    """Work that fell due and needs the network, so it opens transactions of its own and says `done` in the last one."""

    finish: Callable[[Transaction], None]

    def done(self, tx: Transaction) -> None:
        """The errand is done when this transaction commits."""
        self.finish(tx)


TimerHandler = Callable[[Timer, Transaction], None]
ErrandHandler = Callable[[Errand, Any], None]


@dataclass(frozen=True)
class Service:
    """The literal declaration of a service. `migrations` is a package path; `checks` are its own invariants."""

    name: str
    metadata: sa.MetaData
    migrations: str
    projections: Mapping[type[Event], Projection] = field(default_factory=dict)
    reactions: Mapping[type[Event], Reaction] = field(default_factory=dict)
    projection_tables: Sequence[sa.Table] = ()
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    errands: Mapping[str, ErrandHandler] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    pace: float = 0.0
    """Seconds between two batches that it takes: where nobody waits for it, many events together cost little more than one."""
    speaking_pace: float = 0.0
    """Seconds between two batches that it sends, likewise."""

    @property
    def consumes(self) -> list[str]:
        """The topics on which the events it handles are."""
        handled = self.projections.keys() | self.reactions.keys()
        return sorted(topic.name for topic in TOPICS.values() if handled & set(topic.events.values()))

    @property
    def publishes(self) -> list[str]:
        return sorted(topic.name for topic in TOPICS.values() if topic.owner == self.name)
