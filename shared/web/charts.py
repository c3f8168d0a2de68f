"""Geometry of the pictures: pure functions from figures to coordinates, drawn as SVG by `templates/charts.html`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import floor, log10
from typing import Literal

WIDTH, HEIGHT = 520.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 14.0, 34.0, 22.0
LETTER = 8.5
"""About how wide a letter of a label is; a little too wide, so that labels keep their distance on a phone."""
ROW = 14.0
Tone = Literal["good", "faint", "warn", "accent", "ink", "quiet"]


@dataclass(frozen=True)
class Mark:
    """An instant that matters: `kind` mark (a tier ended), today, deadline (the caterer's order), doors."""

    at: datetime
    label: str
    kind: Literal["mark", "today", "deadline", "doors"] = "mark"


@dataclass(frozen=True)
class Span:
    """What is expected at an instant, by percentiles."""

    at: datetime
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True)
class PlacedMark:
    x: float
    label: str
    kind: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Timeline:
    """A curve over time and what is expected of it. `line`, `band`, `inner`, `median` are SVG point lists or empty."""

    line: str
    band: str
    inner: str
    median: str
    marks: tuple[PlacedMark, ...]
    rows: tuple[tuple[float, int], ...]
    """y and value of each grid line"""
    months: tuple[tuple[float, date, bool], ...]
    """x and day of each tick of time; True where the picture counts in weeks"""
    plates: tuple[float, float, float] | None
    """x1, x2 and y of the line of what was ordered"""
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Part:
    label: str
    value: int
    tone: Tone = "ink"


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    part: Part


def scale(value: float, low: float, high: float, start: float, end: float) -> float:
    """Where `value` of [low, high] lies between `start` and `end`, to a tenth; the middle when there is no span."""
    share = 0.5 if high == low else (value - low) / (high - low)
    return round(start + share * (end - start), 1)


def steps(highest: float, at_most: int = 4) -> list[int]:
    """Round numbers from 0 to beyond `highest`: 0, 100, 200, 300 for 260."""
    rough = max(highest, 1) / at_most
    power = 10 ** floor(log10(rough)) if rough >= 1 else 1
    step = next((int(n * power) for n in (1, 2, 5, 10) if n * power >= rough), 1)
    count = -int(-max(highest, 1) // step)
    return [step * n for n in range(count + 1)]


def time_ticks(begins: datetime, ends: datetime) -> tuple[list[datetime], bool]:
    """Firsts of months; Mondays (and True) where the span is shorter than ten weeks. Thinned so that labels fit."""
    midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    days = [midnight + timedelta(days=n) for n in range(max(0, (ends - midnight).days + 1))]
    weekly = ends - begins < timedelta(weeks=10)
    found = [day for day in days if (day.weekday() == 0 if weekly else day.day == 1)]
    return found[:: max(1, -(-len(found) // 7))], weekly


def timeline(
    points: Sequence[tuple[datetime, float]],
    *,
    begins: datetime,
    ends: datetime,
    marks: Sequence[Mark] = (),
    fan: Sequence[Span] = (),
    ordered: tuple[datetime, float] | None = None,
) -> Timeline:
    """Place a curve (`points` in order of time), marks and a fan between two instants. `ordered`: from when, how much."""
    tallest = max([value for _, value in points] + [span.p95 for span in fan] + ([ordered[1]] if ordered else []) + [1])
    grid = steps(tallest)

    def x(at: datetime) -> float:
        inside = min(max(at, begins), ends)
        return scale(inside.timestamp(), begins.timestamp(), ends.timestamp(), LEFT, WIDTH - RIGHT)

    def y(value: float) -> float:
        return scale(value, 0, grid[-1], HEIGHT - BOTTOM, TOP)

    def along(places: Sequence[tuple[datetime, float]]) -> str:
        return " ".join(f"{x(at)},{y(value)}" for at, value in places)

    def between(low: str, high: str) -> str:
        there = [(span.at, getattr(span, low)) for span in fan]
        back = [(span.at, getattr(span, high)) for span in reversed(fan)]
        return along(there + back)

    ticks, weekly = time_ticks(begins, ends)
    return Timeline(
        line=along(points),
        band=between("p05", "p95"),
        inner=between("p25", "p75"),
        median=along([(span.at, span.p50) for span in fan]),
        marks=_place(marks, x),
        rows=tuple((y(value), value) for value in grid),
        months=tuple((x(at), at.date(), weekly) for at in ticks),
        plates=(x(ordered[0]), WIDTH - RIGHT, y(ordered[1])) if ordered else None,
    )


def _place(marks: Sequence[Mark], x: Callable[[datetime], float]) -> tuple[PlacedMark, ...]:
    """Labels beside their marks, turned inwards in the right half, in as many rows as keeps them apart."""
    placed: list[PlacedMark] = []
    taken: list[list[tuple[float, float]]] = [[], []]
    for mark in sorted(marks, key=lambda mark: mark.at):
        at = x(mark.at)
        wide = len(mark.label) * LETTER
        inwards = at + wide > WIDTH - RIGHT
        begin, end = (at - wide, at) if inwards else (at, at + wide)
        row = next((n for n, spans in enumerate(taken) if all(end < a or begin > b for a, b in spans)), None)
        if row is not None:
            taken[row].append((begin, end))
        label_y = TOP - 20 + ROW * (row or 0)
        anchor = "end" if inwards else "start"
        # A label for which no row is left is not drawn; its line and the title's words remain.
        label = mark.label if row is not None else ""
        placed.append(PlacedMark(at, label, mark.kind, at - 4 if inwards else at + 4, label_y, anchor))
    return tuple(placed)


def stacked(parts: Sequence[Part], width: float = WIDTH, gap: float = 2.0) -> tuple[Bar, ...]:
    """One bar in parts that add up to `width`; parts that are zero or less are left out."""
    shown = [part for part in parts if part.value > 0]
    whole = sum(part.value for part in shown)
    room = width - gap * max(0, len(shown) - 1)
    bars, at = [], 0.0
    for part in shown:
        wide = room * part.value / whole
        bars.append(Bar(round(at, 1), round(wide, 1), part))
        at += wide + gap
    return tuple(bars)


def bars(parts: Sequence[Part], width: float = WIDTH) -> tuple[Bar, ...]:
    """A bar each, the longest as wide as `width`."""
    longest = max([part.value for part in parts] + [1])
    return tuple(Bar(0.0, round(width * max(part.value, 0) / longest, 1), part) for part in parts)
