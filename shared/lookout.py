"""Sees what other processes left for a worker: rows in the outbox, work that is due. One small query instead of one by each part.

SQLite is asked only after its file has changed or when something falls due, PostgreSQL every few milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from shared.database import Database
from shared.errors import Unavailable

LOOK = """
    SELECT (SELECT id FROM outbox LIMIT 1), first.kind, first.due_at
    FROM (SELECT 1 AS one) AS always LEFT JOIN
         (SELECT kind, due_at FROM timers WHERE NOT stuck AND claimed_until IS NULL ORDER BY due_at LIMIT 1) AS first ON one = 1"""


class Seen(NamedTuple):
    """`spoken`: rows wait in the outbox. `due`: the kind of the first timer or errand that is due; empty when none is."""

    spoken: bool
    due: str


class Lookout:
    """A connection of its own, without transactions. It belongs to one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._version = -1
        self._next: tuple[str, datetime | None] = ("", None)

    def look(self) -> Seen:
        """Raises `Unavailable`."""
        try:
            if self._connection is None:
                self._connect()
            now = self._database.clock.now()
            spoken = False
            if self._has_changed():
                waiting, kind, due_at = self._connection.execute(LOOK).fetchone()
                spoken, self._next = waiting is not None, (kind, _moment(due_at))
            kind, due_at = self._next
            return Seen(spoken, kind if due_at is not None and due_at <= now else "")
        except (sa.exc.DBAPIError, self._database.engine.dialect.loaded_dbapi.Error) as error:
            self.close()
            raise Unavailable(f"The database of {self._database.owner} cannot be read now: {error}") from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> None:
        taken = self._database.engine.raw_connection()
        self._connection, self._version = taken.driver_connection, -1
        taken.detach()
        if not self._database.is_sqlite:
            self._connection.autocommit = True

    def _has_changed(self) -> bool:
        """PostgreSQL has no such number: there it is always asked."""
        if not self._database.is_sqlite:
            return True
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, int(version)
        return self._version != before


def _moment(value: Any) -> datetime | None:
    """SQLite gives text in UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value if isinstance(value, datetime) else None
