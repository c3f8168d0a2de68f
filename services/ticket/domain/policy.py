"""What goes back when an admission is given back: steps in days before the first day, as the buyer was promised.

100 % until 30 days before, 50 % until 14 days before, then nothing: an admission can still be transferred to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ticket.domain.local_time import days_earlier
from shared.errors import InvalidInput
from shared.money import Money, total

WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """Until `days` days before doors open, `percent` of the price go back."""

    days: int
    percent: int


STANDARD: Final = (Step(30, 100), Step(14, 50))


def check_steps(steps: Sequence[Step]) -> None:
    """Raises `InvalidInput` unless the steps come nearer to the conference and give back less each time."""
    sane = all(step.days >= 0 and 0 < step.percent <= WHOLE for step in steps)
    falling = all(a.days > b.days and a.percent > b.percent for a, b in zip(steps, steps[1:], strict=False))
    if not (sane and falling):
        sentence = "Each step comes nearer to the conference and gives back less than the one before, from 100 % down."
        raise InvalidInput(sentence, errors={"cancellation": [sentence]})


def gives_less(new: Sequence[Step], old: Sequence[Step]) -> bool:
    """Whether there is a day on which less goes back by the new steps than by the old ones."""
    days = [0, *(step.days for step in (*new, *old))]
    return any(_percent(new, day) < _percent(old, day) for day in days)


def _percent(steps: Sequence[Step], days_before: int) -> int:
    return next((step.percent for step in steps if days_before >= step.days), 0)


def percent_at(steps: Sequence[Step], doors_at: datetime, zone: str, now: datetime) -> int:
    """How much goes back now, in percent; 0 after the last step. A step lasts until the same time of day as doors open."""
    return next((step.percent for step in steps if now <= days_earlier(doors_at, step.days, zone)), 0)


def refund_of(prices: Iterable[Money], percent: int, currency: str) -> Money:
    """What goes back for these prices: of each one rounded down to a whole minor unit, so that parts never add up to more."""
    return total((Money(price.amount * percent // WHOLE, currency) for price in prices), currency)
