"""The queue of those who want to write into one SQLite file: threads of this process, and processes of this machine.

SQLite lets a second writer poll with growing pauses of up to 0.1 s, and whoever asks at the right moment goes first: under load
some wait for seconds. Here a process that waits holds the place at the door, so that it is the next one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

PATIENCE = 10.0
"""Seconds after which a writer goes on to SQLite's own lock, which then says that the database is locked."""
PAUSES = (0.0003, 0.002)
"""How long a process that waits sleeps between two looks, at first and at most, in seconds."""
SLICE = 0.01
"""How long a process goes on writing, in seconds, while threads of its own wait and other processes may."""
DOOR, DESK = 0, 1
"""Bytes of the lock file: the place at the door, and the one that writes."""


class WriterQueue:
    """Before the database at `url`. On PostgreSQL nobody waits here: its rows have locks of their own.

    Correctness never rests on it: SQLite's own lock stays the judge.
    """

    def __init__(self, url: str) -> None:
        self._path = sa.make_url(url).database or "" if url.startswith("sqlite") else ""
        self._threads = threading.RLock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._depth = 0
        self._held = False
        self._since = 0.0
        self._file = -1
        self._pid = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the one writer."""
        if not self._path:
            yield
            return
        if self._pid != os.getpid():
            self._begin()
        with self._counting:
            self._waiting += 1
        with self._threads:
            with self._counting:
                self._waiting -= 1
            self._depth += 1
            try:
                if self._depth == 1 and not self._held:
                    self._enter()
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._held and not self._may_stay():
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, DESK)
                    self._held = False

    def _may_stay(self) -> bool:
        """Handing over to another process takes longer than a transaction: a few of ours go one after the other."""
        return self._waiting > 0 and time.monotonic() - self._since < SLICE

    def close(self) -> None:
        """The next turn opens it again."""
        if self._file >= 0 and self._pid == os.getpid():
            os.close(self._file)
            self._file, self._held = -1, False

    def _begin(self) -> None:
        """In this process: a parent's lock may have been held at the fork."""
        with _beginning:
            if self._pid != os.getpid():
                self._threads, self._counting = threading.RLock(), threading.Lock()
                self._waiting, self._depth, self._held, self._file = 0, 0, False, -1
                self._pid = os.getpid()

    def _enter(self) -> None:
        if self._file < 0:
            try:
                self._file = os.open(self._path + ".writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:  # a full disk, a missing folder: SQLite says so in better words
                return
        until = time.monotonic() + PATIENCE
        if self._take(DOOR, until):
            self._held, self._since = self._take(DESK, until), time.monotonic()
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, DOOR)

    def _take(self, place: int, until: float) -> bool:
        pause = PAUSES[0]
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                return True
            except OSError:
                if time.monotonic() > until:
                    return False
            time.sleep(pause)
            pause = min(pause * 1.2, PAUSES[1])


_beginning = threading.Lock()
os.register_at_fork(after_in_child=_beginning._at_fork_reinit)  # type: ignore[attr-defined]
