"""Writes that wait for one another, so that together they cost one round trip.

PostgreSQL gets them as one statement, each write a part of its WITH; SQLite's driver gets one after the other, without what
SQLAlchemy does for each execution. Every write stays what it is elsewhere, a `Prepared`: a new column needs nothing here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa

from shared.database.prepared import Prepared, Row


@dataclass(frozen=True, slots=True)
class _Write:
    statement: Prepared
    rows: Sequence[Row]
    otherwise: Exception | None = None
    """Raised where the one row had no effect; the statement returns something then."""


class Batch:
    """What one transaction has still to write. Nothing of it can be read before `flush`."""

    def __init__(self) -> None:
        self._writes: dict[str, _Write] = {}

    def __bool__(self) -> bool:
        return bool(self._writes)

    def takes(self, statement: Prepared) -> bool:
        """Whether this may join those that wait. One write a table: parts of a statement do not see one another's rows."""
        return statement.table not in self._writes

    def add(self, statement: Prepared, rows: Sequence[Row], otherwise: Exception | None = None) -> None:
        """`otherwise` is for one row that may come to nothing: the flush raises it then. Such a statement returns a column."""
        self._writes[statement.table] = _Write(statement, rows, otherwise)

    def flush(self, connection: sa.Connection, asked: tuple[Prepared, Row] | None = None) -> Any:
        """Write all of it, and last what is `asked`; returns what that one returns. Raises what SQLAlchemy raises."""
        writes = list(self._writes.values())
        self._writes.clear()
        run = _one_by_one if connection.dialect.name == "sqlite" else _together
        return run(connection, writes, asked) if writes or asked else None


def _one_by_one(connection: sa.Connection, writes: Sequence[_Write], asked: tuple[Prepared, Row] | None) -> Any:
    driver: Any = connection.connection.driver_connection
    text = ""
    try:
        for write in writes:
            text, values = write.statement.for_driver(connection.dialect, write.rows)
            if write.otherwise is None:
                driver.executemany(text, values)
            elif driver.execute(text, values[0]).fetchone() is None:
                raise write.otherwise
        if asked is None:
            return None
        text, values = asked[0].for_driver(connection.dialect, [asked[1]])
        return driver.execute(text, values[0]).fetchone()[0]
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, dialect=connection.dialect) from error


def _together(connection: sa.Connection, writes: Sequence[_Write], asked: tuple[Prepared, Row] | None) -> Any:
    """The text is the same for the same numbers of rows, so that the driver prepares it."""
    parts: list[str] = []
    values: list[Any] = []
    told: list[int] = []
    """The parts whose effect is to be known."""
    doubts: list[Exception] = []
    for write in [*writes, *([_Write(asked[0], [asked[1]])] if asked else [])]:
        texts, given = write.statement.as_parts(connection.dialect, write.rows)
        parts += texts
        values += given
        if write.otherwise is not None:
            told.append(len(parts) - 1)
            doubts.append(write.otherwise)
    text = _joined(tuple(parts), tuple(told), asked is not None)
    driver: Any = connection.connection.driver_connection
    try:
        found = psycopg.RawCursor(driver).execute(text, values)
        row = found.fetchone() if told or asked else None
    except psycopg.Error as error:
        raise sa.exc.DBAPIError.instance(text, None, error, psycopg.Error, dialect=connection.dialect) from error
    if row is None:
        return None
    for done, otherwise in zip(row, doubts, strict=False):
        if not done:
            raise otherwise
    return row[-1]


@lru_cache(500)
def _joined(parts: tuple[str, ...], told: tuple[int, ...], is_asked: bool) -> str:
    """One statement with its values as $1, $2 ...: psycopg sends such a text as it is, however many they are.

    Its one row says whether each of the `told` parts did something, and last what the part that is asked returned.
    """
    *waiting, last = parts
    if told or is_asked:
        waiting = list(parts)
        says = [f"(SELECT count(*) FROM w{at})" for at in told]
        if is_asked:
            says.append(f"(SELECT * FROM w{len(parts) - 1})")
        last = f"SELECT {', '.join(says)}"
    text = f"WITH {', '.join(f'w{at} AS ({part})' for at, part in enumerate(waiting))} {last}" if waiting else last
    first, *rest = text.split("%s")
    return "".join([first, *(f"${at}{piece}" for at, piece in enumerate(rest, 1))]).replace("%%", "%")
