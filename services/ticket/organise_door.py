"""The organisers' page on the door: passes for helpers, check-in points, how many came when."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask, Response, render_template, request, url_for

from services.ticket import doorkeeping
from services.ticket.badges import badges_of, choose, guest_rows
from services.ticket.csv_out import csv_answer
from services.ticket.domain.conference import Conference
from services.ticket.domain.door import DOOR, Point
from services.ticket.domain.local_time import end_of, local_day
from services.ticket.handlers import record_staff_act
from services.ticket.handlers.admitting import change_points, make_pass
from services.ticket.pages.holders import qr_picture
from services.ticket.pages.orders import made_pdf
from services.ticket.store import check_ins, conferences, doors
from services.ticket.store.doors import DoorPass
from services.ticket.web import desk, go
from shared.errors import InvalidInput
from shared.web import charts
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language, moment
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str
SHIFT: Final = timedelta(hours=4)
QUARTER: Final = 15
NOT_IN_A_CODE: Final = re.compile(r"[^a-z0-9]+")


def install(app: Flask) -> None:
    organiser, helper = staff_only("organiser"), staff_only("organiser", "check_in")
    at = "/organise/<conference_id>/door"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (at, "organise_door", "GET", helper(show_door)),
        (f"{at}/open", "organise_door_open", "POST", helper(open_here)),
        (f"{at}/passes", "organise_door_pass", "POST", organiser(create_pass)),
        (f"{at}/passes/<pass_id>", "organise_door_qr", "GET", organiser(show_pass)),
        (f"{at}/passes/<pass_id>/revoke", "organise_door_revoke", "POST", organiser(revoke)),
        (f"{at}/badges.pdf", "organise_badges", "POST", organiser(print_badges)),
        (f"{at}/guests.pdf", "organise_guests_pdf", "GET", organiser(download_guests)),
        (f"{at}/guests.csv", "organise_guests_csv", "GET", organiser(download_sheet)),
        (f"{at}/points", "organise_door_points", "POST", organiser(save_points)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_door(conference_id: str) -> Answer:
    return _page(conference_id)


def open_here(conference_id: str) -> Answer:
    """A member of staff checks in with this very device, up to the end of the day."""
    staff = the_staff()
    with desk().context.database.transaction(staff.actor) as tx:
        conference = conferences.conference_by_id(tx.connection, conference_id)
        made = make_pass(tx, conference_id, _("Organisers"), (), _today_ends(conference), staff.actor)
        record_staff_act(tx, staff.id, "door_pass_made", made.pass_id, conference_id)
    return doorkeeping.sign_in(go(url_for("door")), made)


def create_pass(conference_id: str) -> Answer:
    """For a helper, shown as a QR code that their phone scans."""
    staff, form = the_staff(), Form(request.form)
    name = form.text("name", longest=100)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        codes = [DOOR, *(each.code for each in doors.points_of(connection, conference_id))]
    until = form.day("until")
    points = [code for code in codes if form.checked(f"point.{code}")]
    if not form.errors and until is not None:
        try:
            with desk().context.database.transaction(staff.actor) as tx:
                ends = end_of(until, conference.time_zone)
                made = make_pass(tx, conference_id, name, points, ends, staff.actor)
                record_staff_act(tx, staff.id, "door_pass_made", made.pass_id, conference_id)
            return go(url_for("organise_door_qr", conference_id=conference_id, pass_id=made.pass_id))
        except InvalidInput as error:
            form.wrong("until", _(str(error)))
    return _page(conference_id, form), 422


def show_pass(conference_id: str, pass_id: str) -> Answer:
    """The QR code, to be shown or printed."""
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        made = doors.load_pass(connection, pass_id)
    if made.conference_id != conference_id or not made.is_good(desk().now):
        return go(url_for("organise_door", conference_id=conference_id))
    address = f"{desk().base_url}/door/enter/{doorkeeping.token_of(desk().runtime, made)}"
    return render_template(
        "organise/door_pass.html",
        conference=conference,
        made=made,
        address=address,
        qr=qr_picture(address),
        here="tickets",
    )


def revoke(conference_id: str, pass_id: str) -> Answer:
    staff = the_staff()
    with desk().context.database.transaction(staff.actor) as tx:
        if doors.revoke_pass(tx, conference_id, pass_id):
            record_staff_act(tx, staff.id, "door_pass_revoked", pass_id, conference_id)
    return go(url_for("organise_door", conference_id=conference_id))


def save_points(conference_id: str) -> Answer:
    """One name a line; a name that was there keeps what was scanned at it."""
    staff, form = the_staff(), Form(request.form)
    text = form.text("names", required=False, longest=3000, lines=True)
    names = [line.strip()[:100] for line in text.split("\n") if line.strip()]
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            known = {each.name: each.code for each in doors.points_of(tx.connection, conference_id)}
            change_points(tx, conference_id, [Point(known.get(name) or _code_of(name), name) for name in names])
            record_staff_act(
                tx, staff.id, "check_in_points_changed", conference_id, conference_id, {"count": str(len(names))}
            )
    except InvalidInput:
        form.wrong("names", _("Each check-in point has a name of its own; the door is there already."))
        return _page(conference_id, points_form=form), 422
    return go(url_for("organise_door", conference_id=conference_id))


def print_badges(conference_id: str) -> Answer:
    """All of them, or those that are new or read differently since the last print; noted as printed once they are set."""
    staff, which = the_staff(), request.form.get("which", "new")[:40]
    what = {"conference_id": conference_id, "which": which, "language": language()}
    made = desk().runtime.internal("ticket").post("/badges", what)
    if not made["printed"]:
        return go(url_for("organise_door", conference_id=conference_id))
    with desk().context.database.transaction(staff.actor) as tx:
        doors.record_prints(tx, conference_id, made["printed"])
        record_staff_act(
            tx, staff.id, "badges_printed", conference_id, conference_id, {"count": str(len(made["printed"]))}
        )
    facts = {"Content-Disposition": 'attachment; filename="badges.pdf"'}
    return Response(base64.b64decode(made["base64"]), 200, facts, "application/pdf")


def download_guests(conference_id: str) -> Answer:
    return made_pdf("/guests", {"conference_id": conference_id, "language": language()}, "guests.pdf")


def download_sheet(conference_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = guest_rows(connection, conference, language())
    head = [_("Name"), _("Company"), _("Ticket"), _("Order")]
    return csv_answer([head, *rows], "guests.csv")


def _arrivals(connection: sa.Connection, conference: Conference, point: str) -> tuple[charts.Bar, ...]:
    """How many came in each quarter of an hour, in the conference's time; days apart."""
    counts: Counter[datetime] = Counter()
    for at in check_ins.arrivals(connection, conference.conference_id, point):
        counts[at.replace(minute=at.minute - at.minute % QUARTER, second=0, microsecond=0)] += 1
    zone = conference.time_zone
    return charts.bars([charts.Part(moment(at, zone, "EEE HH:mm"), n, "accent") for at, n in sorted(counts.items())])


