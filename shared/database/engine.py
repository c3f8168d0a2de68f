"""How we connect: SQLite in WAL with full synchronisation, PostgreSQL with a small pool."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_SQLITE_PASSING = ("locked", "busy", "disk is full", "disk I/O error", "unable to open")


def make_engine(url: str) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(
            url, pool_size=16, max_overflow=32, connect_args={"timeout": 10, "check_same_thread": False}
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(url, pool_size=4, max_overflow=4, pool_timeout=10, pool_pre_ping=False)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("stagedoor_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def unavailable(error: sa.exc.DBAPIError) -> bool:
    """Whether it is nobody's fault: connection lost, lock time-out, deadlock, full disk."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return False
    if type(error.orig).__module__.startswith("sqlite3"):
        return any(word in str(error.orig) for word in _SQLITE_PASSING)
    return True
