"""Which mails did not arrive? And the mailbox, one mail, 'send', 'send again', 'correct and send again'."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notification import asking, listing, names, people, store
from services.notification.domain.message import AGAIN_FROM, Message, State
from services.notification.domain.rule import RULES
from shared.database import Database
from shared.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound
from shared.runtime import Runtime
from shared.web.charts import Part, Tone, stacked
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import Staff, staff_only, the_staff

TONES: dict[State, Tone] = {
    State.SENT: "good",
    State.DUE: "ink",
    State.SENDING: "ink",
    State.HELD: "quiet",
    State.UNKNOWN: "warn",
    State.FAILED: "accent",
    State.SUPPRESSED: "faint",
}
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"
"""A mail in its frame: its own styles, no script, no form, nothing from elsewhere."""


def make_blueprint(runtime: Runtime, database: Database) -> Blueprint:
    routes = Blueprint("mail", __name__, url_prefix="/mail")

    @routes.get("")
    @staff_only("organiser", "finance")
    def messages() -> str:
        asked = request.args.get("state", "")
        states = (State(asked),) if asked in set(State) else listing.NOT_ARRIVED
        scope = listing.within_roles(the_staff())
        with database.reading() as connection:
            counts = listing.count_by_state(connection, scope)
            entries, more = listing.list_messages(connection, scope, states, request.args.get("before", ""))
            zones = store.time_zones(connection)
        shown = [state for state in TONES if counts.get(state)]
        return render_template(
            "mail/messages.html",
            here="mail",
            asked=asked,
            entries=entries,
            more=more,
            counts=counts,
            bars=stacked([Part(_(names.STATES[state]), counts[state], TONES[state]) for state in shown]),
            figures=[str(counts[state]) for state in shown],
            missing=sum(counts.get(state, 0) for state in listing.NOT_ARRIVED),
            names=names,
            zones=zones,
            states=list(State),
        )

    @routes.get("/outbox")
    @staff_only("organiser", "finance")
    def outbox() -> str:
        scope = listing.within_roles(the_staff())
        with database.reading() as connection:
            entries, more = listing.list_letters(connection, scope, request.args.get("before", ""))
            zones = store.time_zones(connection)
        by_smtp = bool(runtime.settings.smtp_url)
        return render_template(
            "mail/outbox.html", here="mail", entries=entries, more=more, by_smtp=by_smtp, names=names, zones=zones
        )

    @routes.get("/messages/<message_id>")
    @staff_only("organiser", "finance")
    def message(message_id: str) -> str:
        return _show(message_id, Form())

    @routes.get("/messages/<message_id>/letter")
    @staff_only("organiser", "finance")
    def letter(message_id: str) -> Response:
        """The HTML part, for the frame on the message's page."""
        found = _letter(message_id)
        headers = {"Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return Response(found.html, mimetype="text/html", headers=headers)

    @routes.get("/messages/<message_id>/files/<int:number>")
    @staff_only("organiser", "finance")
    def file(message_id: str, number: int) -> Response:
        """An attachment, where the mailbox is all there is of the mail."""
        files = _letter(message_id).attachments
        if number >= len(files) or "base64" not in files[number]:
            raise NotFound(_("This file went out with the mail and was not kept."))
        response = Response(base64.b64decode(files[number]["base64"]), mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=files[number]["filename"])
        return response

    @routes.post("/messages/<message_id>/send")
    @staff_only("organiser", "finance")
    def send(message_id: str) -> AnyResponse:
        staff = _allowed(message_id)[0]
        asking.release(database, message_id, staff.id, staff.actor)
        return redirect(url_for("mail.message", message_id=message_id), 303)

    @routes.post("/held/send")
    @staff_only("organiser", "finance")
    def send_held() -> AnyResponse:
        """The held mails that the page showed: `message_id`, many times."""
        staff, ids = the_staff(), request.form.getlist("message_id")[: listing.PAGE]
        for message_id in ids:
            _allowed(message_id)
        asking.release_all(database, ids, staff.id, staff.actor)
        return redirect(url_for("mail.messages", state=State.HELD.value), 303)

    @routes.post("/messages/<message_id>/again")
    @staff_only("organiser", "finance")
    def again(message_id: str) -> AnyResponse | tuple[str, int]:
        staff = _allowed(message_id)[0]
        form = Form(request.form)
        email = form.email("email") if "email" in request.form else ""
        if not form.errors:
            try:
                made = asking.send_again(database, message_id, staff.id, staff.actor, email)
                return redirect(url_for("mail.message", message_id=made.message_id), 303)
            except (InvalidInput, Conflict) as error:
                form.wrong("email" if email else "", _(str(error)))
        return _show(message_id, form), 422

    def _allowed(message_id: str) -> tuple[Staff, Message]:
        staff = the_staff()
        with database.reading() as connection:
            found = store.load_message(connection, message_id)
        if not listing.may_see(staff, found):
            raise Forbidden(_("Your roles do not reach this mail."))
        return staff, found

    def _letter(message_id: str) -> Any:
        _allowed(message_id)
        with database.reading() as connection:
            found = store.load_letter(connection, message_id)
        if found is None:
            raise Gone(_("This mail is not kept any more."))
        return found

    def _show(message_id: str, form: Form) -> str:
        found = _allowed(message_id)[1]
        with database.reading() as connection:
            conference = store.load_conference(connection, found.conference_id)
            kept = store.load_letter(connection, message_id)
            attempts = store.load_attempts(connection, message_id)
            person = _own_person(connection, found)
        if person is not None:
            form.values.setdefault("email", person["email"])
        return render_template(
            "mail/message.html",
            here="mail",
            conference=conference,
            message=found,
            rule=RULES[found.rule],
            letter=kept,
            attempts=attempts,
            person=person,
            form=form,
            names=names,
            may_again=found.state in AGAIN_FROM,
            is_held=found.state is State.HELD,
            zone=conference.time_zone if conference else "UTC",
        )

    def _own_person(connection: Any, message: Message) -> dict[str, str] | None:
        service, _colon, person_id = message.recipient.partition(":")
        return people.find_people(connection, [person_id])[person_id] if service == "notification" else None

    return routes
