"""The log on Apache Kafka, by kafka-python (3.0.12 or newer: earlier ones stop partitions after a rebalance or hang in flush).

Nothing connects before it is used, and a fork's child makes its own clients. Records are kept for ever; their durability is that of
the cluster (acks=all). No Kafka transactions: what is sent twice is recognised by the consumers' sequences.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import kafka
from kafka import KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError, for_code

from shared.errors import Unavailable
from shared.log import PARTITIONS, Features, Positions, Record, TopicPartition
from shared.log.kafka_client import REQUEST_TIMEOUT_MS, Kept, reported, settings
from shared.log.kafka_consumer import KafkaLogConsumer
from shared.log.kafka_producer import KafkaLogProducer

TOPIC_SETTINGS = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
"""What every topic must have. `check_topics` complains about anything else."""
COPIES = 3
FETCH_WAIT_MS = 25
"""How long the broker may keep a reader's question. A reader that goes to another partition waits for the answer first."""


class KafkaLog:
    """`shared.log.Log` on the cluster at `bootstrap` (`host:port[,host:port]`)."""

    features = Features(name="kafka", survives_node_loss=True, many_hosts=True, has_feed=False)

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap.rstrip("/")
        self._prefix = prefix
        self._readers = Kept(lambda: _Reader(self._bootstrap))
        self._admins = Kept(lambda: KafkaAdminClient(**settings(self._bootstrap, "stagedoor-admin")))

    def producer(self, name: str) -> KafkaLogProducer:
        return KafkaLogProducer(self._bootstrap, self._prefix, name)

    def consumer(self, group: str, topics: Sequence[str], positions: Positions) -> KafkaLogConsumer:
        return KafkaLogConsumer(self._bootstrap, self._prefix, group, topics, positions)

    def read(self, place: TopicPartition, offset: int, limit: int = 1000, timeout: float = 0.0) -> list[Record]:
        theirs = kafka.TopicPartition(self._prefix + place.topic, place.partition)
        with reported(self._bootstrap), self._readers.lend(lambda reader: reader.is_at(theirs, offset)) as reader:
            batch = reader.read(theirs, offset, limit, timeout)
        return [Record(*place, each.offset, each.key.decode(), each.value) for each in batch]

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        ours: dict[Any, TopicPartition] = {}
        with reported(self._bootstrap), self._readers.lend() as reader:
            for topic in topics:
                for partition in reader.partitions(self._prefix + topic):
                    ours[kafka.TopicPartition(self._prefix + topic, partition)] = TopicPartition(topic, partition)
            return {ours[place]: end for place, end in reader.client.end_offsets(list(ours)).items()}

    def create_topics(self, topics: Iterable[str]) -> None:
        wanted = {self._prefix + topic for topic in topics}
        with reported(self._bootstrap), self._admins.lend() as admin:
            missing = sorted(wanted - set(admin.list_topics()))
            if not missing:
                return
            copies = min(COPIES, len(admin.describe_cluster()["brokers"]))
            configs = {**TOPIC_SETTINGS, "min.insync.replicas": str(max(copies - 1, 1))}
            answer = admin.create_topics(
                [NewTopic(topic, PARTITIONS, copies, topic_configs=configs) for topic in missing], raise_errors=False
            )
            for each in answer["topics"]:
                error = for_code(each["error_code"])
                if each["error_code"] and error is not TopicAlreadyExistsError:  # another process was quicker
                    raise error(each.get("error_message") or each["name"])
            admin.wait_for_topics(missing)

    def check_topics(self, topics: Iterable[str]) -> list[str]:
        complaints = []
        with reported(self._bootstrap), self._admins.lend() as admin:
            there = set(admin.list_topics())
            names = [topic for topic in topics if self._prefix + topic in there]
            complaints += [f"Topic {topic} is missing." for topic in topics if self._prefix + topic not in there]
            if not names:
                return complaints
            full = [self._prefix + topic for topic in names]
            partitions = {each["name"]: len(each["partitions"]) for each in admin.describe_topics(full)}
            resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in full]
            configs = admin.describe_configs(resources, config_filter="all")["topic"]
        for topic in names:
            if (count := partitions[self._prefix + topic]) != PARTITIONS:
                complaints.append(f"Topic {topic} has {count} partitions, it must have {PARTITIONS}.")
            for name, must in TOPIC_SETTINGS.items():
                if (is_ := configs[self._prefix + topic][name]["value"]) != must:
                    complaints.append(f"Topic {topic} has {name}={is_}, it must be {must}.")
        return complaints

    def close(self) -> None:
        self._readers.close()
        self._admins.close()


class _Reader:
    """A consumer without a group, at one partition at a time. Kept where it is, it has the next records at hand already."""

    def __init__(self, bootstrap: str) -> None:
        self.client: Any = KafkaConsumer(
            **settings(bootstrap, "stagedoor-reader"),
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            metrics_enabled=False,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        self._place: Any = None
        self._next = 0
        self._end = 0
        """An end the partition had: what lies before it can be read without asking again."""

    def is_at(self, place: Any, offset: int) -> bool:
        return bool(self._place == place and self._next == offset)

    def partitions(self, topic: str) -> set[int]:
        """Raises `Unavailable` where there is no such topic."""
        found: set[int] | None = self.client.partitions_for_topic(topic)
        if not found:
            raise Unavailable(f"There is no topic {topic} in Kafka.")
        return found

    def read(self, place: Any, offset: int, limit: int, timeout: float) -> Sequence[Any]:
        deadline = time.monotonic() + timeout
        if place.partition not in self.partitions(place.topic):
            raise Unavailable(f"Topic {place.topic} has no partition {place.partition} in Kafka.")
        if self._place != place:
            self.client.assign([place])
            self._place = place
            self._next = -1
            self._end = 0
        if self._next != offset:
            self.client.seek(place, offset)
            self._next = offset
        if offset >= self._end:
            self._end = self.client.end_offsets([place])[place]
        if offset > self._end or (offset == self._end and timeout <= 0):
            return []
        if offset < self._end:  # it is there: only the network is waited for
            deadline = time.monotonic() + REQUEST_TIMEOUT_MS / 1000
        batch: Sequence[Any] = []
        while not batch and (remaining := deadline - time.monotonic()) > 0:
            batch = self.client.poll(timeout_ms=int(remaining * 1000) + 1, max_records=limit).get(place, [])
        if batch:
            self._next = batch[-1].offset + 1
        return batch

    def close(self) -> None:
        self.client.close()
