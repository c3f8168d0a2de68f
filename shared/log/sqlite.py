"""SQLite connections of the embedded log: made on first use in a process, never carried over a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Corrupt, Unavailable

BUSY_SECONDS = 5.0
"""How long a writer waits for another process's transaction before the log counts as unavailable."""

_inherited: list[sqlite3.Connection] = []
"""Connections of a parent process. They are never closed here: closing would run SQLite's clean-up on files the parent uses."""


class ForkSafe:
    """One connection to a file for this process, used by one thread at a time."""

    def __init__(self, path: str, schema: str, synchronous: str = "FULL") -> None:
        self._path = path
        self._schema = schema
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._lock = threading.Lock()

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for as long as the block lasts; autocommit unless the block begins a transaction."""
        if self._pid != os.getpid():
            if self._connection is not None:
                _inherited.append(self._connection)
                self._connection = None
            self._lock = threading.Lock()  # the parent's may have been held at the fork
            self._pid = os.getpid()
        with self._lock:
            if self._connection is None:
                self._connection = connect(self._path, self._schema, self._synchronous)
            yield self._connection

    def close(self) -> None:
        """Close; the next use connects again."""
        if self._connection is not None and self._pid == os.getpid():
            with self._lock:
                self._connection.close()
                self._connection = None


def connect(path: str, schema: str, synchronous: str) -> sqlite3.Connection:
    """A connection in autocommit mode to the file at `path`, which is made with its directory and tables where missing."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # SQLite does not wait when two connections switch a new file to WAL at once: it says 'locked' immediately.
        _patiently(connection, "PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA journal_size_limit=67108864")
        for statement in filter(str.strip, schema.split(";")):
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    for _ in range(100):
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        time.sleep(BUSY_SECONDS / 100)
    connection.execute(statement)


@contextmanager
def reported(path: str) -> Iterator[None]:
    """Tell SQLite's errors in our words: `Unavailable` for what passes (locked, full, unreadable), `Corrupt` for a damaged file."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise Unavailable(f"The log {path} cannot be used now: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise Corrupt(f"The log {path} is damaged: {error}.") from error
