"""A meal: when it is served, who may eat it, and how many plates that makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from shared.errors import InvalidInput

LUNCH_AT = time(12, 30)
LUNCH_TAKE_RATE = 70
"""Percent. About seven in ten come to lunch, five in ten to the morning coffee (organisers' experience)."""


@dataclass(frozen=True, slots=True)
class AdmissionKind:
    """What decides which meals an admission entitles to. No `days` means every day."""

    admission_type: str
    days: tuple[date, ...] = ()
    add_ons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meal:
    """One served meal, on its own date, also outside the conference's days.

    `admission_types`, `days` and `add_on` narrow down who may eat; empty means that this does not matter. An admission
    needs to hold any one of `days`. `take_rate` is the share of those who come to eat, `portion_factor` the plates a
    head; both in percent.
    """

    meal_id: str
    conference_id: str
    name: str
    served_at: datetime
    admission_types: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    add_on: str = ""
    take_rate: int = 100
    portion_factor: int = 100

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidInput("A meal needs a name.", errors={"name": ["A meal needs a name."]})
        if self.served_at.tzinfo is None:
            raise InvalidInput("The serving time needs a time zone.")
        if not 0 <= self.take_rate <= 100:
            sentence = "The share that comes to eat lies between 0 and 100 percent."
            raise InvalidInput(sentence, errors={"take_rate": [sentence]})
        if not 10 <= self.portion_factor <= 300:
            sentence = "The plates a head lie between 10 and 300 percent."
            raise InvalidInput(sentence, errors={"portion_factor": [sentence]})

    def is_for(self, kind: AdmissionKind) -> bool:
        """Whether an admission of this kind entitles to this meal."""
        if self.admission_types and kind.admission_type not in self.admission_types:
            return False
        if self.days and kind.days and not set(self.days) & set(kind.days):
            return False
        return not self.add_on or self.add_on in kind.add_ons

    def eaters_expected(self, at_doors: int, entitled: int, admissions: int) -> Fraction:
        """Of `at_doors` admissions, those entitled to this meal, if the mix stays as it is now.

        `entitled` of `admissions` may eat today; before the first sale everybody is taken to be entitled.
        """
        return Fraction(at_doors * entitled, admissions) if admissions else Fraction(at_doors)

    def plates(self, at_doors: int, entitled: int, admissions: int, extra: int) -> int:
        """Forecast at doors x take rate x portion factor + extra eaters, rounded up: half a plate feeds nobody."""
        share = Fraction(self.take_rate * self.portion_factor, 10_000)
        return ceil(self.eaters_expected(at_doors, entitled, admissions) * share) + extra


FIRST_MEAL: Final = "Lunch"
"""The name of the meals a conference begins with; pages and sheets translate it, and a name that organisers give stays."""


def lunches(conference_id: str, days: Sequence[date], zone: str, meal_ids: Sequence[str]) -> list[Meal]:
    """The meals a conference begins with: lunch on each of its days, for those who hold that day."""
    return [
        Meal(
            meal_id,
            conference_id,
            FIRST_MEAL,
            datetime.combine(day, LUNCH_AT, ZoneInfo(zone)).astimezone(UTC),
            days=(day,),
            take_rate=LUNCH_TAKE_RATE,
        )
        for meal_id, day in zip(meal_ids, days, strict=True)
    ]
