"""Statements that mean the same on both databases: SQLAlchemy compiles PostgreSQL's INSERT ... ON CONFLICT for SQLite as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from shared.database.prepared import Prepared

__all__ = ["Bulk", "Insert", "any_of", "insert", "without_waiting"]

MANY = 20


def any_of(column: sa.ColumnElement[Any], name: str, url: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of the texts or numbers in the list `name`: one value to the database, however long it is."""
    if url.startswith("postgresql"):
        kind = sa.BigInteger if isinstance(column.type, sa.Integer) else sa.Text
        # Not `= ANY`: in a prepared statement that compares each row with each member of the list, one by one.
        return column.in_(sa.select(sa.func.unnest(sa.bindparam(name, type_=ARRAY(kind)))))
    given = sa.func.json_each(sa.bindparam(name, type_=sa.JSON)).table_valued("value")
    return column.in_(sa.select(given.c.value))


def without_waiting() -> sa.ColumnElement[Any]:
    """Given back by a statement on PostgreSQL, it lets this transaction's commit not wait for the disk.

    For what may be lost with the machine's power: later commits never survive earlier ones, so all that rests on it is lost too.
    """
    return sa.func.set_config("synchronous_commit", "off", True)


class Bulk:
    """Inserts rows by the thousand; every row has all columns of the table. `finish` says what conflicts do.

    PostgreSQL gets a list for each column in one statement, SQLite's driver the rows as tuples: SQLAlchemy's work for each row
    would cost more than the database's.
    """

    def __init__(self, table: sa.Table, finish: Callable[[Insert], Any]) -> None:
        columns: list[sa.Column[Any]] = list(table.c)
        names = [column.name for column in columns]
        lists = [sa.func.unnest(sa.bindparam(column.name, type_=ARRAY(column.type))) for column in columns]
        self._by_row = Prepared(finish(insert(table)))
        self._by_list = finish(insert(table).from_select(names, sa.select(*lists)))

    def put(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) >= MANY and connection.dialect.name == "postgresql":
            connection.execute(self._by_list, {name: [row[name] for row in rows] for name in rows[0]})
        else:
            self._by_row.run_each(connection, rows)
