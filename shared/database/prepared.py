"""Writing for hot paths: a statement is compiled once, and its rows go to the driver as they are.

SQLAlchemy remains the one who knows the tables, the dialects and the types; what is spared is its work for each execution, which
for a single row costs more than the database's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import Insert

Row = Mapping[str, Any]
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`fixed` are the statement's own values, `given` what each row brings, in the driver's order where it has one."""

    text: str
    is_positional: bool
    names: tuple[str, ...]
    processors: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: dict[str, Any]
    order: tuple[str, ...] = ()
    parts: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """By the number of rows: texts that take their values by position, as parts of a larger statement."""

    def parts_for(self, rows: int) -> tuple[str, ...]:
        made = self.parts.get(rows)
        if made is None:
            text = _NAMED.sub("%s", self.text)
            head, word, one = text.partition(" VALUES ")
            joins = word and text.startswith("INSERT") and " ON CONFLICT " not in text
            made = self.parts[rows] = (f"{head} VALUES {', '.join([one] * rows)}",) if joins else (text,) * rows
        return made

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
        self.table = str(statement.entity_description["name"])

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

    def for_driver(self, dialect: sa.Dialect, rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """Text and values for a driver that takes them by position or by name, as SQLAlchemy would hand them over."""
        compiled = self._for(dialect, rows[0])
        return compiled.text, [compiled.values(row) for row in rows]

    def as_parts(self, dialect: sa.Dialect, rows: Sequence[Row]) -> tuple[tuple[str, ...], list[Any]]:
        """Texts with `%s` for their values, to be parts of one statement of PostgreSQL, and all values in their order."""
        compiled = self._for(dialect, rows[0])
        names = compiled.order
        values: list[Any] = []
        for row in rows:
            ready = compiled.values(row)
            values += [ready[name] for name in names]
        return compiled.parts_for(len(rows)), values

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
        text = str(made)
        order = () if positional else tuple(_NAMED.findall(text))
        return _Compiled(text, positional, tuple(made.positiontup or ()), tuple(processors), fixed, order)
