"""The door: a scan is judged and kept, once; whoever is let in counts, and an error can be undone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2s
from typing import Any, Final

from services.ticket.domain.conference import Conference
from services.ticket.domain.door import DOOR, Colour, Entry, Point, Reason, Shown, Verdict, check_points, judge
from services.ticket.domain.order import State
from services.ticket.domain.student import StudentCheck
from services.ticket.handlers.holders import correct_name
from services.ticket.handlers.students import difference_of, refuse_student, see_student_id
from services.ticket.store import check_ins, conferences, doors
from services.ticket.store.check_ins import CheckIn, Ticket
from services.ticket.store.doors import DoorPass
from shared.database import Transaction
from shared.errors import Conflict, Forbidden, InvalidInput, NotFound
from shared.events.ticketing import AdmissionCheckedIn, AdmissionCheckInUndone
from shared.money import Money
from shared.web.i18n import N_

AHEAD: Final = timedelta(minutes=5)
"""So far may a device's clock be before ours."""
LATE: Final = timedelta(days=2)
"""A device that was without network longer than this has its scans entered at the time we hear of them."""
SEEN, NONE_THERE, ADMIT = "seen", "none", "admit"


@dataclass(frozen=True, slots=True)
class Scan:
    """A ticket held out at a point. `scan_id` is the device's own: the same one again is the same scan.

    `generation` is that of the code, None where the ticket was found by name. `answers` to the questions of an amber verdict:
    `student_id` is `seen` or `none`, `name_missing` a name, `disputed` is `admit`. `let_in`: a device without network let the
    person in already, so that this only has to be entered.
    """

    scan_id: str
    admission_id: str
    point: str = DOOR
    generation: int | None = None
    scanned_at: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    let_in: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what the door wants to see; `ticket` is None for a code that is not ours, or another conference's."""

    scan_id: str
    conference: Conference
    verdict: Verdict
    point: str
    at: datetime
    ticket: Ticket | None = None
    days: tuple[date, ...] = ()
    due: Money | None = None


def check_in(tx: Transaction, helper: DoorPass, scan: Scan) -> Judged:
    """Judge a scan and keep it; a green one lets the ticket in at its point. The same scan again gets its verdict again.

    Raises `Forbidden` for a point that is not the helper's, `InvalidInput` for an answer to no question, `NotFound` for a point
    that the conference has not.
    """
    conference = conferences.conference_by_id(tx.connection, helper.conference_id)
    _check_point(tx, helper, scan.point)
    at = _time_of(scan, tx.now)
    ticket = check_ins.lock_ticket(tx, scan.admission_id)
    if ticket is None:
        return forged(scan, tx.now, conference)
    known, inside = check_ins.seen_before(tx.connection, (scan.scan_id, scan.admission_id, scan.point))
    if known is not None:
        if known.admission_id != scan.admission_id:
            raise Conflict("This scan was of another ticket: give each scan an id of its own.")
        if scan.let_in and not known.let_in:
            return _let_in_all_the_same(tx, helper, scan)
        entry = inside.entry if inside and inside.scan_id != known.scan_id else None
        verdict = Verdict(Colour(known.colour), Reason(known.reason), entry)
        return _judged(tx, conference, scan, ticket, verdict, known.scanned_at)
    before = inside.entry if inside else None
    verdict = _judge(conference, ticket, scan, at, before, ())
    if verdict.colour is Colour.AMBER and scan.answers:
        answered = _answer(tx, ticket, scan)
        ticket = check_ins.load_ticket(tx.connection, scan.admission_id)
        verdict = _judge(conference, ticket, scan, at, before, answered)
    # What a device let in without network did happen: only a ticket that is in already, or that is none, does not count.
    goes_in = verdict.colour is Colour.GREEN or (scan.let_in and verdict.colour is Colour.AMBER)
    if verdict.reason is not Reason.ELSEWHERE:
        made = CheckIn(
            scan_id=scan.scan_id,
            conference_id=conference.conference_id,
            admission_id=scan.admission_id,
            point=scan.point,
            pass_id=helper.pass_id,
            scanned_at=at,
            heard_at=tx.now,
            colour=str(verdict.colour),
            reason=str(verdict.reason),
            let_in=goes_in or scan.let_in,
            admits=goes_in,
        )
        sentence = "This ticket is being checked in by somebody else in this very moment: scan it again."
        check_ins.record_scan(tx, made, Conflict(sentence))
    if goes_in:
        tx.publish(AdmissionCheckedIn(**_facts(ticket), checked_in_at=at, point=scan.point))
    return _judged(tx, conference, scan, ticket, verdict, at)


def undo_check_in(tx: Transaction, helper: DoorPass, admission_id: str, point: str) -> str:
    """Nobody went in after all. Returns the scan that was undone. Raises `Conflict` where the ticket is not in."""
    _check_point(tx, helper, point)
    ticket = check_ins.lock_ticket(tx, admission_id)
    if ticket is None or ticket.conference_id != helper.conference_id:
        raise NotFound("There is no such ticket.")
    found = check_ins.admitted(tx.connection, admission_id, point)
    if found is None:
        raise Conflict(N_("This ticket is not checked in here: there is nothing to undo."))
    check_ins.undo_scan(tx, found.scan_id, helper.pass_id)
    tx.publish(AdmissionCheckInUndone(**_facts(ticket), point=point))
    return found.scan_id


