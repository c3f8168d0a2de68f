"""Who is at the door, what they scanned, and the words for the verdict: what page and API of the door share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from flask import Response

from services.ticket.domain.conference import Conference
from services.ticket.domain.door import DOOR, Point, Reason
from services.ticket.handlers.admitting import Judged, Scan, check_in, forged
from services.ticket.store import check_ins, conferences, doors
from services.ticket.store.doors import DoorPass
from services.ticket.web import desk
from shared.errors import Forbidden, InvalidInput, NotFound, Unauthorized
from shared.identity import Signer
from shared.runtime import Runtime
from shared.web.i18n import N_, day, language, moment, money
from shared.web.i18n import gettext as _
from shared.web.security import get_cookie, set_cookie

COOKIE: Final = "door"
CODE: Final = re.compile(r"(?:.*/admissions/)?([A-Za-z0-9_.-]{20,500})/?")
"""What a scanner reads off a ticket: its address, or the signed part of it."""
SHOWN_DOUBLED: Final = timedelta(hours=12)


def token_of(runtime: Runtime, helper: DoorPass) -> str:
    """What makes its bearer this helper: signed, over with the pass, and worth nothing once it is revoked."""
    return _signer(runtime).sign({"p": helper.pass_id}, helper.expires_at)


def _signer(runtime: Runtime) -> Signer:
    return runtime.signer("ticket.door")


def helper_of(token: str) -> DoorPass:
    """Raises `Unauthorized` for a pass that is not ours, is over, or was revoked."""
    claims = _signer(desk().runtime).verify(token, desk().now)
    with desk().context.database.reading() as connection:
        try:
            helper = doors.load_pass(connection, str(claims.get("p", "")))
        except NotFound as error:
            raise Unauthorized(N_("This pass is not one of ours: ask the organisers for a new one.")) from error
    if not helper.is_good(desk().now):
        raise Unauthorized(N_("This pass is over or was revoked: ask the organisers for a new one."))
    return helper


def helper_here() -> DoorPass | None:
    """The helper of this browser, None where nobody's pass was scanned with it or it is over."""
    token = get_cookie(desk().runtime.settings, COOKIE)
    try:
        return helper_of(token) if token else None
    except Unauthorized:
        return None


def the_helper() -> DoorPass:
    """The helper of this browser. Raises `Forbidden` with what to do."""
    helper = helper_here()
    if helper is None:
        raise Forbidden("Scan the pass that the organisers gave you: it opens the door on this device.")
    return helper


def sign_in(response: Response, helper: DoorPass) -> Response:
    set_cookie(
        response, desk().runtime.settings, COOKIE, token_of(desk().runtime, helper), helper.expires_at - desk().now
    )
    return response


def sign_out(response: Response) -> Response:
    set_cookie(response, desk().runtime.settings, COOKIE, "")
    return response


def the_door() -> Point:
    return Point(DOOR, _("Door"))


def points_for(connection: sa.Connection, helper: DoorPass) -> list[Point]:
    """The points that this helper may be at, the door first."""
    every = [the_door(), *doors.points_of(connection, helper.conference_id)]
    return [point for point in every if helper.may(point.code)]


def claims_of(code: str) -> dict[str, Any] | None:
    """What a code says, None where it is not signed by us. Raises `InvalidInput` for what does not look like a code."""
    found = CODE.fullmatch(code.strip())
    if found is None:
        raise InvalidInput("This is no code of a ticket.", errors={"code": ["Scan the QR code of a ticket."]})
    try:
        return desk().tickets.verify(found[1], desk().now)
    except Unauthorized:
        return None


def looks_like_code(text: str) -> bool:
    """Whether a scanner read this, and nobody typed a name."""
    return CODE.fullmatch(text.strip()) is not None and not text.strip().isalpha()


def judge_scan(
    helper: DoorPass,
    scan_id: str,
    point: str,
    *,
    code: str = "",
    admission_id: str = "",
    scanned_at: datetime | None = None,
    answers: Mapping[str, str] | None = None,
    let_in: bool = False,
) -> Judged:
    """A scan by its code, or of a ticket that was found by name. Raises as `check_in`."""
    claims = claims_of(code) if code else {"a": admission_id}
    generation = int((claims or {}).get("g", 0)) if code else None
    scan = Scan(scan_id, str((claims or {}).get("a", "")), point, generation, scanned_at, dict(answers or {}), let_in)
    if claims is None:
        with desk().context.database.reading() as connection:
            conference = conferences.conference_by_id(connection, helper.conference_id)
        return forged(scan, desk().now, conference)
    with desk().context.database.transaction(f"door:{helper.pass_id}") as tx:
        return check_in(tx, helper, scan)


