"""What Stripe says moved, held against what our ledger says: every difference has both sides and a remedy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.money import Money

BOOKED_FROM_STRIPE: Final = frozenset({"fee"})
"""What our ledger takes from Stripe's list itself: nothing is there to be compared."""


class Wrong(StrEnum):
    """How one movement may differ."""

    MISSING_HERE = "missing_here"
    MISSING_AT_STRIPE = "missing_at_stripe"
    AMOUNT = "amount"
    DOUBLED_HERE = "doubled_here"
    DOUBLED_AT_STRIPE = "doubled_at_stripe"


@dataclass(frozen=True, slots=True)
class Side:
    """A movement as one of the two sees it: `amount` is signed, as our balance at Stripe changed; `object_id` is Stripe's."""

    what: str
    object_id: str
    amount: Money
    order_id: str = ""
    conference_id: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """`ours` and `theirs` are all amounts that each side has for this object."""

    wrong: Wrong
    what: str
    object_id: str
    ours: tuple[Money, ...]
    theirs: tuple[Money, ...]
    order_id: str = ""
    conference_id: str = ""


def compare(ours: Iterable[Side], theirs: Iterable[Side]) -> list[Difference]:
    """Every difference between all that the two have about the same objects, sorted by object."""
    here, there = _by_object(ours), _by_object(theirs)
    found = []
    for key in sorted(here.keys() | there.keys()):
        mine, yours = here[key], there[key]
        wrong = _judge([each.amount for each in mine], [each.amount for each in yours])
        if key[1] in BOOKED_FROM_STRIPE or wrong is None:
            continue
        known = next((each for each in [*mine, *yours] if each.order_id), None)
        found.append(
            Difference(
                wrong,
                what=key[1],
                object_id=key[0],
                ours=tuple(each.amount for each in mine),
                theirs=tuple(each.amount for each in yours),
                order_id=known.order_id if known else "",
                conference_id=known.conference_id if known else "",
            )
        )
    return found


def _by_object(sides: Iterable[Side]) -> defaultdict[tuple[str, str], list[Side]]:
    grouped: defaultdict[tuple[str, str], list[Side]] = defaultdict(list)
    for side in sides:
        grouped[side.object_id, side.what].append(side)
    return grouped


def _judge(ours: Sequence[Money], theirs: Sequence[Money]) -> Wrong | None:
    if not ours:
        return Wrong.MISSING_HERE
    if not theirs:
        return Wrong.MISSING_AT_STRIPE
    if len(ours) != len(theirs):
        return Wrong.DOUBLED_HERE if len(ours) > len(theirs) else Wrong.DOUBLED_AT_STRIPE
    in_order = [sorted(side, key=lambda each: (each.currency, each.amount)) for side in (ours, theirs)]
    return Wrong.AMOUNT if in_order[0] != in_order[1] else None
