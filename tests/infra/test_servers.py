"""The starters of Kafka and PostgreSQL: real servers, stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import infra.kafka.local as kafka_local
import infra.postgres.local as postgres_local
from infra.kafka.local import KafkaServer, fetch_jars, find_java
from infra.local_server import LocalServer, free_ports, is_free
from infra.postgres.local import PostgresServer, find_binaries
from shared.errors import Unavailable
from shared.log import Message, TopicPartition, partition_of
from shared.log.kafka import KafkaLog
from tests.fixtures.servers import open_directory, started

PATIENCE = 90.0
ROOT = Path(__file__).parents[2]
PLACE = TopicPartition("letters", partition_of("a"))


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory("servers") as path:
        yield path


@pytest.fixture
def without_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(kafka_local, "LIBRARY", tmp_path / "lib")
    monkeypatch.setattr(postgres_local, "DISTRIBUTIONS", str(tmp_path / "*" / "bin"))


def test_kafka_keeps_its_records_and_its_port_when_it_is_stopped_or_killed(directory: Path) -> None:
    server = KafkaServer(directory / "kafka")
    try:
        started(server)
        port = server.port
        log = KafkaLog(server.bootstrap)
        log.create_topics(["letters"])
        producer = log.producer("test")
        producer.send([Message("letters", "a", b"1")])
        server.restart()
        producer.send([Message("letters", "a", b"2")])
        server.kill()
        assert server.pid is None
        server.start()
        producer.send([Message("letters", "a", b"3")])
        producer.close()
        assert server.port == port
        records = []
        while len(records) < 3:
            records += log.read(PLACE, len(records), timeout=5)
        assert [record.value for record in records] == [b"1", b"2", b"3"]
        log.close()
    finally:
        server.stop()
    assert is_free(server.port)
    assert KafkaServer(directory / "kafka").port == 0
    assert (directory / "kafka" / "kafka.log").stat().st_size > 0


def test_postgresql_keeps_its_rows_and_its_port_when_it_is_stopped_or_killed(directory: Path) -> None:
    server = PostgresServer(directory / "postgres")
    try:
        started(server)
        port = server.port
        server.create_databases(["ticket", "catering"])
        server.create_databases(["ticket"])
        url = server.url_template.format(service="ticket").replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE seats (number integer)")
            connection.execute("INSERT INTO seats VALUES (1)")
        server.restart()
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO seats VALUES (2)")
        server.kill()
        server.start()
        assert server.port == port
        by_port = server.tcp_url_template.format(service="ticket").replace("+psycopg", "")
        with psycopg.connect(by_port) as connection:
            assert connection.execute("SELECT number FROM seats ORDER BY 1").fetchall() == [(1,), (2,)]
    finally:
        server.stop()
    assert is_free(server.port)


def test_postgresql_lets_nobody_in_by_its_port_without_the_password(postgres_server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=postgres_server.port, user="stagedoor", dbname="postgres")


def test_postgresql_under_root_finds_a_place_where_its_user_cannot_pass(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        return  # an ordinary user runs the server himself: nothing is closed to him
    monkeypatch.setattr(postgres_local, "FALLBACK", directory / "elsewhere")
    (directory / "closed").mkdir(mode=0o700)
    with PostgresServer(directory / "closed" / "postgres", careless=True) as server:
        assert server.store.is_symlink()
        url = server.url_template.format(service="postgres").replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("kind", [KafkaServer, PostgresServer])
def test_a_port_in_use_is_told_with_its_number(
    kind: type[KafkaServer] | type[PostgresServer], directory: Path, postgres_server: PostgresServer
) -> None:
    server = kind(directory / "data", port=postgres_server.port)
    with pytest.raises(Unavailable, match=f"Port {postgres_server.port} is in use"):
        server.start()


@pytest.mark.parametrize("module", ["infra.kafka", "infra.postgres"])
def test_a_server_runs_in_the_foreground_until_it_is_asked_to_end(module: str, directory: Path) -> None:
    (port,) = free_ports(1)
    process = foreground(module, directory / "data", port)
    try:
        assert str(port) in process.stdout.readline()  # type: ignore[union-attr]
        assert not is_free(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert is_free(port)
    finally:
        end(process)


def test_a_server_ends_when_whoever_started_it_is_killed(directory: Path) -> None:
    (port,) = free_ports(1)
    process = foreground("infra.postgres", directory / "data", port)
    try:
        assert process.stdout.readline()  # type: ignore[union-attr]
    finally:
        end(process)
    deadline = time.monotonic() + PATIENCE
    while not is_free(port):
        assert time.monotonic() < deadline, "PostgreSQL outlived its parent"
        time.sleep(0.05)


def foreground(module: str, data: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, "--data", str(data), "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]


def test_a_server_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    class Broken(LocalServer):
        name = "Broken"

        def command(self) -> list[str]:
            return [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"]

        def answers(self) -> bool:
            return False

    with pytest.raises(Unavailable, match="the disk is full"):
        Broken(tmp_path).start()


def test_a_missing_java_is_told_with_how_to_get_it(without_programs: None) -> None:
    with pytest.raises(Unavailable, match="Java 17 or newer.*apt-get install openjdk-17-jre-headless maven"):
        find_java()


def test_a_missing_maven_is_told_with_how_to_get_it(without_programs: None) -> None:
    with pytest.raises(Unavailable, match="Maven.*apt-get install"):
        fetch_jars()


def test_a_missing_postgresql_is_told_with_how_to_get_it(without_programs: None) -> None:
    with pytest.raises(Unavailable, match="apt-get install postgresql"):
        find_binaries()
