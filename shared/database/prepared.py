"""Writing for hot paths: a statement is compiled once, and its rows go to the driver as they are.

SQLAlchemy remains the one who knows the tables, the dialects and the types; what is spared is its work for each execution, which
for a single row costs more than the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import Insert

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`fixed` are the statement's own values, `given` what each row brings, in the driver's order where it has one."""

    text: str
    is_positional: bool
    names: tuple[str, ...]
    processors: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: dict[str, Any]

    def values(self, row: Row) -> Any:
        if len(row) != len(self.processors):
            raise ValueError("A row of a prepared statement brings other names than the first one did.")
        ready = dict(self.fixed)
        for name, process in self.processors:
            value = row[name]
            ready[name] = value if process is None else process(value)
        return tuple([ready[name] for name in self.names]) if self.is_positional else ready


class Prepared:
    """An insert, update or upsert. All its rows bring the same names: those of the first one."""

    def __init__(self, statement: sa.UpdateBase) -> None:
        self._statement = statement.inline() if isinstance(statement, Insert) else statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: sa.Connection, row: Row) -> sa.CursorResult[Any]:
        """For one row; what it returns are the driver's plain values."""
        compiled = self._for(connection.dialect, row)
        return connection.exec_driver_sql(compiled.text, compiled.values(row))

    def run_each(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """For many rows, in one call to the driver."""
        if len(rows) == 1:
            self.run(connection, rows[0])
        elif rows:
            compiled = self._for(connection.dialect, rows[0])
            connection.exec_driver_sql(compiled.text, [compiled.values(row) for row in rows])

    def _for(self, dialect: sa.Dialect, row: Row) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect, row)
        return found

    def _compile(self, dialect: sa.Dialect, row: Row) -> _Compiled:
        columns = list(row) if isinstance(self._statement, Insert) else None
        made: Any = self._statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
        processors, fixed = [], {}
        for bound, name in made.bind_names.items():
            process = bound.type.dialect_impl(dialect).bind_processor(dialect)
            if bound.required:
                processors.append((name, process))
            else:
                fixed[name] = process(bound.value) if process else bound.value
        positional = made.positiontup is not None
        return _Compiled(str(made), positional, tuple(made.positiontup or ()), tuple(processors), fixed)