def _code_of(name: str) -> str:
    return NOT_IN_A_CODE.sub("-", name.lower()).strip("-")[:40] or "point"


def _today_ends(conference: Conference) -> datetime:
    """Tonight, where the conference is; shortly before midnight: a working day from now."""
    return max(end_of(local_day(desk().now, conference.time_zone), conference.time_zone), desk().now + SHIFT)


def _page(conference_id: str, form: Form | None = None, points_form: Form | None = None) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        points = doors.points_of(connection, conference_id)
        passes: list[DoorPass] = doors.passes_of(connection, conference_id)
        every = [doorkeeping.the_door(), *points]
        counts = [(point, doorkeeping.count(connection, conference, point.code)) for point in every]
        pictures = [(point, _arrivals(connection, conference, point.code)) for point in every]
        made = badges_of(connection, conference, language())
        fresh = len(choose(made, "new", doors.printed_of(connection, conference_id)))
    return render_template(
        "organise/door.html",
        conference=conference,
        form=form or Form({"until": conference.days[-1].isoformat()}),
        points_form=points_form or Form({"names": "\n".join(each.name for each in points)}),
        points=every,
        passes=passes,
        counts=counts,
        pictures=pictures,
        badge_count=len(made),
        fresh=fresh,
        now=desk().now,
        here="tickets",
    )
