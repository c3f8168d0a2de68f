"""Kafka's own troubles: a broker that goes away while it is used, and a partition that stands still."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import kafka
import pytest

from infra.kafka.local import KafkaServer
from shared.errors import Unavailable
from shared.log import Message, SendFailed, partition_of
from shared.log.kafka import KafkaLog
from shared.log.kafka_consumer import KafkaLogConsumer
from tests.fixtures.servers import open_directory, started

PATIENCE = 120.0


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A broker that this test may hurt."""
    with open_directory("kafka") as directory:
        server = KafkaServer(directory)
        try:
            started(server)
            yield server
        finally:
            server.stop()


def test_a_broker_killed_while_messages_flow_loses_none_and_keeps_their_order(own_kafka: KafkaServer) -> None:
    log = KafkaLog(own_kafka.bootstrap)
    log.create_topics(["letters"])
    keys = [f"key-{number}" for number in range(6)]
    messages = [Message("letters", key, b"%d" % number) for number in range(300) for key in keys]
    half = threading.Event()
    failures: list[SendFailed] = []

    def relay() -> None:
        """As the outbox does: a new producer after a failure, from the first message not acknowledged on."""
        producer = log.producer("relay")
        sent = 0
        while sent < len(messages):
            try:
                sent += len(producer.send(messages[sent : sent + 30]))
            except SendFailed as failure:
                failures.append(failure)
                sent += len(failure.stored)
                producer.close()
                producer = log.producer("relay")
            if sent >= len(messages) // 2:
                half.set()
        producer.close()

    seen: dict[str, list[int]] = defaultdict(list)
    consumer = log.consumer("readers", ["letters"], lambda places: {})
    thread = threading.Thread(target=relay)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    killed = False
    while any(not values or values[-1] != 299 for values in (seen[key] for key in keys)):
        assert time.monotonic() < deadline, {key: len(values) for key, values in seen.items()}
        if half.is_set() and not killed:
            own_kafka.kill()
            own_kafka.start()
            killed = True
        try:
            records = consumer.poll(0.5)
        except Unavailable:
            continue
        for record in records:
            # The broker may store a batch twice around a crash: consumers skip by sequence what they have seen.
            if not seen[record.key] or int(record.value) > seen[record.key][-1]:
                seen[record.key].append(int(record.value))
    thread.join()
    consumer.close()
    log.close()
    assert killed
    assert dict(seen) == {key: list(range(300)) for key in keys}


def test_a_consumer_waits_while_the_broker_is_away_and_goes_on_when_it_is_back(own_kafka: KafkaServer) -> None:
    log = KafkaLog(own_kafka.bootstrap)
    log.create_topics(["letters"])
    producer = log.producer("test")
    producer.send([Message("letters", "a", b"1")])
    next_offset = 0

    def position(places: object) -> dict[object, int]:
        return {place: next_offset for place in places if place.partition == partition_of("a")}  # type: ignore[attr-defined]

    consumer = log.consumer("readers", ["letters"], position)  # type: ignore[arg-type]
    seen: list[bytes] = []

    def poll() -> None:
        nonlocal next_offset
        try:
            for record in consumer.poll(0.5):
                if record.offset == next_offset:
                    seen.append(record.value)
                    next_offset += 1
        except Unavailable:
            pass

    deadline = time.monotonic() + PATIENCE
    while not seen:
        assert time.monotonic() < deadline
        poll()
    own_kafka.stop()
    for _ in range(3):
        poll()
    own_kafka.start()
    producer.send([Message("letters", "a", b"2")])
    while len(seen) < 2:
        assert time.monotonic() < deadline
        poll()
    assert seen == [b"1", b"2"]
    consumer.close()
    producer.close()
    log.close()


def test_a_partition_that_stands_still_is_noticed_and_the_member_joins_again(
    kafka_server: KafkaServer, kafka_log: KafkaLog
) -> None:
    kafka_log.create_topics(["letters"])
    consumer = KafkaLogConsumer(
        kafka_server.bootstrap, kafka_log._prefix, "readers", ["letters"], lambda places: {}, watchdog_seconds=0.5
    )
    deadline = time.monotonic() + PATIENCE
    while not consumer.assignment():
        assert time.monotonic() < deadline
        consumer.poll(0.2)
    # What the client's own faults looked like: assigned, alive, and not fetching.
    consumer._client.pause(*(kafka.TopicPartition(kafka_log._prefix + "letters", number) for number in range(4)))
    producer = kafka_log.producer("test")
    producer.send([Message("letters", "a", b"1")])
    producer.close()
    records = []
    while not records:
        assert time.monotonic() < deadline
        records = consumer.poll(0.2)
    assert [record.value for record in records] == [b"1"]
    consumer.close()
