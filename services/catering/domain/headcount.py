"""The headcount: who may eat at each meal now. Always counted from facts, never moved up and down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.catering.domain.meal import AdmissionKind, Meal
from shared.errors import InvalidInput
from shared.events import Event
from shared.events.catering import HeadcountChanged, MealCount

MOST_EXTRA_EATERS = 10_000


@dataclass(frozen=True, slots=True)
class Headcount:
    """`admissions` that stand, and for each meal those entitled by one and those who eat without."""

    conference_id: str
    admissions: int
    meals: tuple[MealCount, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What the meals are called; told along, no reason to tell."""

    def of(self, meal_id: str) -> MealCount:
        return next((meal for meal in self.meals if meal.meal_id == meal_id), MealCount(meal_id, 0, 0))

    def since(self, previous: Headcount | None) -> list[Event]:
        """`HeadcountChanged` if it is another than the previous one."""
        if previous == self:
            return []
        return [
            HeadcountChanged(
                conference_id=self.conference_id, admissions=self.admissions, meals=self.meals, names=self.names
            )
        ]


def count(
    conference_id: str,
    standing: Iterable[tuple[AdmissionKind, int]],
    meals: Sequence[Meal],
    extra: Mapping[str, int],
) -> Headcount:
    """Count admissions that stand (kinds with how many of each) and the extra eaters by meal id."""
    kinds = list(standing)
    return Headcount(
        conference_id,
        sum(number for _, number in kinds),
        tuple(
            MealCount(
                meal.meal_id,
                sum(number for kind, number in kinds if meal.is_for(kind)),
                extra.get(meal.meal_id, 0),
            )
            for meal in sorted(meals, key=lambda meal: (meal.served_at, meal.meal_id))
        ),
        {meal.meal_id: meal.name for meal in meals},
    )


def check_extra_eaters(change: int, now_extra: int) -> None:
    """Extra eaters go up and down by entries of their own; there are never fewer than none. Raises `InvalidInput`."""
    if change == 0:
        raise InvalidInput("Say how many come or stay away: not 0.", errors={"change": ["Not 0."]})
    if now_extra + change < 0:
        sentence = f"Only {now_extra} extra eaters are entered for this meal."
        raise InvalidInput(sentence, errors={"change": [sentence]})
    if now_extra + change > MOST_EXTRA_EATERS:
        sentence = f"More than {MOST_EXTRA_EATERS} extra eaters are no meal: look at the figure again."
        raise InvalidInput(sentence, errors={"change": [sentence]})