def sentence_of(judged: Judged) -> str:
    """What the helper reads beside the colour."""
    verdict, zone = judged.verdict, judged.conference.time_zone
    if verdict.reason is Reason.DOUBLED and verdict.earlier:
        when = moment(verdict.earlier.at, zone)
        return _("This ticket is in already: %(when)s, let in by %(who)s.", when=when, who=verdict.earlier.by)
    if verdict.reason is Reason.WRONG_DAY:
        days = ", ".join(day(each, "EEEE") for each in judged.days)
        return _("This ticket is for another day: %(days)s.", days=days)
    if verdict.reason is Reason.DIFFERENCE_DUE and judged.due:
        return _("No student id: %(amount)s are to be paid first.", amount=money(judged.due))
    return {
        Reason.NONE: _("Welcome."),
        Reason.FORGED: _("This code is not ours. Look the person up by name."),
        Reason.ELSEWHERE: _("This ticket is for another conference."),
        Reason.PASSED_ON: _("This ticket was passed on to somebody else. The new one counts."),
        Reason.CANCELLED: _("This ticket was cancelled."),
        Reason.UNPAID: _("This ticket is not paid."),
        Reason.DOUBLED: _("This ticket is in already."),
        Reason.WRONG_DAY: _("This ticket is for another day."),
        Reason.STUDENT_ID: _("Did you see a student id?"),
        Reason.DIFFERENCE_DUE: _("No student id: the difference is to be paid first."),
        Reason.NAME_MISSING: _("No name yet: what is it?"),
        Reason.DISPUTED: _("A bank disputes this payment. Let them in, and send them to the organisers?"),
    }[verdict.reason]


def as_json(judged: Judged) -> dict[str, Any]:
    """For the API; of a ticket of another conference nothing is said."""
    ticket, earlier = judged.ticket, judged.verdict.earlier
    known = None
    if ticket is not None:
        known = {
            "admission_id": ticket.admission_id,
            "admission_type": ticket.admission_type,
            "type_name": judged.conference.admission_type(ticket.admission_type).name(language()),
            "reference": ticket.reference,
            "name": ticket.name or "",
            "company": ticket.company or "",
            "days": list(judged.days),
        }
    return {
        "scan_id": judged.scan_id,
        "colour": str(judged.verdict.colour),
        "reason": str(judged.verdict.reason),
        "sentence": sentence_of(judged),
        "point": judged.point,
        "scanned_at": judged.at,
        "earlier": {"at": earlier.at, "by": earlier.by} if earlier else None,
        "admission": known,
        "due": judged.due,
    }


def count(connection: sa.Connection, conference: Conference, point: str) -> dict[str, Any]:
    """How many are in, of how many, and by type."""
    expected = check_ins.count_expected(connection, conference.conference_id)
    inside = check_ins.count_in(connection, conference.conference_id, point)
    return {
        "point": point,
        "checked_in": sum(inside.values()),
        "expected": sum(expected.values()),
        "by_type": [
            {
                "code": each.code,
                "name": each.name(language()),
                "checked_in": inside.get(each.code, 0),
                "expected": expected.get(each.code, 0),
            }
            for each in conference.admission_types
            if each.code in expected or each.code in inside
        ],
    }


def doubled(connection: sa.Connection, helper: DoorPass, point: str) -> list[dict[str, Any]]:
    """Tickets that two devices let in today because one of them had no network: name, both times, both helpers."""
    found = []
    for row in check_ins.doubled_since(connection, helper.conference_id, point, desk().now - SHOWN_DOUBLED):
        first = check_ins.admitted(connection, row.admission_id, point)
        if first is not None:
            entries = sorted([(first.entry.at, first.entry.by), (row.scanned_at, row.name)])
            found.append({"name": row.attendee or "", "reference": row.reference, "entries": entries})
    return found
