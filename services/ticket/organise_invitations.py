"""Pages for organisers: invite by list or one by one, see who accepted, mail again, revoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, render_template, request, url_for

from services.ticket.domain.invitation import Invitee, read_invitees
from services.ticket.domain.voucher import Kind
from services.ticket.handlers import record_staff_act
from services.ticket.handlers.inviting import invite, revoke_invitation, send_invitation_again
from services.ticket.store import conferences, invitations
from services.ticket.web import desk, go
from shared.errors import Conflict, InvalidInput
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str
KINDS = (Kind.FREE, Kind.PERCENT, Kind.FIXED)


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>/invitations"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (at, "organise_invitations", "GET", organiser(show_invitations)),
        (at, "organise_invite", "POST", organiser(new_invitations)),
        (f"{at}/<invitation_id>/again", "organise_invite_again", "POST", organiser(send_again)),
        (f"{at}/<invitation_id>/revoke", "organise_invite_revoke", "POST", organiser(revoke)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_invitations(conference_id: str) -> Answer:
    return _page(conference_id, Form({"kind": "free"}))


def new_invitations(conference_id: str) -> Answer:
    """All of a list, or nobody where one line is wrong."""
    staff, form = the_staff(), Form(request.form)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    admission_type = form.choice("admission_type", [each.code for each in conference.admission_types])
    kind = form.choice("kind", [str(each) for each in KINDS])
    value = 0
    if kind == Kind.PERCENT:
        value = form.integer("percent", lowest=1, highest=99) or 0
    elif kind == Kind.FIXED:
        price = form.money("price", conference.currency)
        value = price.amount if price else 0
    people = _people(form)
    if form.errors:
        return _page(conference_id, form), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            made = invite(tx, conference, people, admission_type, Kind(kind), value)
            facts = {"count": str(len(made)), "admission_type": admission_type}
            record_staff_act(tx, staff.id, "people_invited", made[0].lot_id, conference_id, facts)
    except InvalidInput as error:
        form.refused(error)
        return _page(conference_id, form), error.status
    return go(url_for("organise_invitations", conference_id=conference_id))


def send_again(conference_id: str, invitation_id: str) -> Answer:
    staff = the_staff()
    with desk().context.database.transaction(staff.actor) as tx:
        send_invitation_again(tx, conference_id, invitation_id)
        record_staff_act(tx, staff.id, "invitation_sent_again", invitation_id, conference_id)
    return go(url_for("organise_invitations", conference_id=conference_id))


def revoke(conference_id: str, invitation_id: str) -> Answer:
    staff = the_staff()
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            revoke_invitation(tx, conference_id, invitation_id)
            record_staff_act(tx, staff.id, "invitation_revoked", invitation_id, conference_id)
    except Conflict as error:
        form = Form({"kind": "free"})
        form.wrong("", _(str(error)))
        return _page(conference_id, form), error.status
    return go(url_for("organise_invitations", conference_id=conference_id))


def _people(form: Form) -> list[Invitee]:
    """From the file where one was chosen, else from the lines that were typed."""
    upload = request.files.get("file")
    text = form.text("people", required=False, longest=200_000, lines=True)
    if upload is not None and upload.filename:
        try:
            text = upload.stream.read(200_001).decode("utf-8")
        except UnicodeDecodeError:
            form.wrong("people", _("This file is no UTF-8 text: save it as CSV with UTF-8."))
            return []
    try:
        return read_invitees(text)
    except InvalidInput as error:
        form.refused(error)
        return []


def _page(conference_id: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = invitations.invitations_of(connection, conference_id)
    return render_template(
        "organise/invitations.html",
        conference=conference,
        rows=rows,
        accepted=sum(bool(row.used) for row in rows),
        guests=sum(row.guests for row in rows if row.used),
        form=form,
        type_options=[(each.code, each.name(language())) for each in conference.admission_types],
        kind_options=[("free", _("Free")), ("percent", _("A percentage off")), ("fixed", _("A price of its own"))],
        here="tickets",
    )
