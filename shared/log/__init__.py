"""The log: topics of keyed records, kept for ever, in order within a key.

Two backends speak this one protocol: `shared.log.embedded` (a SQLite file, one machine) and `shared.log.kafka` (kafka-python).
`open_log(url)` chooses. Where they differ is declared in `Features`, and nowhere else. The broker's own offsets are not used to
decide anything: consumers keep their position in their database and hand it to `LogConsumer` on assignment.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shared.errors import InvalidInput, Unavailable

PARTITIONS = 4
"""Partitions of every topic, fixed for ever: a key's partition must not change."""


class TopicPartition(NamedTuple):
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Message:
    """What a producer sends: the key decides the partition and keeps the order."""

    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What a consumer gets."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes

    @property
    def place(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Features:
    """Where the backends honestly differ."""

    name: str
    survives_node_loss: bool
    many_hosts: bool
    has_feed: bool


class TopicPartitionOffset(NamedTuple):
    """Where a message was stored."""

    topic: str
    partition: int
    offset: int


class SendFailed(Unavailable):
    """Some messages were not stored. `stored` are the places of the leading ones that surely were."""

    def __init__(self, sentence: str, stored: Sequence[TopicPartitionOffset]) -> None:
        super().__init__(sentence)
        self.stored = list(stored)


Positions = Callable[[Iterable[TopicPartition]], Mapping[TopicPartition, int]]
"""Given the partitions just assigned, the next offset to read of each (0 where none is known)."""


class LogProducer(Protocol):
    def send(self, messages: Sequence[Message]) -> list[TopicPartitionOffset]:
        """Append the messages in order and wait until all are durable.

        Returns where each message went, in the same order. Raises `SendFailed` with the places of the acknowledged
        prefix when one could not be stored: the caller closes this producer and goes on with a new one at the first
        message not acknowledged. Messages after it may have been stored all the same, and will then be there twice.
        """

    def close(self) -> None: ...


class LogConsumer(Protocol):
    """One member of a group. Not thread-safe: it belongs to the thread that polls."""

    def poll(self, timeout: float, limit: int = 500) -> list[Record]:
        """Up to `limit` records, in order within each partition; waits at most `timeout` seconds for the first.

        Only from partitions this member holds. Partitions newly assigned start where `Positions` says, which is asked
        in the thread that polls; what it raises passes through, and the next poll asks again.
        Raises `shared.errors.Unavailable` when the log cannot be reached or a topic is missing (a broker that goes
        away later may look like one that has nothing new, until it is back), and
        `shared.errors.Corrupt` when a position lies beyond the end of its partition.
        """

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        """Go on from these offsets (after a transaction that failed was rolled back). Unassigned ones are ignored."""

    def assignment(self) -> set[TopicPartition]: ...

    def rejoin(self) -> None:
        """Leave the group and join again: a position moved under us, so this member was a zombie."""

    def report(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the log how far this group is, for the broker's own tools. Never fails; waits for nothing."""

    def close(self) -> None: ...


class Log(Protocol):
    features: Features

    def producer(self, name: str) -> LogProducer:
        """A producer of its own (made after a fork). `name` shows in the broker's logs."""

    def consumer(self, group: str, topics: Sequence[str], positions: Positions) -> LogConsumer: ...

    def read(self, place: TopicPartition, offset: int, limit: int = 1000, timeout: float = 0.0) -> list[Record]:
        """Records of one partition from an offset on, without a group: for rebuild, verify, recover and the feed.

        What is there comes at once, if not always all of it; `timeout` is how long to wait for the first where
        nothing is. May be called from any thread. Raises `shared.errors.Unavailable`.
        """

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The offset after the last record of every partition of the topics. Raises `Unavailable` for a missing one."""

    def create_topics(self, topics: Iterable[str]) -> None:
        """Create what is missing, with PARTITIONS partitions and no retention limit. Existing ones are left alone."""

    def check_topics(self, topics: Iterable[str]) -> list[str]:
        """Sentences about topics that are missing or have other settings than they must; empty when all is well."""

    def close(self) -> None: ...


def partition_of(key: str) -> int:
    """The partition of a key, the same on every backend: CRC-32 of its UTF-8 bytes."""
    return zlib.crc32(key.encode()) % PARTITIONS


def open_log(url: str, prefix: str = "") -> Log:
    """The log behind a URL: `embedded:///path/to/log.db` or `kafka://host:port[,host:port]`.

    `prefix` is put before every topic and group name in the log itself (rehearsals and tests use one); callers never see it.
    Raises `shared.errors.InvalidInput` for another scheme. Connects lazily.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "embedded":
        from shared.log.embedded import EmbeddedLog

        return EmbeddedLog(rest, prefix)
    if scheme == "kafka":
        from shared.log.kafka import KafkaLog

        return KafkaLog(rest, prefix)
    raise InvalidInput(f"{url!r} is no log: use embedded:///path/to/log.db or kafka://host:port.")
