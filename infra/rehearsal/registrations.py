"""A conference's registrations as a file: counts per day, no people. Columns: date, registered, later_cancelled."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from shared.errors import InvalidInput

COLUMNS = ("date", "registered", "later_cancelled")
MOST_A_DAY = 20_000
LONGEST = timedelta(days=3 * 366)
"""More than three years between two registrations is a slip in a date."""
SAMPLE = Path(__file__).with_name("sample.csv")


@dataclass(frozen=True, slots=True)
class Day:
    """Registrations made on one day; `cancelled` of them were cancelled on some later day."""

    day: date
    registered: int
    cancelled: int


@dataclass(frozen=True)
class Registrations:
    """`name` is the file's, without its ending; `days` rise, each day once. Doors open on the day after the last one."""

    name: str
    days: tuple[Day, ...]

    @property
    def sold(self) -> int:
        return sum(day.registered for day in self.days)

    @property
    def cancelled(self) -> int:
        return sum(day.cancelled for day in self.days)

    @property
    def attending(self) -> int:
        return self.sold - self.cancelled

    @property
    def first_on(self) -> date:
        return self.days[0].day

    @property
    def doors_on(self) -> date:
        return self.days[-1].day + timedelta(days=1)


def read_registrations(path: Path | str | None) -> Registrations:
    """Read a file, or the sample for None. Raises `InvalidInput` that names file, line and column of the first mistake."""
    file = SAMPLE if path is None else Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: this is no CSV file in UTF-8.") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    return parse(file.stem, text, str(file))


def parse(name: str, text: str, source: str = "") -> Registrations:
    """Raises `InvalidInput` with the facts `line` and `column`; `source` begins its sentence."""
    source = source or name
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        header = [(column or "").strip() for column in reader.fieldnames or ()]
        reader.fieldnames = header
        for column in COLUMNS:
            if column not in header:
                refuse(source, 1, column, f"the column is missing; the columns are {', '.join(COLUMNS)}")
        days = [_day(source, reader.line_num, row) for row in reader]
    except csv.Error as error:
        refuse(source, reader.line_num, "", f"this is no CSV: {error}")
    lines: dict[date, int] = {}
    for line, found in days:
        if found.day in lines:
            refuse(source, line, "date", f"{found.day} is already in line {lines[found.day]}")
        lines[found.day] = line
    rising = sorted((found for _, found in days), key=lambda found: found.day)
    if not any(found.registered for found in rising):
        refuse(source, 2, "registered", "nobody registered in this file")
    if rising[-1].day - rising[0].day > LONGEST:
        line = lines[rising[0].day]
        refuse(source, line, "date", f"{rising[0].day} is more than three years before the last date {rising[-1].day}")
    return Registrations(name, tuple(rising))


def same_counts(left: Sequence[tuple[int, int, int]], right: Sequence[tuple[int, int, int]]) -> bool:
    """Whether two files say the same, days without registrations aside: (days before doors, registered, cancelled)."""
    return sorted(row for row in left if row[1]) == sorted(row for row in right if row[1])


def _day(source: str, line: int, row: dict[str, str | None]) -> tuple[int, Day]:
    raw = (row["date"] or "").strip()
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        refuse(source, line, "date", f"{raw!r} is no date like 2027-06-14")
    if not 1990 <= day.year <= 2100:
        refuse(source, line, "date", f"{raw} lies too far from today")
    registered, cancelled = (_count(source, line, column, row[column]) for column in COLUMNS[1:])
    if cancelled > registered:
        refuse(source, line, "later_cancelled", f"{cancelled} cancelled, but only {registered} registered")
    return line, Day(day, registered, cancelled)


def _count(source: str, line: int, column: str, raw: str | None) -> int:
    text = (raw or "").strip()
    try:
        count = int(text) if text.isascii() else -1
    except ValueError:
        count = -1
    if count < 0:
        refuse(source, line, column, f"{text!r} is no count (0, 1, 2, ...)")
    if count > MOST_A_DAY:
        refuse(source, line, column, f"{text} in one day is more than {MOST_A_DAY}")
    return count


def refuse(source: str, line: int, column: str, reason: str) -> NoReturn:
    where = f"line {line}" + (f", column {column}" if column else "")
    sentence = f"{source}, {where}: {reason}."
    raise InvalidInput(sentence, line=line, column=column, errors={"registrations": [sentence]})
