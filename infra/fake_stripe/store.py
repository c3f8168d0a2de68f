"""Stripe's memory: objects as JSON in one SQLite file, or in memory for one process.

One connection per process behind a lock; writers of several processes take turns through WAL and BEGIN IMMEDIATE. The
connection is opened at first use, so that it never crosses a fork.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

JsonObject = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created INTEGER NOT NULL,
    ref TEXT, due REAL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, number);
CREATE INDEX IF NOT EXISTS objects_by_ref ON objects (ref, kind) WHERE ref IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_due ON objects (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, due REAL, tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL, last_status INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (due, number) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, fingerprint TEXT NOT NULL, request_id TEXT NOT NULL, started REAL NOT NULL,
    status INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (started);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Transaction:
    """What can be read and written between BEGIN and COMMIT."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sql = connection
        self._before = connection.total_changes

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.sql.total_changes != self._before

    def put(self, body: JsonObject, *, ref: str | None = None, due: float | None = None) -> None:
        """Insert or replace an object by its id. `ref` is the id it is looked up by, `due` when the clock acts on it."""
        self.sql.execute(
            "INSERT INTO objects (id, kind, created, ref, due, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET ref = excluded.ref, due = excluded.due, body = excluded.body",
            (body["id"], body["object"], body["created"], ref, due, json.dumps(body)),
        )

    def find(self, id: str, kind: str | None = None) -> JsonObject | None:
        row = self.sql.execute("SELECT kind, body FROM objects WHERE id = ?", (id,)).fetchone()
        if row is None or (kind is not None and row[0] != kind):
            return None
        found: JsonObject = json.loads(row[1])
        return found

    def number(self, id: str) -> int | None:
        row = self.sql.execute("SELECT number FROM objects WHERE id = ?", (id,)).fetchone()
        return None if row is None else int(row[0])

    def select(
        self,
        kind: str,
        *,
        ref: str | None = None,
        fields: Mapping[str, str] | None = None,
        any_of: Mapping[str, list[str]] | None = None,
        created: Mapping[str, int] | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = -1,
    ) -> list[JsonObject]:
        """Objects of a kind, newest first; `created` maps gt, gte, lt, lte to unix seconds, `before`/`after` are numbers.

        With `after`, the ones just after that number are taken, still newest first.
        """
        where, values = ["kind = ?"], [kind]  # type: tuple[list[str], list[Any]]
        if ref is not None:
            where.append("ref = ?")
            values.append(ref)
        for name, value in (fields or {}).items():
            where.append("json_extract(body, ?) = ?")
            values += [f"$.{name}", value]
        for name, choices in (any_of or {}).items():
            where.append(f"json_extract(body, ?) IN ({', '.join('?' * len(choices))})")
            values += [f"$.{name}", *choices]
        for word, instant in (created or {}).items():
            where.append(f"created {COMPARISONS[word]} ?")
            values.append(instant)
        if before is not None:
            where.append("number < ?")
            values.append(before)
        if after is not None:
            where.append("number > ?")
            values.append(after)
        order = "ASC" if after is not None else "DESC"
        rows = self.sql.execute(
            f"SELECT body FROM objects WHERE {' AND '.join(where)} ORDER BY number {order} LIMIT ?", [*values, limit]
        )
        found = [json.loads(body) for (body,) in rows]
        return found[::-1] if after is not None else found

    def due(self, instant: float) -> list[tuple[str, JsonObject]]:
        """(kind, object) of what the clock has to act on by an instant, in the order of the clock."""
        rows = self.sql.execute("SELECT kind, body FROM objects WHERE due <= ? ORDER BY due, number", (instant,))
        return [(kind, json.loads(body)) for kind, body in rows]

    def next_due(self) -> float | None:
        row = self.sql.execute(
            "SELECT min(due) FROM (SELECT min(due) AS due FROM objects WHERE due IS NOT NULL "
            "UNION ALL SELECT min(due) FROM deliveries WHERE due IS NOT NULL)"
        ).fetchone()
        return None if row[0] is None else float(row[0])

    def setting(self, name: str) -> Any:
        row = self.sql.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set(self, name: str, value: object) -> None:
        self.sql.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )


COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Store:
    """The file, or ':memory:' for one process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None or (self._owner != os.getpid() and self._path != ":memory:"):
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(SCHEMA)
            self._connection, self._owner = connection, os.getpid()
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits at the end, rolls back on an error. Not to be nested."""
        with self._lock:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None
