"""Who owes how much for how long: the buckets of receivables by days overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from shared.money import Money

BUCKETS: Final = ("not_due", "1_30", "31_60", "61_90", "over_90")
_LAST_DAYS: Final = (0, 30, 60, 90)


def days_overdue(due_on: date, today: date) -> int:
    """Whole days since the due day; 0 on that day and before it."""
    return max((today - due_on).days, 0)


def bucket(due_on: date, today: date) -> str:
    """One of `BUCKETS`."""
    days = days_overdue(due_on, today)
    return next((name for name, last in zip(BUCKETS, _LAST_DAYS, strict=False) if days <= last), BUCKETS[-1])


def aging(owed: Iterable[tuple[date, Money]], today: date, currency: str) -> dict[str, Money]:
    """All buckets, in order, with what is open in each; `owed` holds (due day, open amount) of one currency."""
    sums = {name: Money(0, currency) for name in BUCKETS}
    for due_on, amount in owed:
        name = bucket(due_on, today)
        sums[name] = sums[name] + amount
    return sums
