"""Who is let in: one verdict a scan, with one colour, one sentence and at most one question.

green   come in; nothing is asked
amber   one question first: a student id, a name, a payment that a bank disputes
red     not with this ticket, and why: the first reason that holds, in the order of `Reason`
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from services.ticket.domain.local_time import local_day
from services.ticket.domain.student import StudentCheck
from shared.errors import InvalidInput

DOOR: Final = "door"
"""The point that every conference has; others, such as an evening, are added. Each admits a ticket once."""
MOST_POINTS: Final = 20


class Colour(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Reason(StrEnum):
    """Why a ticket is not simply let in; the red ones first, in the order in which they are looked at."""

    FORGED = "forged"
    ELSEWHERE = "elsewhere"
    PASSED_ON = "passed_on"
    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    WRONG_DAY = "wrong_day"
    DOUBLED = "doubled"
    STUDENT_ID = "student_id"
    DIFFERENCE_DUE = "difference_due"
    NAME_MISSING = "name_missing"
    DISPUTED = "disputed"
    NONE = ""


QUESTIONS: Final = (Reason.STUDENT_ID, Reason.DIFFERENCE_DUE, Reason.NAME_MISSING, Reason.DISPUTED)
"""The reasons that are questions, in the order in which they are asked: one at a time."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place where tickets are checked."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket as the door sees it. `days` that it is for; `is_current`: the code is that of its holder now."""

    conference_id: str
    is_current: bool
    is_paid: bool
    is_cancelled: bool
    days: tuple[date, ...]
    has_name: bool
    student_check: StudentCheck
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """That a ticket was let in: when, and by whom."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`earlier` is set where the ticket was let in before."""

    colour: Colour
    reason: Reason = Reason.NONE
    earlier: Entry | None = None


def judge(
    ticket: Shown | None,
    conference_id: str,
    conference_days: Collection[date],
    zone: str,
    now: datetime,
    earlier: Entry | None,
    answered: Collection[Reason] = (),
) -> Verdict:
    """The verdict on a ticket shown `now`; None is a code that is not ours. `answered`: questions that were asked and settled.

    A ticket for some of the days is refused on the others; before and after the conference, at a rehearsal or the evening
    before, no day is wrong.
    """
    red = _red(ticket, conference_id, conference_days, zone, now, earlier)
    if red is not Reason.NONE:
        return Verdict(Colour.RED, red, earlier if red is Reason.DOUBLED else None)
    assert ticket is not None
    question = question_of(ticket.student_check, ticket.has_name, ticket.is_disputed, answered)
    return Verdict(Colour.GREEN) if question is Reason.NONE else Verdict(Colour.AMBER, question)


def question_of(
    student_check: StudentCheck, has_name: bool, is_disputed: bool, answered: Collection[Reason] = ()
) -> Reason:
    """What is asked about a valid ticket first; `NONE` where nothing is."""
    asked = {
        Reason.STUDENT_ID: student_check is StudentCheck.DOOR,
        Reason.DIFFERENCE_DUE: student_check is StudentCheck.DIFFERENCE_DUE,
        Reason.NAME_MISSING: not has_name,
        Reason.DISPUTED: is_disputed,
    }
    return next((each for each in QUESTIONS if asked[each] and each not in answered), Reason.NONE)


def _red(
    ticket: Shown | None,
    conference_id: str,
    conference_days: Collection[date],
    zone: str,
    now: datetime,
    earlier: Entry | None,
) -> Reason:
    if ticket is None:
        return Reason.FORGED
    if ticket.conference_id != conference_id:
        return Reason.ELSEWHERE
    if not ticket.is_current:
        return Reason.PASSED_ON
    if ticket.is_cancelled:
        return Reason.CANCELLED
    if not ticket.is_paid:
        return Reason.UNPAID
    today = local_day(now, zone)
    if today in conference_days and today not in ticket.days:
        return Reason.WRONG_DAY
    return Reason.NONE if earlier is None else Reason.DOUBLED


def check_points(points: Collection[Point]) -> None:
    """Raises `InvalidInput`: codes are short words, each once."""
    codes = [each.code for each in points]
    if len(set(codes)) != len(codes) or DOOR in codes:
        raise InvalidInput("Each check-in point has a name of its own; the door is there already.")
    if len(points) > MOST_POINTS:
        raise InvalidInput(f"A conference has at most {MOST_POINTS} check-in points.")
