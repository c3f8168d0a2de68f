"""The two logs, behind what the suite needs to know of them: a URL, and how to hurt them."""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.log import Log, LogProducer, open_log
from shared.log.embedded import EmbeddedProducer
from tests.fixtures.servers import Stack
from tests.support.probe import make_runtime
from tests.support.stage import ProbeStage


class Backend:
    """What differs between the logs for a test: where they are and how they break."""

    def __init__(self, url: str, nowhere: str) -> None:
        self.url = url
        self.nowhere = nowhere
        """The URL of a log that cannot be reached."""
        self.prefix = f"test-{uuid.uuid4().hex[:8]}-"

    def open(self, suffix: str = "") -> Log:
        return open_log(self.url, self.prefix + suffix)

    def refuse_large_messages(self, producer: LogProducer) -> None:
        """From now on a message of two megabytes cannot be stored."""

    def spoil(self, topic: str) -> None:
        """Give a topic that does not exist yet another number of partitions than it must have."""
        raise NotImplementedError


class EmbeddedBackend(Backend):
    def refuse_large_messages(self, producer: LogProducer) -> None:
        """As on a disk that has 40 pages left."""
        assert isinstance(producer, EmbeddedProducer)
        with producer._database.use() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 40}")

    def spoil(self, topic: str) -> None:
        import sqlite3

        with contextlib.closing(sqlite3.connect(self.url.removeprefix("embedded://"))) as connection, connection:
            connection.execute("INSERT INTO places (topic, partition) VALUES (?, 0)", (self.prefix + topic,))


class KafkaBackend(Backend):
    def spoil(self, topic: str) -> None:
        from kafka.admin import KafkaAdminClient, NewTopic

        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.url.removeprefix("kafka://"))) as admin:
            admin.create_topics([NewTopic(self.prefix + topic, 1, 1, topic_configs={"retention.ms": "60000"})])


@pytest.fixture(params=["embedded", "kafka"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    if request.param == "embedded":
        (tmp_path / "file").write_text("")
        return EmbeddedBackend(f"embedded://{tmp_path}/log/log.db", f"embedded://{tmp_path}/file/log.db")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    server = request.getfixturevalue("kafka_server")
    return KafkaBackend(f"kafka://{server.bootstrap}", f"kafka://127.0.0.1:{port}")


@pytest.fixture
def log(backend: Backend) -> Iterator[Log]:
    """A log with the topics `letters` and `numbers`."""
    log = backend.open()
    log.create_topics(["letters", "numbers"])
    yield log
    log.close()


@pytest.fixture
def stage(stack: Stack, tmp_path: Path) -> Iterator[ProbeStage]:
    """A talker and a listener, once on each stack."""
    stage = ProbeStage(make_runtime(tmp_path, stack.log_url, stack.database_url, stack.prefix))
    yield stage
    stage.close()
