"""The Kafka log's producer: idempotent, lz4, acknowledged by all replicas in sync."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from shared.errors import Unavailable
from shared.log import Message, SendFailed, TopicPartitionOffset, partition_of
from shared.log.kafka_client import REQUEST_TIMEOUT_MS, reported, settings

DELIVERY_TIMEOUT_MS = 20_000
"""How long a send tries before it fails. Within it the broker drops what a retry doubled."""
GATHER_MS = 200
BATCH_BYTES = 256 * 1024


class KafkaLogProducer:
    """`shared.log.LogProducer` on kafka-python; connects with the first send."""

    def __init__(self, bootstrap: str, prefix: str, name: str) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._name = name
        self._client: Any = None
        self._pid = 0

    def send(self, messages: Sequence[Message]) -> list[TopicPartitionOffset]:
        if not messages:
            return []
        futures: list[Any] = []
        failure: Exception | None = None
        try:
            with reported(self._bootstrap):
                client = self._connected()
                try:
                    for message in messages:
                        futures.append(
                            client.send(
                                self._prefix + message.topic,
                                key=message.key.encode(),
                                value=message.value,
                                partition=partition_of(message.key),
                            )
                        )
                finally:
                    # The client gathers for long, and the flush ends the wait: one request takes along all that is there.
                    client.flush(timeout=DELIVERY_TIMEOUT_MS / 1000 + 5)
        except Unavailable as error:
            failure = error
        stored = []
        for message, future in zip(messages, futures, strict=False):
            if not future.is_done or future.failed():
                failure = failure or future.exception
                break
            place = future.value
            stored.append(TopicPartitionOffset(message.topic, place.partition, place.offset))
        if len(stored) < len(messages):
            raise SendFailed(
                f"Kafka did not store {len(messages) - len(stored)} messages: {failure}.", stored
            ) from failure
        return stored

    def _connected(self) -> Any:
        if self._client is None or self._pid != os.getpid():
            self._client = KafkaProducer(
                **settings(self._bootstrap, f"stagedoor-{self._name}"),
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=GATHER_MS,
                batch_size=BATCH_BYTES,
                delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
                max_block_ms=REQUEST_TIMEOUT_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,  # nobody reads them
            )
            self._pid = os.getpid()
        return self._client

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._pid == os.getpid():
            with suppress(KafkaError, OSError):
                client.close(timeout=1)
