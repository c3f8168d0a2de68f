"""The log in one SQLite file: for one machine, many processes.

A send is one transaction (WAL, synchronous=FULL), so its messages are durable and visible together or not at all. Records are keyed
by one integer, place << 40 | offset, so that appending and reading on stay within the ends of a few pages. Consumers of a process
share one watcher (`shared.log.watch`): a commit of the same process wakes them at once, one of another within milliseconds.

Groups know only one active member: it holds a lease on all partitions (`shared.log.lease`), the others wait for it to end.
Connections are made on first use in a process, never carried over a fork.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shared.errors import Corrupt, Unavailable
from shared.log import (
    PARTITIONS,
    Features,
    Message,
    Positions,
    Record,
    SendFailed,
    TopicPartition,
    TopicPartitionOffset,
    partition_of,
)
from shared.log.lease import LEASE_SECONDS, Lease
from shared.log.sqlite import ForkSafe, reported
from shared.log.watch import Watch, watch_of

SCHEMA = """
    CREATE TABLE IF NOT EXISTS places (
        place INTEGER PRIMARY KEY,
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic, partition));
    CREATE TABLE IF NOT EXISTS records (
        id INTEGER PRIMARY KEY,  -- place << 40 | offset
        key TEXT NOT NULL,
        value BLOB NOT NULL);
