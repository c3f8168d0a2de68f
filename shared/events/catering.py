"""What the catering service says: who will eat, and what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.events.base import Event, StaffActed, Topic


@dataclass(frozen=True, slots=True)
class MealCount:
    """Who may eat at one meal now: `entitled` by admission, `extra` without one."""

    meal_id: str
    entitled: int
    extra: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A forecast's percentiles."""

    p05: int
    p25: int
    p50: int
    p75: int
    p95: int


@dataclass(frozen=True, slots=True)
class MealPlates:
    """Plates for one meal."""

    meal_id: str
    plates: int


@dataclass(frozen=True, kw_only=True)
class HeadcountChanged(Event):
    """An absolute fact: `admissions` that stand, and who may eat at each meal; `names` of the meals by their ids."""

    admissions: int
    meals: tuple[MealCount, ...]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ForecastUpdated(Event):
    """Admissions expected at doors. `reason`: transition, day, sales."""

    forecast_at: datetime
    admissions: int
    at_doors: Interval
    reason: str


@dataclass(frozen=True, kw_only=True)
class _OrderFacts(Event):
    """`headcount` is admissions at that moment; `plates` per meal."""

    headcount: int
    forecast: Interval
    plates: tuple[MealPlates, ...]


@dataclass(frozen=True, kw_only=True)
class MealsProposed(_OrderFacts):
    proposed_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, kw_only=True)
class MealsOrdered(_OrderFacts):
    """Frozen and on its way to the caterer, `catering:per_...`."""

    order_id: str
    number: int
    ordered_at: datetime
    caterer: str


@dataclass(frozen=True, kw_only=True)
class MealsAmended(_OrderFacts):
    """A numbered amendment after the deadline."""

    order_id: str
    number: int
    amended_at: datetime
    caterer: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PlatesDrifted(Event):
    """The newest expected plates left the tolerance around the ordered ones."""

    order_id: str
    meal_id: str
    ordered: int
    expected: int
    tolerance: int


MEALS = Topic(
    "catering.meals",
    "catering",
    "conference_id",
    {
        "catering.headcount_changed": HeadcountChanged,
        "catering.forecast_updated": ForecastUpdated,
        "catering.meals_proposed": MealsProposed,
        "catering.meals_ordered": MealsOrdered,
        "catering.meals_amended": MealsAmended,
        "catering.plates_drifted": PlatesDrifted,
    },
    "Headcount, forecast and the caterer's order.",
)
STAFF = Topic(
    "catering.staff",
    "catering",
    "staff_id",
    {"catering.staff_acted": StaffActed},
    "What staff did in the catering service.",
)
TOPICS = (MEALS, STAFF)
