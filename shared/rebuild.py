"""Projections made anew from their topics, in one transaction, while nobody is mailed, charged or told.

Only the declared projection tables and the inbox are emptied. Decisions, sequences, timers and dropped messages stay.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from shared import wire
from shared.database import Database, Transaction
from shared.errors import Corrupt
from shared.inbox import Heard, Inbox, Key
from shared.log import Log, Record, TopicPartition
from shared.service import Service

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: how many events it read, and a digest of the projections before and after."""

    events: int
    before: str
    after: str

    @property
    def equal(self) -> bool:
        return self.before == self.after


def rebuild(
    service: Service, database: Database, log: Log, progress: Callable[[int], None] = lambda events: None
) -> Rebuilt:
    """Empty the projections of a service and fill them from its topics, as far as it had read them.

    Atomic: readers see the old ones until it commits, and a consumer waits. `progress` is told how many events were read.
    """
    inbox = Inbox(service, database)
    frame = database.frame
    before = digest(service, database)
    events = 0
    with database.replay() as tx:
        places = _lock_positions(database, tx)
        stops = _parked_from(database, tx)
        dropped = {(r.topic, r.key, r.sequence) for r in tx.execute(sa.select(frame.dropped))}
        for table in reversed(service.projection_tables):
            tx.execute(sa.delete(table))
        tx.execute(sa.delete(frame.inbox))
        for place, end in sorted(places.items()):
            offset = 0
            while offset < end:
                records = [r for r in log.read(place, offset, BATCH, timeout=10.0) if r.offset < end]
                if not records:
                    raise Corrupt(f"{place.topic}/{place.partition} ends at {offset}, though {end} were read before.")
                _replay(inbox, records, stops, dropped, tx)
                offset = records[-1].offset + 1
                events += len(records)
                progress(events)
    return Rebuilt(events, before, digest(service, database))


def digest(service: Service, database: Database) -> str:
    """A hash of every row of the projections, in the order of their keys."""
    hashed = hashlib.sha256()
    with database.reading() as connection:
        for table in service.projection_tables:
            hashed.update(table.name.encode())
            for row in connection.execution_options(yield_per=5000).execute(
                sa.select(table).order_by(*table.primary_key.columns)
            ):
                hashed.update(repr(tuple(row)).encode())
    return hashed.hexdigest()


def _lock_positions(database: Database, tx: Transaction) -> dict[TopicPartition, int]:
    table = database.frame.positions
    rows = tx.execute(sa.select(table).order_by(table.c.topic, table.c.partition).with_for_update())
    return {TopicPartition(row.topic, row.partition): row.next_offset for row in rows}


def _parked_from(database: Database, tx: Transaction) -> dict[Key, int]:
    table = database.frame.parked
    rows = tx.execute(
        sa.select(table.c.topic, table.c.key, sa.func.min(table.c.sequence).label("first"))
        .where(table.c.sequence > 0)
        .group_by(table.c.topic, table.c.key)
    )
    return {(row.topic, row.key): row.first for row in rows}


def _replay(
    inbox: Inbox,
    records: Sequence[Record],
    stops: dict[Key, int],
    dropped: set[tuple[str, str, int]],
    tx: Transaction,
) -> None:
    read: list[wire.Envelope[Any]] = []
    for record in records:
        with contextlib.suppress(Corrupt):
            read.append(wire.decode(record.topic, record.value))
    heard: dict[Key, Heard] = inbox.lock(tx, {(e.topic, e.key) for e in read})
    taken = []
    for envelope in read:
        key = (envelope.topic, envelope.key)
        state = heard[key]
        while (*key, state.last + 1) in dropped and state.last + 1 < envelope.sequence:
            state.last, state.changed = state.last + 1, True
        if envelope.sequence <= state.last or envelope.sequence >= stops.get(key, envelope.sequence + 1):
            continue
        state.last, state.digest, state.changed = envelope.sequence, state.digest + envelope.digest, True
        if (*key, envelope.sequence) not in dropped:
            taken.append(envelope)
    inbox.handle(taken, tx, projections_only=True)
    inbox.save(heard, tx)
