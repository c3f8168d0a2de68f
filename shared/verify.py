"""Whether everything that was said was heard: owner and consumers compared key by key, and each service's own invariants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shared.database import Database
from shared.service import Service

QUIET = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Missed:
    """A key on which owner and consumer differ: the last numbers said and heard. Equal numbers mean another content."""

    consumer: str
    topic: str
    key: str
    said: int
    heard: int

    def __str__(self) -> str:
        if self.said == self.heard:
            return f"{self.consumer} heard something else than was said on {self.topic} of {self.key}."
        return f"{self.consumer} heard {self.heard} of {self.said} on {self.topic} of {self.key}."


def missed(
    services: Sequence[Service], databases: Mapping[str, Database], now: datetime, quiet: timedelta = QUIET
) -> list[Missed]:
    """The keys on which an owner and a consumer differ, of those that were quiet for a while.

    A tail that got lost on the way shows here, where no later number makes it a gap.
    """
    owners = {topic: service for service in services for topic in service.publishes}
    found: list[Missed] = []
    for consumer in services:
        for topic in consumer.consumes:
            owner = databases[owners[topic].name]
            found += _compare(consumer.name, topic, owner, databases[consumer.name], now - quiet)
    return found


def broken(service: Service, database: Database) -> list[str]:
    """Sentences about this service's facts that contradict each other."""
    with database.reading() as connection:
        return [sentence for check in service.checks for sentence in check(connection)]


def _compare(consumer: str, topic: str, owner: Database, listener: Database, before: datetime) -> Iterator[Missed]:
    with owner.reading() as said_by, listener.reading() as heard_by:
        said = _counted(said_by, owner.frame.sequences, topic)
        heard = _counted(heard_by, listener.frame.inbox, topic)
        right: Any = next(heard, None)
        for left in said:
            while right is not None and right.key < left.key:
                right = next(heard, None)
            match = right if right is not None and right.key == left.key else None
            last = match.last if match is not None else 0
            if left.at <= before and (match is None or last != left.last or match.digest != left.digest):
                yield Missed(consumer, topic, left.key, left.last, last)


def _counted(connection: sa.Connection, table: sa.Table, topic: str) -> Iterator[Any]:
    ordered: Any = sa.collate(table.c.key, "C") if connection.dialect.name == "postgresql" else table.c.key
    rows = connection.execution_options(yield_per=5000).execute(
        sa.select(table).where(table.c.topic == topic).order_by(ordered)
    )
    yield from rows
