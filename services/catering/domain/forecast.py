"""The forecast at doors: how many admissions will stand when the conference begins, with percentiles.

What is still to come is read from past editions, as a multiple of the sales of the last fortnight: at the same distance
to doors, each edition had so many registrations still to come for each one of its own last fortnight. A small part of
the expected whole is added to those sales on both sides, so that a fortnight without a sale passes softly into plain pickup
(what share had registered by then). Editions of the same series weigh three times. The interval is what this very
procedure got wrong about each edition when it had only the others to learn from (leave-one-out, conformal), at this
distance to doors and at two near it.

A tier transition ahead is no input: no edition that we have says when its prices rose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from services.catering.domain.edition import Edition
from shared.events.catering import Interval

WINDOW = 14
"""Days of sales that say how fast it goes."""
SAME_SERIES_WEIGHS = 3
SOFTENING = 0.03
"""Share of the expected whole that is added to the window's sales."""
BEGUN = 0.02
"""Below this share registered, an edition had not begun and says nothing about the pace."""
PRIOR_WEIGHS = 0.02
"""How much of a whole conference the size known beforehand counts as."""
FIRST_SALES = 10
"""Admissions from which on a conference's own curve counts more than the size known beforehand."""
FILLED = 0.7
"""Share of the capacity that is sold when nothing else is known."""
NEAR = (0.8, 1.0, 1.25)
"""Distances to doors, as multiples of the present one, whose errors are pooled."""
FEWEST_EDITIONS = 3
"""With fewer, errors cannot be measured: wide ones are assumed."""


@dataclass(frozen=True, slots=True)
class Sales:
    """A conference's own curve now. `before`: days to the midnight on which the day of doors begins.

    `standing`: admissions not cancelled; `recent`: those of them issued within the last `WINDOW` days.
    """

    before: float
    standing: int
    recent: int
    capacity: int
    series: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    before: float
    standing: float
    recent: float
    size: float | None
    series: str


def forecast(sales: Sales, editions: Sequence[Edition]) -> Interval:
    """Percentiles of the admissions that stand at doors: ordered, never below `standing`, never above the capacity."""
    floor, ceiling = sales.standing, max(sales.capacity, sales.standing)
    if sales.before <= 0:
        return Interval(floor, floor, floor, floor, floor)
    used = [edition for edition in editions if edition.final > 0]
    own = [edition.final for edition in used if edition.series == sales.series]
    size = sum(own) / len(own) if own else FILLED * sales.capacity
    expected = _expect(_State(sales.before, sales.standing, sales.recent, size, sales.series), used)
    half, nine = _errors(sales.before, used)

    def bounded(value: float) -> int:
        return min(ceiling, max(floor, round(value)))

    wide = [1 - nine, 1 - half, 1.0, 1 + half, 1 + nine]
    return Interval(*(bounded(expected * factor) for factor in wide))


def _expect(state: _State, editions: Sequence[Edition]) -> float:
    begun = [edition for edition in editions if edition.standing(state.before) >= BEGUN * edition.final]
    if not begun:
        return _without_editions(state, editions)
    weights = [SAME_SERIES_WEIGHS if edition.series == state.series else 1 for edition in begun]
    size = state.size if state.size is not None else _typical_size(state.series, editions)
    registered = _mean([edition.standing(state.before) / edition.final for edition in begun], weights)
    by_pickup = (state.standing + PRIOR_WEIGHS * size) / (registered + PRIOR_WEIGHS)
    to_come = _mean(
        [
            max(0.0, 1 - edition.standing(state.before) / edition.final)
            / (edition.sold(state.before, WINDOW) / edition.final + SOFTENING)
            for edition in begun
        ],
        weights,
    )
    by_sales = state.standing + to_come * (state.recent + SOFTENING * by_pickup)
    by_size = state.standing + (1 - registered) * size
    trust = state.standing / (state.standing + FIRST_SALES)
    return trust * by_sales + (1 - trust) * by_size


def _without_editions(state: _State, editions: Sequence[Edition]) -> float:
    """No edition had begun so far from doors, or there is none: between the size known beforehand and today's pace."""
    size = state.size if state.size is not None else _typical_size(state.series, editions)
    pace = state.standing + state.recent * state.before / WINDOW
    trust = min(1.0, state.before / 60)
    return max(float(state.standing), trust * size + (1 - trust) * pace)


def _typical_size(series: str, editions: Sequence[Edition]) -> float:
    own = [edition.final for edition in editions if edition.series == series]
    sizes = own or [edition.final for edition in editions]
    return sum(sizes) / len(sizes) if sizes else 0.0


def _errors(before: float, editions: Sequence[Edition]) -> tuple[float, float]:
    """Relative errors that half, and nine in ten, of the forecasts for known editions did not exceed."""
    if len(editions) < FEWEST_EDITIONS:
        wide = min(1.0, (before / 60) ** 0.5)
        return 0.35 * wide, 0.85 * wide
    errors = []
    for distance in (before * factor for factor in NEAR):
        for edition in editions:
            others = [other for other in editions if other is not edition]
            state = _State(distance, edition.standing(distance), edition.sold(distance, WINDOW), None, edition.series)
            errors.append(abs(edition.final / max(1.0, _expect(state, others)) - 1))
    errors.sort()
    return _rank(errors, 0.5), _rank(errors, 0.9)


def _rank(errors: Sequence[float], share: float) -> float:
    """The conformal quantile of sorted errors: one more than there are counts, so few errors give wide intervals."""
    return errors[min(len(errors), ceil((len(errors) + 1) * share)) - 1]


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
