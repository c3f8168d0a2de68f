"""The Kafka log's consumer: the group decides who reads which partition, the caller's database where it goes on.

A partition just assigned is paused until its position is known, so that nothing is read from where the broker believes us to be.
The listener only takes notes: it may run in kafka-python's own thread, while databases are asked in the thread that polls.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import kafka
from kafka import KafkaConsumer
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.structs import OffsetAndMetadata

from shared.errors import Unavailable
from shared.log import Positions, Record, TopicPartition
from shared.log.kafka_client import close_quietly, reported, settings

SESSION_MS = 10_000
HEARTBEAT_MS = 1_000
"""With a heartbeat a member learns that another one joins, and that partitions move."""
LONGEST_BATCH_MS = 60_000
"""A member that does not poll for so long gives its partitions up."""
WATCHDOG_SECONDS = 30.0
REPORT_SECONDS = 1.0
"""How often the broker is told how far we are: for its own tools, while every telling costs as much as a batch."""


class KafkaLogConsumer:
    """`shared.log.LogConsumer` on kafka-python; joins the group with the first poll."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        group: str,
        topics: Sequence[str],
        positions: Positions,
        watchdog_seconds: float = WATCHDOG_SECONDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._group = group
        self._topics = list(topics)
        self._ask_positions = positions
        self._watchdog = Watchdog(watchdog_seconds)
        self._client: Any = None
        self._pid = 0
        self._listener = _Notes()
        self._placed: set[TopicPartition] = set()
        self._untold: dict[TopicPartition, int] = {}
        self._next_report = 0.0

    def poll(self, timeout: float, limit: int = 500) -> list[Record]:
        deadline = time.monotonic() + timeout
        while True:
            remaining = max(deadline - time.monotonic(), 0.0)
            with reported(self._bootstrap):
                client = self._joined()
                batches = client.poll(timeout_ms=int(remaining * 1000), max_records=limit)
            if self._listener.changed:
                self._place(client)
                batches = {place: batch for place, batch in batches.items() if self._ours(place) in self._placed}
            if batches:
                return [record for place, batch in batches.items() for record in self._records(place, batch)]
            with reported(self._bootstrap):
                if self._watchdog.finds_stuck(client, {self._theirs(place) for place in self._placed}):
                    self.rejoin()
            if time.monotonic() >= deadline:
                self._tell()
                return []

    def _place(self, client: Any) -> None:
        """Ask where to go on in the partitions now assigned, and let them go."""
        self._placed.clear()
        assigned = client.assignment()
        if assigned:
            places = sorted(map(self._ours, assigned))
            known = self._ask_positions(places)
            for place in places:
                client.seek(self._theirs(place), known.get(place, 0))
            client.resume(*assigned)
            self._placed.update(places)
        self._listener.changed = False

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        for place, offset in positions.items():
            if place in self._placed:
                self._client.seek(self._theirs(place), offset)

    def assignment(self) -> set[TopicPartition]:
        return set() if self._listener.changed else set(self._placed)

    def rejoin(self) -> None:
        self.close()

    def report(self, positions: Mapping[TopicPartition, int]) -> None:
        self._untold.update(positions)
        self._tell()

    def _tell(self) -> None:
        if not self._untold or time.monotonic() < self._next_report:
            return
        self._next_report = time.monotonic() + REPORT_SECONDS
        offsets = {
            self._theirs(place): OffsetAndMetadata(offset, "", -1)
            for place, offset in self._untold.items()
            if place in self._placed
        }
        self._untold.clear()
        if self._client is not None and offsets:
            with suppress(Exception):  # monitoring only: whatever is wrong shows in the next poll
                self._client.commit_async(offsets)

    def close(self) -> None:
        client, self._client = self._client, None
        self._placed.clear()
        if client is not None and self._pid == os.getpid():
            close_quietly(client)

    def _joined(self) -> Any:
        if self._client is None or self._pid != os.getpid():
            self._placed.clear()
            self._pid = os.getpid()
            client = KafkaConsumer(
                **settings(self._bootstrap, f"stagedoor-{self._group}"),
                group_id=self._prefix + self._group,
                enable_auto_commit=False,
                auto_offset_reset="none",
                session_timeout_ms=SESSION_MS,
                heartbeat_interval_ms=HEARTBEAT_MS,
                max_poll_interval_ms=LONGEST_BATCH_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,  # nobody reads them
            )
            self._listener = _Notes()
            self._listener.client = client
            try:
                client.subscribe([self._prefix + topic for topic in self._topics], listener=self._listener)
                # Whoever joins before he knows the topics may lead the group, and hand out nothing for good.
                for topic in self._topics:
                    if not client.partitions_for_topic(self._prefix + topic):
                        raise Unavailable(f"Topic {topic} is missing in Kafka: create the topics first.")
            except BaseException:
                close_quietly(client)
                raise
            self._client = client
        return self._client

    def _ours(self, place: Any) -> TopicPartition:
        return TopicPartition(place.topic.removeprefix(self._prefix), place.partition)

    def _theirs(self, place: TopicPartition) -> Any:
        return kafka.TopicPartition(self._prefix + place.topic, place.partition)

    def _records(self, place: Any, batch: Sequence[Any]) -> list[Record]:
        topic, partition = self._ours(place)
        return [Record(topic, partition, each.offset, each.key.decode(), each.value) for each in batch]


class _Notes(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hears of a rebalance: `changed` until the new partitions have been placed."""

    client: Any = None
    changed = False

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        self.changed = True

    def on_partitions_lost(self, lost: Collection[Any]) -> None:
        self.changed = True

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        self.changed = True
        if assigned:
            self.client.pause(*assigned)
            for place in assigned:
                self.client.seek(place, 0)  # any position: without one the client would ask for the broker's


class Watchdog:
    """Finds a partition whose position stands still although there is more to read (kafka-python has had such faults)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next_look = time.monotonic() + seconds
        self._behind: dict[Any, int] = {}

    def finds_stuck(self, client: Any, places: Collection[Any]) -> bool:
        """Compare every `seconds`: True when a partition was behind at the last look and has not moved since."""
        if time.monotonic() < self._next_look or not places:
            return False
        self._next_look = time.monotonic() + self._seconds
        before = self._behind
        ends = client.end_offsets(list(places))
        at = {place: client.position(place, timeout_ms=1000) for place in places}
        self._behind = {place: at[place] for place in places if at[place] is not None and at[place] < ends[place]}
        stuck = any(before.get(place) == position for place, position in self._behind.items())
        if stuck:
            self._behind = {}
        return stuck
