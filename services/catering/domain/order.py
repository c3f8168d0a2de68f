"""The catering order: proposed from the forecast, frozen at the deadline by itself, amended by number afterwards.

    open --propose--> proposed --freeze--> ordered --amend--> ordered (number + 1)
      \\______________freeze___________________/

Until the lock a proposal follows the newest forecast, except for meals whose plates the organiser set, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.errors import Conflict, InvalidInput
from shared.events import Event
from shared.events.catering import Interval, MealPlates, MealsAmended, MealsOrdered, MealsProposed, PlatesDrifted

LEAD = timedelta(days=7)
PROPOSED_BEFORE = timedelta(days=2)
NOON = time(12)
TOLERANCE = 10
"""Plates by which an order may be off without anybody minding (caterers: 10 is fine, 100 is not)."""
MOST_PLATES = 100_000


class Status(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    ORDERED = "ordered"


def order_deadline(doors_at: datetime, zone: str, lead: timedelta = LEAD) -> datetime:
    """Noon in the conference's zone, a week of calendar days before its doors, whatever the clocks do in between."""
    local = ZoneInfo(zone)
    return datetime.combine(doors_at.astimezone(local).date() - lead, NOON, local).astimezone(UTC)


def proposal_time(deadline_at: datetime, zone: str) -> datetime:
    """Two calendar days before the deadline, at the same time of day."""
    local = deadline_at.astimezone(ZoneInfo(zone))
    day = local.date() - PROPOSED_BEFORE
    return datetime.combine(day, local.time(), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known at one moment: admissions that stand, the forecast at doors, and the plates it makes by meal id."""

    headcount: int
    forecast: Interval
    plates: Mapping[str, int]


@dataclass(slots=True)
class MealOrder:
    """One conference's order. `fixed`: meals whose plates the organiser set, with why; `drifted`: those off."""

    order_id: str
    conference_id: str
    deadline_at: datetime
    status: Status = Status.OPEN
    number: int = 0
    headcount: int = 0
    forecast: Interval = field(default_factory=lambda: Interval(0, 0, 0, 0, 0))
    plates: dict[str, int] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    drifted: set[str] = field(default_factory=set)
    tolerance: int = TOLERANCE
    caterer: str = ""

    @property
    def is_locked(self) -> bool:
        return self.status is Status.ORDERED

    def propose(self, now: datetime, outlook: Outlook) -> list[Event]:
        """Propose plates to the organiser. A second time, or after the lock, nothing happens."""
        if self.status is not Status.OPEN:
            return []
        self._follow(outlook)
        self.status = Status.PROPOSED
        return [self._proposed(now)]

    def follow(self, outlook: Outlook) -> list[Event]:
        """Take in a newer outlook: a proposal moves with it, an order is watched for drift."""
        if self.status is Status.PROPOSED:
            self._follow(outlook)
        return self._watch(outlook) if self.is_locked else []

    def change(self, plates: Mapping[str, int], reason: str, now: datetime, outlook: Outlook) -> list[Event]:
        """Set the plates of some meals by hand before the lock; a number that the forecast gives anyway follows it again.

        Raises `InvalidInput` without a reason, `Conflict` before the proposal, after the lock, or when nothing differs.
        """
        if self.is_locked or now >= self.deadline_at:
            raise Conflict("The order is frozen: what changes now is an amendment.", deadline_at=str(self.deadline_at))
        if self.status is Status.OPEN:
            raise Conflict("The order is not proposed yet: it is two days before its deadline.")
        reason = checked_reason(reason)
        wanted = {meal_id: checked_plates(number) for meal_id, number in plates.items()}
        changed = {meal_id: number for meal_id, number in wanted.items() if self.plates.get(meal_id) != number}
        if not changed.keys() <= self.plates.keys():
            raise Conflict("One of these meals is not part of the proposal: reload the page.")
        if not changed:
            raise Conflict("These are the plates that are proposed already.")
        self.plates |= changed
        for meal_id, number in changed.items():
            if outlook.plates.get(meal_id) == number:
                self.fixed.pop(meal_id, None)
            else:
                self.fixed[meal_id] = reason
        return [self._proposed(now)]

    def freeze(self, now: datetime, outlook: Outlook) -> list[Event]:
        """Order what the newest forecast and the organiser's changes say: from the deadline on, and only once."""
        if self.is_locked or now < self.deadline_at:
            return []
        self._follow(outlook)
        self.status, self.number = Status.ORDERED, 1
        return [
            MealsOrdered(
                conference_id=self.conference_id,
                headcount=self.headcount,
                forecast=self.forecast,
                plates=self._listed(),
                order_id=self.order_id,
                number=self.number,
                ordered_at=now,
                caterer=self.caterer,
            )
        ]

    def amend(self, plates: Mapping[str, int], reason: str, now: datetime, outlook: Outlook) -> list[Event]:
        """Change what was ordered, as the next number. Raises `Conflict` before the lock or when nothing differs."""
        if not self.is_locked:
            raise Conflict("Nothing is ordered yet: change the proposal instead.")
        reason = checked_reason(reason)
        wanted = {**self.plates, **{meal_id: checked_plates(number) for meal_id, number in plates.items()}}
        if wanted == self.plates:
            raise Conflict("These are the plates that are ordered already.")
        self.plates, self.number = wanted, self.number + 1
        self.headcount, self.forecast = outlook.headcount, outlook.forecast
        amended = MealsAmended(
            conference_id=self.conference_id,
            headcount=self.headcount,
            forecast=self.forecast,
            plates=self._listed(),
            order_id=self.order_id,
            number=self.number,
            amended_at=now,
            caterer=self.caterer,
            reason=reason,
        )
        return [amended, *self._watch(outlook)]

    def drift(self, expected: Mapping[str, int]) -> dict[str, int]:
        """By meal, newest expected plates minus ordered ones."""
        meals = {*expected, *self.plates}
        return {meal_id: expected.get(meal_id, 0) - self.plates.get(meal_id, 0) for meal_id in meals}

    def _watch(self, outlook: Outlook) -> list[Event]:
        out = {meal_id for meal_id, plates in self.drift(outlook.plates).items() if abs(plates) > self.tolerance}
        crossed, self.drifted = sorted(out - self.drifted), out
        return [
            PlatesDrifted(
                conference_id=self.conference_id,
                order_id=self.order_id,
                meal_id=meal_id,
                ordered=self.plates.get(meal_id, 0),
                expected=outlook.plates.get(meal_id, 0),
                tolerance=self.tolerance,
            )
            for meal_id in crossed
        ]

    def _follow(self, outlook: Outlook) -> None:
        self.headcount, self.forecast = outlook.headcount, outlook.forecast
        self.fixed = {meal_id: reason for meal_id, reason in self.fixed.items() if meal_id in outlook.plates}
        self.plates = {m: self.plates[m] if m in self.fixed else plates for m, plates in outlook.plates.items()}

    def _listed(self) -> tuple[MealPlates, ...]:
        return tuple(MealPlates(meal_id, plates) for meal_id, plates in sorted(self.plates.items()))

    def _proposed(self, now: datetime) -> MealsProposed:
        return MealsProposed(
            conference_id=self.conference_id,
            headcount=self.headcount,
            forecast=self.forecast,
            plates=self._listed(),
            proposed_at=now,
            deadline_at=self.deadline_at,
        )


def checked_plates(plates: int) -> int:
    if not 0 <= plates <= MOST_PLATES:
        sentence = f"Plates are a number from 0 to {MOST_PLATES}."
        raise InvalidInput(sentence, errors={"plates": [sentence]})
    return plates


def checked_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("Say why: the caterer and your team will ask.", errors={"reason": ["A reason is needed."]})
    return reason.strip()[:500]
