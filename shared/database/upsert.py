"""Statements that mean the same on both databases: SQLAlchemy compiles PostgreSQL's INSERT ... ON CONFLICT for SQLite as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

__all__ = ["Bulk", "any_of", "insert"]

MANY = 20


def any_of(column: sa.ColumnElement[Any], name: str, url: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of the texts or numbers in the list `name`: one value to the database, however long it is."""
    if url.startswith("postgresql"):
        kind = sa.BigInteger if isinstance(column.type, sa.Integer) else sa.Text
        return column == sa.any_(sa.bindparam(name, type_=ARRAY(kind)))
    given = sa.func.json_each(sa.bindparam(name, type_=sa.JSON)).table_valued("value")
    return column.in_(sa.select(given.c.value))


class Bulk:
    """Inserts rows by the thousand; every row has all columns of the table. `finish` says what conflicts do.

    PostgreSQL gets a list for each column in one statement, SQLite's driver the rows as tuples: SQLAlchemy's work for each row
    would cost more than the database's.
    """

    def __init__(self, table: sa.Table, finish: Callable[[Insert], Insert]) -> None:
        self._columns: list[sa.Column[Any]] = list(table.c)
        lists = [sa.func.unnest(sa.bindparam(column.name, type_=ARRAY(column.type))) for column in self._columns]
        self._by_row = finish(insert(table))
        self._by_list = finish(insert(table).from_select([column.name for column in self._columns], sa.select(*lists)))
        self._for_driver: str = ""
        self._processors: list[tuple[str, Callable[[Any], Any] | None]] = []

    def put(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) < MANY:
            connection.execute(self._by_row, rows if len(rows) > 1 else rows[0])
        elif connection.dialect.name == "postgresql":
            connection.execute(self._by_list, {name: [row[name] for row in rows] for name in rows[0]})
        else:
            if not self._for_driver:
                self._prepare(connection.dialect)
            values = [
                tuple([make(row[name]) if make else row[name] for name, make in self._processors]) for row in rows
            ]
            connection.exec_driver_sql(self._for_driver, values)

    def _prepare(self, dialect: sa.Dialect) -> None:
        names = [column.name for column in self._columns]
        compiled: Any = self._by_row.compile(dialect=dialect, column_keys=names)
        types = {column.name: column.type for column in self._columns}
        self._processors = [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
        ]
        self._for_driver = str(compiled)
