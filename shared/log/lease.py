"""Who of a group is active on the embedded log: the holder of a lease, renewed while it polls.

Leases stand in a file of their own beside the log, written without waiting for the disk: a lost one costs nothing, and renewing
neither queues behind producers nor wakes consumers. Times are those of the monotonic clock, which all processes of a machine share;
one from before a reboot lies out of range and counts as ended. A holder whose process is dead has lost it at once.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from dataclasses import dataclass

from shared.log.sqlite import ForkSafe

LEASE_SECONDS = 10.0
RENEW_SECONDS = LEASE_SECONDS / 4

SCHEMA = """
    CREATE TABLE IF NOT EXISTS leases (
        "group" TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        ends REAL NOT NULL);
"""
RENEW = 'UPDATE leases SET ends = ? WHERE "group" = ? AND holder = ?'
LOOK = 'SELECT holder, host, pid, ends FROM leases WHERE "group" = ?'
FREE = 'DELETE FROM leases WHERE "group" = ? AND holder = ?'
TAKE = 'INSERT INTO leases ("group", holder, host, pid, ends) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'


@dataclass(frozen=True, slots=True)
class Held:
    """True while the lease is ours; `taken_now` when it was not before."""

    ours: bool
    taken_now: bool = False

    def __bool__(self) -> bool:
        return self.ours


class Lease:
    """One member's part in the lease of a group."""

    def __init__(self, log_path: str, group: str) -> None:
        self._group = group
        self._holder = uuid.uuid4().hex
        self._pid = os.getpid()
        self._database = ForkSafe(log_path + ".groups", SCHEMA, synchronous="OFF")
        self._renew_at = 0.0
        self._ours = False

    def hold(self) -> Held:
        """Renew the lease when it is ours and due, take it when it is free."""
        if self._pid != os.getpid():  # a fork's child is another member
            self._pid, self._holder, self._ours = os.getpid(), uuid.uuid4().hex, False
        now = time.monotonic()
        if self._ours and now < self._renew_at:
            return Held(True)
        with self._database.use() as connection:
            if self._ours and connection.execute(RENEW, (now + LEASE_SECONDS, self._group, self._holder)).rowcount:
                self._renew_at = now + RENEW_SECONDS
                return Held(True)
            self._ours = False
            row = connection.execute(LOOK, (self._group,)).fetchone()
            if row is not None:
                holder, host, pid, ends = row
                if now < ends <= now + LEASE_SECONDS and _may_live(host, pid):
                    return Held(False)
                connection.execute(FREE, (self._group, holder))
            taken = connection.execute(
                TAKE, (self._group, self._holder, platform.node(), self._pid, now + LEASE_SECONDS)
            )
            self._ours = taken.rowcount == 1
            self._renew_at = now + RENEW_SECONDS
        return Held(self._ours, taken_now=self._ours)

    def release(self) -> None:
        """Give it back, so that another member can take it at once."""
        if self._ours and self._pid == os.getpid():
            self._ours = False
            with self._database.use() as connection:
                connection.execute(FREE, (self._group, self._holder))

    def close(self) -> None:
        try:
            self.release()
        finally:
            self._database.close()


def _may_live(host: str, pid: int) -> bool:
    """False only when the process surely is gone: another host's cannot be seen."""
    if host != platform.node():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
