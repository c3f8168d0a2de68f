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
    SELECT (SELECT id FROM outbox LIMIT 1),
           (SELECT due_at FROM timers WHERE NOT stuck AND claimed_until IS NULL ORDER BY due_at LIMIT 1)"""


class Seen(NamedTuple):
    """`spoken`: rows wait in the outbox. `due`: a timer or an errand is due."""

    spoken: bool
    due: bool


class Lookout:
    """A connection of its own, without transactions. It belongs to one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._version = -1
        self._next_due: datetime | None = None

    def look(self) -> Seen:
        """Raises `Unavailable`."""
        try:
            if self._connection is None:
                self._connect()
            now = self._database.clock.now()
            spoken = False
            if self._has_changed():
                waiting, due_at = self._connection.execute(LOOK).fetchone()
                spoken, self._next_due = waiting is not None, _moment(due_at)
            return Seen(spoken, self._next_due is not None and self._next_due <= now)
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
        if not self._is_sqlite:
            self._connection.autocommit = True

    @property
    def _is_sqlite(self) -> bool:
        return self._database.url.startswith("sqlite")

    def _has_changed(self) -> bool:
        """PostgreSQL has no such number: there it is always asked."""
        if not self._is_sqlite:
            return True
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, int(version)
        return self._version != before


def _moment(value: Any) -> datetime | None:
    """SQLite gives text in UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value if isinstance(value, datetime) else None
