"""How the embedded log's consumers learn of a commit: one watcher for all threads of a process.

Of the threads that wait, one looks at SQLite's `data_version` every few milliseconds and wakes the others, so that ten idle
consumers cost as much as one. A producer of the same process rings, and is heard at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from shared.log.sqlite import connect, reported

SHORTEST_PAUSE = 0.002
LONGEST_PAUSE = 0.010
"""Seconds between two looks at the file: short after a commit, growing while nothing happens."""


class Watch:
    """Counts the commits seen in one file. `look()` before reading, `wait(seen)` after finding nothing."""

    def __init__(self, path: str) -> None:
        self.writing = threading.Lock()
        """Held by the producer of this process that writes."""
        self._path = path
        self._changed = threading.Condition()
        self._watched = False
        self._count = 0
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def look(self) -> int:
        """The number of changes seen so far. What was committed before this call is visible to a read after it."""
        with reported(self._path), self._changed:
            self._compare()
            return self._count

    def ring(self) -> None:
        """Wake everybody: this process has committed, or given back a lease. Never fails."""
        with self._changed:
            before = self._count
            with suppress(sqlite3.Error, OSError):  # who reads next will be told
                self._compare()  # counts the commit now, so that it is not found and counted again later
            if self._count == before:
                self._count += 1
                self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Wait until there are changes beyond `seen`, or `timeout` seconds have passed."""
        deadline = time.monotonic() + timeout
        with reported(self._path), self._changed:
            while self._count == seen and (remaining := deadline - time.monotonic()) > 0:
                if self._watched:
                    self._changed.wait(remaining)
                    continue
                self._watched = True
                try:
                    self._watch(seen, deadline)
                finally:
                    self._watched = False
                    self._changed.notify()  # another one that waits goes on watching

    def _watch(self, seen: int, deadline: float) -> None:
        pause = SHORTEST_PAUSE
        while self._count == seen and (remaining := deadline - time.monotonic()) > 0:
            self._changed.wait(min(pause, remaining))
            self._compare()
            pause = min(pause * 1.2, LONGEST_PAUSE)

    def _compare(self) -> None:
        if self._connection is None:
            self._connection = connect(self._path, "", "FULL")
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._count += 1
            self._changed.notify_all()


_watches: WeakValueDictionary[tuple[int, str], Watch] = WeakValueDictionary()


def watch_of(path: str) -> Watch:
    """This process's watch of the file; it lives as long as somebody holds it."""
    # Two made at once would only mean that each wakes its own holders at once, and the other's through the file.
    return _watches.setdefault((os.getpid(), str(Path(path).absolute())), Watch(path))