"""
OFFSET_BITS = 40
PLACES = "SELECT place, topic, partition, next_offset FROM places"
ADVANCE = "UPDATE places SET next_offset = next_offset + ? WHERE place = ? RETURNING next_offset"
APPEND = "INSERT INTO records (id, key, value) VALUES (?, ?, ?)"
READ = "SELECT id, key, value FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
TAKEOVER_SECONDS = 0.1
"""How often a member that waits looks whether the lease is free."""


class _Place(NamedTuple):
    place: int
    topic: str
    partition: int
    next_offset: int


class EmbeddedLog:
    """`shared.log.Log` in the SQLite file at `path` (made on first use, with its directory)."""

    features = Features(name="embedded", survives_node_loss=False, many_hosts=False, has_feed=True)

    def __init__(self, path: str, prefix: str = "") -> None:
        self.path = path
        self.prefix = prefix
        self._database = ForkSafe(path, SCHEMA)

    def producer(self, name: str) -> EmbeddedProducer:
        return EmbeddedProducer(self)

    def consumer(self, group: str, topics: Sequence[str], positions: Positions) -> EmbeddedConsumer:
        return EmbeddedConsumer(self, group, topics, positions)

    def read(self, place: TopicPartition, offset: int, limit: int = 1000, timeout: float = 0.0) -> list[Record]:
        deadline = time.monotonic() + timeout
        watch = watch_of(self.path) if timeout > 0 else None
        while True:
            seen = watch.look() if watch else 0
            with reported(self.path), self._database.use() as connection:
                found = {(p.topic, p.partition): p for p in _places(connection)}.get(
                    (self.prefix + place.topic, place.partition)
                )
                if found is None:
                    raise Unavailable(f"Topic {place.topic} has no partition {place.partition} in this log.")
                records = _records(connection, found.place, place, offset, limit) if offset < found.next_offset else []
            remaining = deadline - time.monotonic()
            if records or watch is None or remaining <= 0:
                return records
            watch.wait(seen, remaining)

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        wanted = {self.prefix + topic: topic for topic in topics}
        with reported(self.path), self._database.use() as connection:
            found = {
                TopicPartition(wanted[p.topic], p.partition): p.next_offset
                for p in _places(connection)
                if p.topic in wanted
            }
        missing = set(wanted.values()) - {place.topic for place in found}
        if missing:
            raise Unavailable(f"There is no topic {', '.join(sorted(missing))} in this log.")
        return found

    def create_topics(self, topics: Iterable[str]) -> None:
        wanted = sorted({self.prefix + topic for topic in topics})
        with reported(self.path), self._database.use() as connection, _writing(connection):
            there = {p.topic for p in _places(connection)}
            connection.executemany(
                "INSERT INTO places (topic, partition) VALUES (?, ?)",
                [(topic, partition) for topic in wanted if topic not in there for partition in range(PARTITIONS)],
            )

    def check_topics(self, topics: Iterable[str]) -> list[str]:
        with reported(self.path), self._database.use() as connection:
            places = _places(connection)
        complaints = []
        for topic in topics:
            partitions = {p.partition for p in places if p.topic == self.prefix + topic}
            if not partitions:
                complaints.append(f"Topic {topic} is missing.")
            elif partitions != set(range(PARTITIONS)):
                complaints.append(f"Topic {topic} has {len(partitions)} partitions, it must have {PARTITIONS}.")
        return complaints

    def close(self) -> None:
        self._database.close()


class EmbeddedProducer:
    """`shared.log.LogProducer`: one write transaction a send. May be used from any thread, one at a time."""

    def __init__(self, log: EmbeddedLog) -> None:
        self._log = log
        self._database = ForkSafe(log.path, SCHEMA)
        self._watch: Watch | None = None

    def send(self, messages: Sequence[Message]) -> list[TopicPartitionOffset]:
        if not messages:
            return []
        watch = self._watch = watch_of(self._log.path)  # held, so that it lives as long as this producer
        try:
            # Writers of one process queue here in order; SQLite's own queue between processes sleeps in coarse steps.
            with reported(self._log.path), watch.writing, self._database.use() as connection, _writing(connection):
                stored = self._append(connection, messages)
        except Unavailable as error:
            raise SendFailed(str(error), []) from error
        watch.ring()
        return stored

    def _append(self, connection: sqlite3.Connection, messages: Sequence[Message]) -> list[TopicPartitionOffset]:
        prefix = self._log.prefix
        places = [TopicPartition(message.topic, partition_of(message.key)) for message in messages]
        counts: dict[TopicPartition, int] = {}
        for place in places:
            counts[place] = counts.get(place, 0) + 1
        known = {(p.topic, p.partition): p.place for p in _places(connection)}
        ids: dict[TopicPartition, int] = {}
        for place, count in counts.items():
            number = known.get((prefix + place.topic, place.partition))
            if number is None:
                raise Unavailable(f"Topic {place.topic} is missing in the log: create the topics first.")
            after = connection.execute(ADVANCE, (count, number)).fetchone()[0]
            ids[place] = (number << OFFSET_BITS) + after - count
        stored, rows = [], []
        for message, place in zip(messages, places, strict=True):
            number = ids[place]
            ids[place] += 1
            rows.append((number, message.key, message.value))
            stored.append(TopicPartitionOffset(*place, _offset(number)))
        connection.executemany(APPEND, rows)
        return stored

    def close(self) -> None:
        self._database.close()
        self._watch = None


class EmbeddedConsumer:
    """`shared.log.LogConsumer`: while it holds the group's lease, it holds all partitions of its topics."""

    def __init__(self, log: EmbeddedLog, group: str, topics: Sequence[str], positions: Positions) -> None:
        self._log = log
        self._topics = {log.prefix + topic: topic for topic in topics}
        self._ask_positions = positions
        self._database = ForkSafe(log.path, SCHEMA)
        self._lease = Lease(log.path, log.prefix + group)
        self._watch: Watch | None = None
        self._next: dict[TopicPartition, int] = {}
        self._first = 0

    def poll(self, timeout: float, limit: int = 500) -> list[Record]:
        deadline = time.monotonic() + timeout
        watch = self._watch = watch_of(self._log.path)
        while True:
            seen = watch.look()
            with reported(self._log.path):
                held = self._lease.hold()
                if held.taken_now or not held:
                    self._next.clear()
                records = self._take(limit) if held else []
            remaining = deadline - time.monotonic()
            if records or remaining <= 0:
                return records
            watch.wait(seen, min(remaining, LEASE_SECONDS / 4 if held else TAKEOVER_SECONDS))

    def _take(self, limit: int) -> list[Record]:
        with self._database.use() as connection:
            places = [p for p in _places(connection) if p.topic in self._topics]
            self._assign(places)
            records: list[Record] = []
            # Begin with another partition each time, so that a long one does not starve those behind it.
            self._first = (self._first + 1) % len(places) if places else 0
            for p in places[self._first :] + places[: self._first]:
                place = TopicPartition(self._topics[p.topic], p.partition)
                if self._next[place] < p.next_offset and len(records) < limit:
                    found = _records(connection, p.place, place, self._next[place], limit - len(records))
                    self._next[place] += len(found)
                    records += found
        return records

    def _assign(self, places: Sequence[_Place]) -> None:
        """Ask where to start in partitions that are new: all of them after taking the lease."""
        if missing := self._topics.keys() - {p.topic for p in places}:
            names = ", ".join(sorted(self._topics[topic] for topic in missing))
            raise Unavailable(f"Topic {names} is missing in the log: create the topics first.")
        ends = {TopicPartition(self._topics[p.topic], p.partition): p.next_offset for p in places}
        new = ends.keys() - self._next.keys()
        if not new:
            return
        known = self._ask_positions(sorted(new))
        for place in new:
            if known.get(place, 0) > ends[place]:
                raise Corrupt(
                    f"The position in {place.topic}/{place.partition} is {known[place]}, beyond the log's end {ends[place]}: "
                    "the log is older than the database. Run `stagedoor recover`."
                )
        self._next.update({place: known.get(place, 0) for place in new})

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        self._next.update({place: offset for place, offset in positions.items() if place in self._next})

    def assignment(self) -> set[TopicPartition]:
        return set(self._next)

    def rejoin(self) -> None:
        self._next.clear()
        with reported(self._log.path):
            self._lease.release()

    def report(self, positions: Mapping[TopicPartition, int]) -> None:
        """Nothing to do: no tool looks into this file, and the positions themselves are in the consumers' databases."""

    def close(self) -> None:
        self._next.clear()
        try:
            with reported(self._log.path):
                self._lease.close()
        except Unavailable:
            pass  # the lease ends by itself
        self._database.close()
        if self._watch is not None:
            self._watch.ring()  # a member of this process that waits takes over at once
            self._watch = None


def _places(connection: sqlite3.Connection) -> list[_Place]:
    return [_Place(*row) for row in connection.execute(PLACES)]


def _records(
    connection: sqlite3.Connection, number: int, place: TopicPartition, offset: int, limit: int
) -> list[Record]:
    """Records of the place with that number in the file, from `offset` on."""
    start = (number << OFFSET_BITS) + offset
    rows = connection.execute(READ, (start, number + 1 << OFFSET_BITS, limit))
    topic, partition = place
    return [Record(topic, partition, _offset(id_), key, value) for id_, key, value in rows]


def _offset(id_: int) -> int:
    return id_ & (1 << OFFSET_BITS) - 1


class _writing:
    """A write transaction: BEGIN IMMEDIATE, then COMMIT, or ROLLBACK on any error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            try:
                self._connection.execute("COMMIT")
                return
            except sqlite3.Error:
                self._rollback()
                raise
        self._rollback()

    def _rollback(self) -> None:
        if self._connection.in_transaction:  # a full disk rolls back by itself
            self._connection.execute("ROLLBACK")
