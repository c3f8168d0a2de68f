"""A past edition: how registrations of a conference came in, day by day before doors. Counts only, no people."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from shared.errors import InvalidInput

COLUMNS = ("date", "registered", "later_cancelled")
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Day:
    """Registrations of one day: `before` is days before doors (1 is the day before), `cancelled` of them later on."""

    before: int
    registered: int
    cancelled: int


@dataclass(frozen=True)
class Edition:
    """`name` ends in what tells editions of one `series` apart. `doors_on` is the first day of the conference."""

    name: str
    doors_on: date
    days: tuple[Day, ...]

    @cached_property
    def series(self) -> str:
        return series_of(self.name)

    @cached_property
    def final(self) -> int:
        """Registrations that stood at doors."""
        return sum(day.registered - day.cancelled for day in self.days)

    def standing(self, before: float) -> float:
        """Registrations that stood `before` days before the midnight on which the day of doors begins.

        Days are taken as even; a cancellation, whose day nobody wrote down, as made half-way between registration and
        doors.
        """
        return _at(self._standing, before)

    def sold(self, before: float, window: int) -> float:
        """Registrations of the `window` days that end `before` days before doors and that stood at doors."""
        return _at(self._kept, before) - _at(self._kept, before + window)

    @cached_property
    def _standing(self) -> tuple[float, ...]:
        made = [(2 * day.before, day.registered) for day in self.days]
        return _table([*made, *[(day.before, -day.cancelled) for day in self.days]])

    @cached_property
    def _kept(self) -> tuple[float, ...]:
        return _table([(2 * day.before, day.registered - day.cancelled) for day in self.days])

    def looks_like(self, registered: Mapping[date, int], doors_on: date) -> bool:
        """Whether these are the same registrations, perhaps moved to other dates: it must not forecast itself.

        True when doors are on the same day, or when the counts by days before doors differ by less than three in ten,
        so that a few late payments or added tickets hide nothing; two conferences differ by about all of them. It takes
        five days and ten registrations to tell.
        """
        if doors_on == self.doors_on:
            return True
        theirs = {(doors_on - day).days: number for day, number in registered.items() if number}
        if len(theirs) < 5 or sum(theirs.values()) < 10:
            return False
        today = min(theirs)
        mine = {day.before: day.registered for day in self.days if day.before >= today}
        differ = sum(abs(mine.get(before, 0) - theirs.get(before, 0)) for before in mine.keys() | theirs.keys())
        return differ * 10 < 3 * sum(theirs.values())


def _table(changes: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """The sum of what was there at every half day before doors; in between it is a straight line, exactly.

    A change (half days before doors, number) comes evenly over the day that begins there.
    """
    length = max((half for half, _ in changes), default=0) + 1
    table, whole = [0.0] * length, [0.0] * length
    for half, number in changes:
        if half >= 1:
            table[half - 1] += number / 2
        if half >= 2:
            whole[half - 2] += number
    there = 0.0
    for half in reversed(range(length)):
        there += whole[half]
        table[half] += there
    return tuple(table)


def _at(table: Sequence[float], before: float) -> float:
    """The value of a table of half days, 0 beyond its end."""
    place = max(0.0, before * 2)
    left = int(place)
    if left + 1 >= len(table):
        return table[left] if left < len(table) else 0.0
    return table[left] + (table[left + 1] - table[left]) * (place - left)


def series_of(name: str) -> str:
    """`d21` -> `d`, `Searchlight 2027` -> `searchlight`: the name without its number, in lower case, letters only."""
    return "".join(re.findall(r"[^\W\d_]+", re.sub(r"\d+\s*$", "", name.strip()).casefold()))


def normalized(name: str) -> str:
    return "".join(re.findall(r"[^\W_]+", name.casefold()))


def read_edition(name: str, text: str) -> Edition:
    """An edition from CSV with the columns date, registered, later_cancelled; doors are the day after its last date.

    Raises `InvalidInput` that names line and column of everything that is wrong (`errors`).
    """
    if not normalized(name):
        raise InvalidInput("A past edition needs a name.", errors={"name": ["A past edition needs a name."]})
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        sentence = f"Line 1: the column {missing[0]} is missing. Columns are {', '.join(COLUMNS)}."
        raise InvalidInput(sentence, errors={"file": [sentence]}, line=1, column=missing[0])
    problems: list[str] = []
    rows: list[tuple[date, int, int]] = []
    for row in reader:
        line = reader.line_num
        if line > MOST_ROWS:
            problems.append(f"Line {line}: more than {MOST_ROWS} lines are no edition.")
            break
        try:
            rows.append(_row(row, line))
        except InvalidInput as error:
            problems.append(str(error))
    if not problems and not any(registered for _, registered, _ in rows):
        problems.append("Nobody registered in this file.")
    if not problems and len({day for day, _, _ in rows}) < len(rows):
        problems.append("Column date: a day stands in it twice.")
    if problems:
        raise InvalidInput(problems[0], errors={"file": problems[:20]})
    doors_on = max(day for day, _, _ in rows) + timedelta(days=1)
    days = tuple(Day((doors_on - day).days, registered, cancelled) for day, registered, cancelled in sorted(rows))
    return Edition(name.strip(), doors_on, days)


def _row(row: Mapping[str, str | None], line: int) -> tuple[date, int, int]:
    raw = (row["date"] or "").strip()
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        raise InvalidInput(f"Line {line}, column date: {raw!r} is no date like 2027-06-14.") from None
    registered, cancelled = (_count(row, column, line) for column in COLUMNS[1:])
    if cancelled > registered:
        raise InvalidInput(f"Line {line}, column later_cancelled: {cancelled} of {registered} cannot be cancelled.")
    return day, registered, cancelled


def _count(row: Mapping[str, str | None], column: str, line: int) -> int:
    raw = (row[column] or "").strip()
    if not raw.isascii() or not raw.isdigit() or len(raw) > 7:
        raise InvalidInput(f"Line {line}, column {column}: {raw!r} is no count (0, 1, 2, ...).")
    return int(raw)
