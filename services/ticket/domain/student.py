"""Whether somebody is a student: an academic mail domain says so at once, else their id is seen at the door and never kept.

'' (no student)    domain (their address says so)
door -> seen       somebody at the door saw an id
door -> difference_due -> difference_paid     they had none, and pay what others pay
difference_due -> seen                        they found it after all
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from shared.errors import Conflict
from shared.money import Money

STUDENT: Final = "student"
"""The admission type that needs it."""
ACADEMIC: Final = ("edu", "ac.uk", "ac.at", "ac.jp", "ac.nz", "ac.za", "ac.il", "ac.in", "ac.kr", "ac.be")
"""Suffixes that only academic institutions get; PhD students included. Organisers add those of the universities around them."""


class StudentCheck(StrEnum):
    NONE = ""
    DOMAIN = "domain"
    DOOR = "door"
    SEEN = "seen"
    DIFFERENCE_DUE = "difference_due"
    DIFFERENCE_PAID = "difference_paid"


MOVES: Final[Mapping[StudentCheck, frozenset[StudentCheck]]] = {
    StudentCheck.NONE: frozenset(),
    StudentCheck.DOMAIN: frozenset(),
    StudentCheck.DOOR: frozenset({StudentCheck.SEEN, StudentCheck.DIFFERENCE_DUE}),
    StudentCheck.SEEN: frozenset(),
    StudentCheck.DIFFERENCE_DUE: frozenset({StudentCheck.SEEN, StudentCheck.DIFFERENCE_PAID}),
    StudentCheck.DIFFERENCE_PAID: frozenset(),
}


def check_of(admission_type: str, email: str, domains: Collection[str]) -> StudentCheck:
    """What a new admission starts with; `domains` are the organiser's own, besides those that everybody knows."""
    if admission_type != STUDENT:
        return StudentCheck.NONE
    host = email.rpartition("@")[2].lower().rstrip(".")
    known = (*ACADEMIC, *(each.lower().lstrip(".") for each in domains))
    return (
        StudentCheck.DOMAIN if any(host == each or host.endswith(f".{each}") for each in known) else StudentCheck.DOOR
    )


def move(now: StudentCheck, to: StudentCheck) -> StudentCheck:
    """Raises `Conflict`."""
    if to not in MOVES[now]:
        raise Conflict("The student id of this ticket is not to be checked, or was already.", student_check=str(now))
    return to


def difference(paid: Money, regular: Money) -> Money:
    """What somebody without a student id still has to pay; never less than nothing."""
    return Money(max(0, regular.amount - paid.amount), paid.currency)


def tidy_domain(text: str) -> str:
    """`@Uni-Example.de`, `.uni-example.de` and `uni-example.de` are one."""
    return text.strip().lower().lstrip("@.").rstrip(".")