def make_pass(
    tx: Transaction, conference_id: str, name: str, points: Collection[str], expires_at: datetime, made_by: str
) -> DoorPass:
    """A helper may check in from now on. Raises `InvalidInput`."""
    if not name.strip():
        raise InvalidInput("Say whose pass it is.", errors={"name": ["Say whose pass it is."]})
    if expires_at <= tx.now:
        raise InvalidInput(N_("A pass ends in the future."), errors={"expires_at": ["A pass ends in the future."]})
    known = {DOOR, *(each.code for each in doors.points_of(tx.connection, conference_id))}
    if unknown := sorted(set(points) - known):
        raise InvalidInput(
            f"There is no check-in point {unknown[0]}.", errors={"points": ["Choose points that exist."]}
        )
    made = DoorPass(
        tx.ids.new("dps", tx.now), conference_id, name.strip(), tuple(sorted(points)), made_by, tx.now, expires_at
    )
    doors.record_pass(tx, made)
    return made


def change_points(tx: Transaction, conference_id: str, points: list[Point]) -> None:
    """The check-in points besides the door. Raises `InvalidInput`."""
    check_points(points)
    doors.save_points(tx, conference_id, points)


def _let_in_all_the_same(tx: Transaction, helper: DoorPass, scan: Scan) -> Judged:
    """Our answer was lost on its way, and the device judged by its list: what it did is a scan of its own, once."""
    own_id = f"in-{blake2s(scan.scan_id.encode(), digest_size=16).hexdigest()}"
    return replace(check_in(tx, helper, replace(scan, scan_id=own_id)), scan_id=scan.scan_id)


def forged(scan: Scan, now: datetime, conference: Conference) -> Judged:
    """The verdict on a code that is none of ours. Nothing is kept of it."""
    verdict = Verdict(Colour.RED, Reason.FORGED)
    return Judged(scan.scan_id, conference, verdict, scan.point, scan.scanned_at or now)


def _check_point(tx: Transaction, helper: DoorPass, point: str) -> None:
    if point != DOOR and all(each.code != point for each in doors.points_of(tx.connection, helper.conference_id)):
        raise NotFound(N_("This conference has no such check-in point."))
    if not helper.may(point):
        raise Forbidden(N_("Your pass is for another check-in point."))


def _time_of(scan: Scan, now: datetime) -> datetime:
    at = scan.scanned_at
    return at if at is not None and now - LATE <= at <= now + AHEAD else now


def _judge(
    conference: Conference,
    ticket: Ticket,
    scan: Scan,
    at: datetime,
    earlier: Entry | None,
    answered: Collection[Reason],
) -> Verdict:
    is_here = ticket.conference_id == conference.conference_id
    shown = Shown(
        conference_id=ticket.conference_id,
        is_current=scan.generation is None or scan.generation == ticket.generation,
        is_paid=ticket.state in (State.PAID, State.CANCELLED),
        is_cancelled=ticket.state == State.CANCELLED or ticket.cancelled_at is not None,
        days=conference.days_of(ticket.admission_type) if is_here else (),
        has_name=bool(ticket.name and ticket.name.strip()),
        student_check=StudentCheck(ticket.student_check),
        is_disputed=ticket.is_disputed,
    )
    return judge(shown, conference.conference_id, conference.days, conference.time_zone, at, earlier, answered)


def _answer(tx: Transaction, ticket: Ticket, scan: Scan) -> list[Reason]:
    """Do what was answered. Returns the questions that are settled by the answer alone."""
    settled: list[Reason] = []
    student, check = scan.answers.get(Reason.STUDENT_ID), StudentCheck(ticket.student_check)
    if student and check in (StudentCheck.DOOR, StudentCheck.DIFFERENCE_DUE):
        if student == SEEN:
            see_student_id(tx, ticket.conference_id, ticket.admission_id)
        elif student == NONE_THERE:
            if check is StudentCheck.DOOR:
                refuse_student(tx, ticket.conference_id, ticket.admission_id)
        else:
            raise InvalidInput(
                "A student id was seen, or there was none.", errors={"student_id": ["Say seen or none."]}
            )
    if name := scan.answers.get(Reason.NAME_MISSING, "").strip():
        correct_name(tx, ticket.admission_id, name[:200])
    if scan.answers.get(Reason.DISPUTED) == ADMIT:
        settled.append(Reason.DISPUTED)
    return settled


def _judged(
    tx: Transaction, conference: Conference, scan: Scan, ticket: Ticket, verdict: Verdict, at: datetime
) -> Judged:
    if verdict.reason is Reason.ELSEWHERE:
        return Judged(scan.scan_id, conference, verdict, scan.point, at)
    is_due = ticket.student_check == StudentCheck.DIFFERENCE_DUE
    due = difference_of(tx, conference.conference_id, ticket.admission_id) if is_due else None
    days = conference.days_of(ticket.admission_type)
    return Judged(scan.scan_id, conference, verdict, scan.point, at, ticket, days, due)


def _facts(ticket: Ticket) -> dict[str, Any]:
    return {
        "conference_id": ticket.conference_id,
        "order_id": ticket.order_id,
        "reference": ticket.reference,
        "admission_id": ticket.admission_id,
        "admission_type": ticket.admission_type,
    }
