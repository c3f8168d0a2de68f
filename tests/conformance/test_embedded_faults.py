"""The embedded log's own troubles: a lease that ends, a file that is locked or damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import shared.log.lease as lease_module
from shared.errors import Corrupt
from shared.log import Message, SendFailed, TopicPartition
from shared.log.embedded import EmbeddedLog
from shared.log.lease import Lease

PATIENCE = 60.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "log.db")


def leases(path: str) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(path + ".groups", isolation_level=None))


def test_a_lease_is_held_by_one_and_free_once_given_back(path: str) -> None:
    one, two = Lease(path, "readers"), Lease(path, "readers")
    assert one.hold()
    assert not two.hold()
    one.release()
    assert two.hold()
    assert not one.hold()
    assert Lease(path, "others").hold()


def test_a_lease_that_was_not_renewed_goes_to_another_and_the_first_is_told(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "LEASE_SECONDS", 0.2)
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)
    one, two = Lease(path, "readers"), Lease(path, "readers")
    assert one.hold()
    deadline = time.monotonic() + PATIENCE
    while not two.hold():  # the first is busy, or was stopped
        assert time.monotonic() < deadline
    assert not one.hold()


def test_a_lease_from_before_a_reboot_is_void(path: str) -> None:
    one, two = Lease(path, "readers"), Lease(path, "readers")
    assert one.hold()
    with leases(path) as connection:
        connection.execute("UPDATE leases SET ends = ends + 86400")
    assert two.hold()


def test_a_lease_of_a_process_that_is_gone_is_void_at_once(path: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    one, two = Lease(path, "readers"), Lease(path, "readers")
    assert one.hold()
    with leases(path) as connection:
        connection.execute("UPDATE leases SET pid = ?", (os.getpid(),))
        assert not two.hold()
        connection.execute("UPDATE leases SET pid = ?", (gone.pid,))
    assert two.hold()


def test_a_log_that_another_program_locks_fails_the_send_and_works_when_it_is_free(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.log.sqlite.BUSY_SECONDS", 0.1)
    log = EmbeddedLog(path)
    log.create_topics(["letters"])
    producer = log.producer("test")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SendFailed, match="locked") as failure:
            producer.send([Message("letters", "a", b"1")])
        assert failure.value.stored == []
        assert sum(log.ends(["letters"]).values()) == 0  # who reads is not held up
        other.execute("ROLLBACK")
    assert len(producer.send([Message("letters", "a", b"1")])) == 1
    producer.close()
    log.close()


def test_a_file_that_is_no_log_is_told(path: str) -> None:
    Path(path).write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(Corrupt, match="damaged"):
        EmbeddedLog(path).ends(["letters"])
    with pytest.raises(Corrupt, match="damaged"):
        EmbeddedLog(path).read(TopicPartition("letters", 0), 0)


def test_what_was_sent_is_there_after_the_sender_was_killed(path: str) -> None:
    script = (
        "import os, signal, sys\n"
        "from shared.log.embedded import EmbeddedLog\n"
        "from shared.log import Message\n"
        "log = EmbeddedLog(sys.argv[1])\n"
        "log.create_topics(['letters'])\n"
        "log.producer('test').send([Message('letters', 'a', b'1')] * 100)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script, path], cwd=root).returncode == -9
    log = EmbeddedLog(path)
    assert sum(log.ends(["letters"]).values()) == 100
    log.close()
