"""What a service heard: each message once, in order within its key, or parked where a person can see it.

The row of a topic and key in `inbox` is the one lock for consuming, parking, retry and drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shared import trace, wire
from shared.database import Database, Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import Bulk, any_of, insert
from shared.errors import Conflict, Corrupt, NotFound
from shared.events import Event
from shared.log import Record, TopicPartition
from shared.service import Service
from shared.wire import Envelope

Key = tuple[str, str]


class Moved(Exception):
    """A position is not where this consumer left it: another one took over, so this one must rejoin."""


@dataclass(slots=True)
class Heard:
    """How far a key is: the last number taken, and the sum of the digests of all taken."""

    last: int
    digest: int
    changed: bool = False


class Inbox:
    """Takes messages into one service. All methods that take a transaction leave the commit to its owner."""

    def __init__(self, service: Service, database: Database) -> None:
        self.service = service
        self.database = database
        frame = self.frame = database.frame
        self._remember = Bulk(
            frame.inbox,
            lambda heard: heard.on_conflict_do_update(
                index_elements=["topic", "key"],
                set_={"last": heard.excluded.last, "digest": heard.excluded.digest, "at": heard.excluded.at},
            ),
        )
        place = insert(frame.positions)
        self._move = Prepared(
            place.on_conflict_do_update(
                index_elements=["topic", "partition"],
                set_={"next_offset": place.excluded.next_offset, "message_at": place.excluded.message_at},
            )
        )
        self._park = insert(frame.parked).on_conflict_do_nothing(index_elements=["topic", "key", "sequence"])
        # Sorted by an expression: for the bare key PostgreSQL walks all keys of the topic, which are in order already.
        self._lock_keys = (
            sa.select(frame.inbox.c.key, frame.inbox.c.last, frame.inbox.c.digest)
            .where(frame.inbox.c.topic == sa.bindparam("topic"), any_of(frame.inbox.c.key, "keys", database.url))
            .order_by(frame.inbox.c.key.concat(""))
            .with_for_update()
        )
        self._lock_positions = (
            sa.select(
                frame.positions.c.topic,
                frame.positions.c.partition,
                frame.positions.c.next_offset,
                sa.exists().where(frame.parked.c.reason == "gap").label("has_gaps"),
            )
            .where(any_of(frame.positions.c.topic, "topics", database.url))
            .order_by(frame.positions.c.topic, frame.positions.c.partition)
            .with_for_update(of=frame.positions)
        )
        self._gaps = (
            sa.select(frame.parked.c.topic, frame.parked.c.key).where(frame.parked.c.reason == "gap").distinct()
        )

    def positions(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset of each place, 0 where nothing was read yet."""
        table = self.frame.positions
        with self.database.reading() as connection:
            known = {
                TopicPartition(row.topic, row.partition): int(row.next_offset)
                for row in connection.execute(sa.select(table.c.topic, table.c.partition, table.c.next_offset))
            }
        return {place: known.get(place, 0) for place in places}

    def take(self, records: Sequence[Record], expected: Mapping[TopicPartition, int], tx: Transaction) -> set[Key]:
        """Take records in order; skip duplicates; park what comes too early. Returns keys whose parked messages may go on.

        Raises `Moved` when a position is not the `expected` one, and whatever a handler raises.
        """
        may_wait = self._check_positions(records, expected, tx)
        read = [(record, self._read(record)) for record in records]
        heard = self.lock(tx, {(e.topic, e.key) for _, e in read if e is not None})
        taken: list[Envelope[Any]] = []
        early: list[dict[str, object]] = []
        for record, envelope in read:
            if envelope is None:
                early.append(self._parked(record, record.key, -record.offset - 1, "foreign", "It is no event.", tx.now))
                continue
            state = heard[envelope.topic, envelope.key]
            if envelope.sequence <= state.last:
                continue
            if envelope.sequence > state.last + 1:
                sentence = f"Number {state.last + 1} of this key is missing."
                early.append(self._parked(record, envelope.key, envelope.sequence, "gap", sentence, tx.now))
                continue
            state.last, state.digest, state.changed = envelope.sequence, state.digest + envelope.digest, True
            taken.append(envelope)
        self.handle(taken, tx)
        self.save(heard, tx)
        if early:
            tx.execute(self._park, early)
        last = {record.place: record for record in records}
        times = {record.place: envelope.time for record, envelope in read if envelope is not None}
        tx.write_each(
            self._move,
            [
                {"topic": p.topic, "partition": p.partition, "next_offset": r.offset + 1, "message_at": times.get(p)}
                for p, r in sorted(last.items())
            ],
        )
        if not (may_wait or early):
            return set()
        return self._waiting({key for key, state in heard.items() if state.changed}, tx)

    def park(self, record: Record, expected: Mapping[TopicPartition, int], error: Exception, tx: Transaction) -> None:
        """Set a message aside with its key, and go on behind it: later messages of the key will wait as a gap."""
        self._check_positions([record], expected, tx)
        key, sequence = identify(record)
        self.lock(tx, {(record.topic, key)})
        tx.execute(self._park, [self._parked(record, key, sequence, "error", describe(error), tx.now)])
        where = {"topic": record.topic, "partition": record.partition, "next_offset": record.offset + 1}
        tx.write(self._move, {**where, "message_at": tx.now})

    def resume(self, key: Key, tx: Transaction, *, by_hand: bool = False) -> bool:
        """Take the parked message of this key whose turn it is. Returns whether there was one.

        One that failed by its own error is taken only `by_hand`. Raises what its handler raises.
        """
        state = self.lock(tx, {key})[key]
        parked = self.frame.parked
        row = tx.execute(
            sa.select(parked).where(
                parked.c.topic == key[0], parked.c.key == key[1], parked.c.sequence == state.last + 1
            )
        ).one_or_none()
        if row is None or (row.reason == "error" and not by_hand):
            return False
        envelope: Envelope[Any] = wire.decode(row.topic, row.value)
        tx.execute(sa.delete(parked).where(parked.c.id == row.id))
        with trace.joined(envelope.traceparent):
            self.handle([envelope], tx)
        state.last, state.digest, state.changed = envelope.sequence, state.digest + envelope.digest, True
        self.save({key: state}, tx)
        return True

    def note_failure(self, key: Key, error: Exception, tx: Transaction) -> None:
        """The parked message whose turn it is failed again."""
        state = self.lock(tx, {key})[key]
        parked = self.frame.parked
        tx.execute(
            sa.update(parked)
            .where(parked.c.topic == key[0], parked.c.key == key[1], parked.c.sequence == state.last + 1)
            .values(reason="error", error=describe(error))
        )

    def drop(self, parked_id: int, tx: Transaction) -> Key:
        """Give a parked message up, for ever: the numbers up to it count as heard. Returns its key.

        Raises `NotFound` where it is gone, `Conflict` where an earlier one of the key is parked: that one has to go first.
        """
        parked = self.frame.parked
        row = tx.execute(sa.select(parked).where(parked.c.id == parked_id)).one_or_none()
        if row is None:
            raise NotFound("This message is not parked any more.", parked_id=parked_id)
        key = (row.topic, row.key)
        state = self.lock(tx, {key})[key]
        first = tx.execute(
            sa.select(sa.func.min(parked.c.sequence)).where(parked.c.topic == key[0], parked.c.key == key[1])
        ).scalar_one()
        if row.sequence != first:
            raise Conflict("An earlier message of this key is parked: retry or drop that one first.", first=first)
        tx.execute(sa.delete(parked).where(parked.c.id == parked_id))
        if row.sequence > state.last:
            gone = [
                {"topic": key[0], "key": key[1], "sequence": number, "actor": tx.actor, "at": tx.now}
                for number in range(state.last + 1, row.sequence + 1)
            ]
            tx.execute(insert(self.frame.dropped).on_conflict_do_nothing(), gone)
            state.last, state.changed = row.sequence, True
            state.digest += digest_in(row.topic, row.value)
            self.save({key: state}, tx)
        return key

    def handle(self, envelopes: Sequence[Envelope[Any]], tx: Transaction, *, projections_only: bool = False) -> None:
        """Run the service's projections over the batch, then its reactions one by one."""
        batches: dict[Any, list[Envelope[Any]]] = {}
        projections: Mapping[type[Event], Any] = self.service.projections
        for envelope in envelopes:
            function = projections.get(type(envelope.event))
            if function is not None:
                batches.setdefault(function, []).append(envelope)
        for function, batch in batches.items():
            function(batch, tx)
        if projections_only:
            return
        for envelope in envelopes:
            reaction = self.service.reactions.get(type(envelope.event))
            if reaction is not None:
                with trace.joined(envelope.traceparent):
                    reaction(envelope, tx)

    def _read(self, record: Record) -> Envelope[Any] | None:
        try:
            return wire.decode(record.topic, record.value)
        except Corrupt as error:
            if "sequence" in error.facts:
                raise
            return None

    def _check_positions(
        self, records: Sequence[Record], expected: Mapping[TopicPartition, int], tx: Transaction
    ) -> bool:
        """Lock the positions. Returns whether messages may be parked behind a gap. Raises `Moved`."""
        places = {record.place for record in records}
        rows = tx.execute(self._lock_positions, {"topics": sorted({place.topic for place in places})}).all()
        stored = {TopicPartition(row.topic, row.partition): row.next_offset for row in rows}
        for place in places:
            if stored.get(place, 0) != expected.get(place, 0):
                raise Moved(f"{place.topic}/{place.partition} is at {stored.get(place, 0)}")
        return not rows or bool(rows[0].has_gaps)

    def lock(self, tx: Transaction, keys: set[Key]) -> dict[Key, Heard]:
        """How far each of these keys is, locked for this transaction in one order."""
        heard: dict[Key, Heard] = {}
        for topic in sorted({topic for topic, _ in keys}):
            names = sorted(key for t, key in keys if t == topic)
            for row in tx.execute(self._lock_keys, {"topic": topic, "keys": names}):
                heard[topic, row.key] = Heard(row.last, row.digest)
        return {key: heard.get(key) or Heard(0, 0) for key in sorted(keys)}

    def save(self, heard: Mapping[Key, Heard], tx: Transaction) -> None:
        """Remember how far the changed ones are now."""
        rows = [
            {"topic": topic, "key": key, "last": state.last, "digest": state.digest, "at": tx.now}
            for (topic, key), state in heard.items()
            if state.changed
        ]
        if rows:
            self._remember.put(tx.connection, rows)

    def _waiting(self, keys: set[Key], tx: Transaction) -> set[Key]:
        rows = tx.execute(self._gaps).all() if keys else []
        return {(row.topic, row.key) for row in rows} & keys

    @staticmethod
    def _parked(record: Record, key: str, sequence: int, reason: str, error: str, now: datetime) -> dict[str, object]:
        return {
            "topic": record.topic,
            "key": key,
            "sequence": sequence,
            "value": record.value,
            "reason": reason,
            "error": error,
            "at": now,
        }


def identify(record: Record) -> tuple[str, int]:
    """The key and number of a message, also of one whose event cannot be read; a negative number where it is no event."""
    try:
        envelope = wire.decode(record.topic, record.value)
    except Corrupt as error:
        if "sequence" not in error.facts:
            return record.key, -record.offset - 1
        return str(error.facts["key"]), int(str(error.facts["sequence"]))
    return envelope.key, envelope.sequence


def digest_in(topic: str, value: bytes) -> int:
    """The digest of a stored message; 0 where it cannot be read."""
    try:
        return wire.decode(topic, value).digest
    except Corrupt:
        return 0


def describe(error: Exception) -> str:
    """An error for people to read: its kind and its first line, cut, without the values of a statement."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
