"""The door, for a helper's phone or laptop: a field for scanner, code or name, the verdict with its colour, the count.

All of it works without JavaScript; `door.js` adds the camera, and the hour without network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, make_response, render_template, request, send_from_directory, url_for

from services.ticket import doorkeeping, views
from services.ticket.domain.door import QUESTIONS, Point
from services.ticket.handlers.admitting import Judged, undo_check_in
from services.ticket.pages.holders import qr_picture
from services.ticket.store import check_ins, conferences
from services.ticket.store.doors import DoorPass
from services.ticket.web import desk, go
from shared.errors import Refused, Unauthorized
from shared.web.i18n import gettext as _

Answer = Response | tuple[str, int] | str
SCRIPTS = Path(__file__).parents[1] / "scripts"
LONGEST_SEARCH = 500


def enter(token: str) -> Answer:
    """The address in a helper's own QR code: this browser is at the door from now on."""
    try:
        helper = doorkeeping.helper_of(token)
    except Unauthorized as error:
        return render_template("door/closed.html", why=_(str(error))), 401
    return doorkeeping.sign_in(go(url_for("door")), helper)


def leave() -> Answer:
    """The device goes back to whom it belongs."""
    answer = make_response(render_template("door/closed.html", why=""))
    answer.headers["Clear-Site-Data"] = '"storage", "cache"'
    return doorkeeping.sign_out(answer)


def send_script(name: str) -> Response:
    """`door.js`, and `worker.js`, which must come from the part of the site that it serves."""
    return send_from_directory(SCRIPTS, f"{name}.js", mimetype="text/javascript")


def show_door() -> Answer:
    helper = doorkeeping.helper_here()
    if helper is None:
        return render_template("door/closed.html", why=""), 401
    return _page(helper, _point(helper), text=request.args.get("code", "")[:LONGEST_SEARCH])


def scan() -> Answer:
    """Whatever was typed or scanned: a code is judged, a name is looked up, a button beside a name is judged."""
    helper = doorkeeping.the_helper()
    point = _point(helper)
    text = request.form.get("text", "").strip()[:LONGEST_SEARCH]
    admission_id = request.form.get("admission_id", "")[:40]
    if not admission_id and not text:
        return _page(helper, point)
    if not admission_id and not doorkeeping.looks_like_code(text):
        return _page(helper, point, text=text, found=_find(helper, point, text))
    answers = {str(each): request.form[each][:200] for each in QUESTIONS if request.form.get(each)}
    try:
        judged = doorkeeping.judge_scan(
            helper,
            request.form.get("scan_id", "")[:60] or _scan_id(),
            point.code,
            code="" if admission_id else text,
            admission_id=admission_id,
            answers=answers,
        )
    except Refused as error:
        return _page(helper, point, text=text, wrong=_(str(error))), error.status
    return _page(helper, point, judged=judged)


def undo() -> Answer:
    helper = doorkeeping.the_helper()
    point = _point(helper)
    try:
        with desk().context.database.transaction(f"door:{helper.pass_id}") as tx:
            undo_check_in(tx, helper, request.form.get("admission_id", "")[:40], point.code)
    except Refused as error:
        return _page(helper, point, wrong=_(str(error))), error.status
    return _page(helper, point, done=_("Undone: this ticket is not in any more."))


def show_sale() -> Answer:
    """For who comes without a ticket: the shop as a QR code, at the price that is open. No cash changes hands here."""
    helper = doorkeeping.the_helper()
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        shop = views.shop_of(connection, conference, desk().now)
    address = f"{desk().base_url}/{conference.slug}/"
    return render_template(
        "door/sale.html",
        conference=conference,
        shop=shop,
        point=_point(helper),
        address=address,
        qr=qr_picture(address),
    )


def show_count() -> Answer:
    """The part of the page that is asked for again and again."""
    helper = doorkeeping.the_helper()
    point = _point(helper)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        counted = doorkeeping.count(connection, conference, point.code)
        doubled = doorkeeping.doubled(connection, helper, point.code)
    return render_template("door/count.html", counted=counted, doubled=doubled, zone=conference.time_zone)


def _point(helper: DoorPass) -> Point:
    """The one that is asked for, else the helper's first."""
    with desk().context.database.reading() as connection:
        points = doorkeeping.points_for(connection, helper)
    wanted = request.values.get("point", "")
    return next((each for each in points if each.code == wanted), points[0] if points else doorkeeping.the_door())


def _find(helper: DoorPass, point: Point, text: str) -> list[Any]:
    with desk().context.database.reading() as connection:
        return check_ins.find_guests(connection, helper.conference_id, point.code, text)


def _scan_id() -> str:
    return desk().runtime.ids.new("scn", desk().now)


def _page(
    helper: DoorPass,
    point: Point,
    *,
    text: str = "",
    found: list[Any] | None = None,
    judged: Judged | None = None,
    wrong: str = "",
    done: str = "",
) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        points = doorkeeping.points_for(connection, helper)
        counted = doorkeeping.count(connection, conference, point.code)
        doubled = doorkeeping.doubled(connection, helper, point.code)
    return render_template(
        "door/door.html",
        conference=conference,
        helper=helper,
        token=doorkeeping.token_of(desk().runtime, helper),
        point=point,
        points=points,
        counted=counted,
        doubled=doubled,
        zone=conference.time_zone,
        text=text,
        found=found,
        judged=judged,
        sentence=doorkeeping.sentence_of(judged) if judged else "",
        wrong=wrong,
        done=done,
        scan_id=_scan_id(),
        auto="code" in request.args,
        words=_words(),
    )


def _words() -> dict[str, str]:
    """What `door.js` says by itself."""
    return {
        "green": _("Come in"),
        "amber": _("One question"),
        "red": _("Stop"),
        "nameless": _("without a name"),
        "refused": _("This could not be checked: please try again."),
        "student_id": _("Did you see a student id?"),
        "difference_due": _("No student id: the difference is to be paid first."),
        "name_missing": _("No name yet: what is it?"),
        "disputed": _("A bank disputes this payment. Let them in, and send them to the organisers?"),
        "letin": _("Let them in"),
        "entered": _("Let in without network; it is entered as soon as there is one."),
        "doubled": _("This ticket is in already, since {time}."),
        "wrongday": _("This ticket is for another day."),
        "unlisted": _(
            "This code is not on the list of {time}: forged, cancelled, or sold since. Look the person up by name."
        ),
        "nolist": _("There is no network, and this device has no list yet."),
        "ready": _("Ready for a gap in the network, with the list of {time}."),
        "away": _("No network: we check by the list of {time}."),
        "waiting": _("Scans that wait to be entered: {count}."),
        "unsent": _("Scans that are not entered yet: {count}. Wait until there is network."),
        "who": _("Who is it?"),
        "nobody": _("Nobody of that name has a valid ticket."),
        "nocamera": _("The camera cannot be used: allow it in the browser, or type."),
        "full": _("This device has no room for the list: free some space."),
    }
