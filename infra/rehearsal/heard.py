"""A log that knows without asking whether everybody has heard everything: a stage alone sends and reads, so it can count.

It saves the network round trips of "is there more?" at each of the thousands of instants of a rehearsal.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from shared.log import Features, Log, LogConsumer, LogProducer, Message, Positions, Record, TopicPartition
from shared.log import TopicPartitionOffset as Stored

PATIENCE = 0.25
"""Seconds that a poll waits for what is known to be there."""
SIGN_OF_LIFE = 4.0
"""Seconds after which a member polls all the same: a group gives up who stays silent."""


class CountingLog:
    """`shared.log.Log` around another one."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.features: Features = log.features
        self.ends_known: dict[TopicPartition, int] = {}
        self.consumers: list[_Consumer] = []

    @property
    def is_drained(self) -> bool:
        """Whether every consumer has taken every record."""
        return not any(consumer.is_behind for consumer in self.consumers)

    def lag(self) -> dict[str, int]:
        """Records that each group has not taken."""
        return {consumer.group: consumer.behind() for consumer in self.consumers}

    def producer(self, name: str) -> LogProducer:
        return _Producer(self._log.producer(name), self)

    def consumer(self, group: str, topics: Sequence[str], positions: Positions) -> LogConsumer:
        self.ends_known.update(self._log.ends(topics))
        member = _Consumer(self._log, group, topics, positions, self)
        self.consumers = [each for each in self.consumers if each.group != group] + [member]
        return member

    def read(self, place: TopicPartition, offset: int, limit: int = 1000, timeout: float = 0.0) -> list[Record]:
        return self._log.read(place, offset, limit, timeout)

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        return self._log.ends(topics)

    def create_topics(self, topics: Iterable[str]) -> None:
        self._log.create_topics(topics)

    def check_topics(self, topics: Iterable[str]) -> list[str]:
        return self._log.check_topics(topics)

    def close(self) -> None:
        self._log.close()


class _Producer:
    def __init__(self, inner: LogProducer, log: CountingLog) -> None:
        self._inner = inner
        self._log = log

    def send(self, messages: Sequence[Message]) -> list[Stored]:
        stored = self._inner.send(messages)
        for each in stored:
            place = TopicPartition(each.topic, each.partition)
            self._log.ends_known[place] = max(self._log.ends_known.get(place, 0), each.offset + 1)
        return stored

    def close(self) -> None:
        self._inner.close()


class _Consumer:
    def __init__(
        self, log: Log, group: str, topics: Sequence[str], positions: Positions, counting: CountingLog
    ) -> None:
        def assigned(places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
            found = positions(places)
            self._taken.update(found)
            return found

        self.group = group
        self._topics = frozenset(topics)
        self._counting = counting
        self._taken: dict[TopicPartition, int] = {}
        self._polled_at = 0.0
        self._inner = log.consumer(group, topics, assigned)

    def behind(self) -> int:
        ends = self._counting.ends_known.items()
        return sum(max(0, end - self._taken.get(place, 0)) for place, end in ends if place.topic in self._topics)

    @property
    def is_behind(self) -> bool:
        taken = self._taken
        ends = self._counting.ends_known.items()
        return any(end > taken.get(place, 0) for place, end in ends if place.topic in self._topics)

    def poll(self, timeout: float, limit: int = 500) -> list[Record]:
        now = time.monotonic()
        behind = self.is_behind
        if not behind and now - self._polled_at < SIGN_OF_LIFE:
            return []
        self._polled_at = now
        return self._inner.poll(max(timeout, PATIENCE) if behind else timeout, limit)

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        self._inner.seek(positions)

    def assignment(self) -> set[TopicPartition]:
        return self._inner.assignment()

    def rejoin(self) -> None:
        self._inner.rejoin()

    def report(self, positions: Mapping[TopicPartition, int]) -> None:
        self._taken.update(positions)

    def close(self) -> None:
        self._inner.close()
