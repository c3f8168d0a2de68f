"""Relay: outbox rows to the log, beside a bare producer with the same durability."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa

from shared.log import PARTITIONS, Message, partition_of
from shared.outbox import Relay
from tests.bench.parts import STACKS, Place, note, place, report
from tests.support.probe import TALKER, issued, prepared

ROWS = 50_000
BATCH = 500
BAR = 0.7


def main() -> None:
    for stack in STACKS:
        with place(stack) as where:
            _measure(where)


def _measure(where: Place) -> None:
    runtime = where.runtime()
    (database,) = prepared(runtime, TALKER)
    note(f"relay/{where.stack}: putting {ROWS} events out ...")
    for start in range(0, ROWS, BATCH):
        with database.transaction() as tx:
            tx.publish(*(issued(f"adm_{n}", f"ord_{n // 5}") for n in range(start, start + BATCH)))
    with database.reading() as connection:
        rows = connection.execute(sa.select(database.frame.outbox).order_by("id")).all()
    messages = [Message(row.topic, row.key, row.value) for row in rows]
    bare = _bare_kafka(where.kafka) if where.kafka else _bare_embedded(where)
    note(f"relay/{where.stack}: a bare producer ...")
    bare_rate = ROWS / _timed(lambda: bare(messages))
    note(f"relay/{where.stack}: the relay ...")
    relay = Relay(TALKER, database, runtime.log)

    def drain() -> None:
        while relay.step():
            pass

    rate = ROWS / _timed(drain)
    ends = runtime.log.ends(["ticketing.orders"])
    relay.close()
    runtime.close()
    figures = {
        "events": ROWS,
        "events_per_s": round(rate),
        "bare_per_s": round(bare_rate),
        "ratio": round(rate / bare_rate, 2),
        "lost": max(0, ROWS - sum(ends.values())),
        "doubled": max(0, sum(ends.values()) - ROWS),
    }
    bars = {f"ratio >= {BAR}": rate / bare_rate >= BAR} if where.kafka else {}
    report("relay", where.stack, figures, bars)


def _bare_kafka(bootstrap: str) -> Callable[[list[Message]], None]:
    """kafka-python as its manual shows it, idempotent and with lz4, to a topic of its own."""
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic("bare", PARTITIONS, 1)])
    admin.close()

    def send(messages: list[Message]) -> None:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5
        )
        for message in messages:
            producer.send("bare", message.value, key=message.key.encode(), partition=partition_of(message.key))
        producer.flush()
        producer.close()

    return send


def _bare_embedded(where: Place) -> Callable[[list[Message]], None]:
    """The embedded log itself, in batches as large as the relay's."""
    from shared.log.embedded import EmbeddedLog

    log = EmbeddedLog(str(where.home / "bare.db"))
    log.create_topics(["ticketing.orders"])

    def send(messages: list[Message]) -> None:
        producer = log.producer("bare")
        for start in range(0, len(messages), 1000):
            producer.send(messages[start : start + 1000])

    return send


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
