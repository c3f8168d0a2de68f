"""Writes that wait for one another, so that together they cost one round trip.

PostgreSQL gets them as one statement, each write a part of its WITH; SQLite's driver gets one after the other, without what
SQLAlchemy does for each execution. Every write stays what it is elsewhere, a `Prepared`: a new column needs nothing here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shared.database.prepared import Prepared, Row

MOST_VALUES = 50
"""psycopg reads a text anew each time it has more values than these."""


class Batch:
    """What one transaction has still to write. Nothing of it can be read before `flush`."""

    def __init__(self) -> None:
        self._writes: dict[str, tuple[Prepared, Sequence[Row]]] = {}

    def __bool__(self) -> bool:
        return bool(self._writes)

    def takes(self, statement: Prepared) -> bool:
        """Whether this may join those that wait. One write a table: parts of a statement do not see one another's rows."""
        return statement.table not in self._writes

    def add(self, statement: Prepared, rows: Sequence[Row]) -> None:
        if rows:
            self._writes[statement.table] = (statement, rows)

    def flush(self, connection: sa.Connection) -> None:
        """Write all of it. Raises what SQLAlchemy raises."""
        writes = list(self._writes.values())
        self._writes.clear()
        if connection.dialect.name == "sqlite":
            _one_by_one(connection, writes)
        elif writes:
            _together(connection, writes)


def _one_by_one(connection: sa.Connection, writes: Sequence[tuple[Prepared, Sequence[Row]]]) -> None:
    driver: Any = connection.connection.driver_connection
    for statement, rows in writes:
        text, values = statement.for_driver(connection.dialect, rows)
        try:
            driver.executemany(text, values)
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, dialect=connection.dialect) from error


def _together(connection: sa.Connection, writes: Sequence[tuple[Prepared, Sequence[Row]]]) -> None:
    """The text is the same for the same numbers of rows, so that the driver prepares it."""
    parts: list[str] = []
    values: list[Any] = []
    for statement, rows in writes:
        texts, given = statement.as_parts(connection.dialect, rows)
        if parts and len(values) + len(given) > MOST_VALUES:
            connection.exec_driver_sql(_joined(tuple(parts)), tuple(values))
            parts, values = [], []
        parts += texts
        values += given
    connection.exec_driver_sql(_joined(tuple(parts)), tuple(values))


@lru_cache(500)
def _joined(parts: tuple[str, ...]) -> str:
    *waiting, last = parts
    return f"WITH {', '.join(f'w{at} AS ({part})' for at, part in enumerate(waiting))} {last}" if waiting else last
