"""Pages for organisers: what we know of an address, to answer whoever asks, and to forget them."""

from __future__ import annotations

from flask import Flask, Response, render_template, request, url_for

from services.ticket import dossier
from services.ticket.handlers import erase_address, record_staff_act
from services.ticket.pages.data import as_file
from services.ticket.store import conferences
from services.ticket.web import desk, go
from shared.errors import Conflict
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str


def install(app: Flask) -> None:
    organiser, at = staff_only("organiser"), "/organise/<conference_id>/people"
    app.add_url_rule(at, "organise_people", organiser(find), methods=["GET", "POST"])
    app.add_url_rule(f"{at}/data.json", "organise_person_data", organiser(take), methods=["POST"])
    app.add_url_rule(f"{at}/erase", "organise_person_erase", organiser(erase), methods=["POST"])


def find(conference_id: str) -> Answer:
    """The address comes by POST: it stands in no address line and no log."""
    form = Form(request.form if request.method == "POST" else None)
    email = form.email("email") if request.method == "POST" else ""
    return _page(conference_id, form, email), 422 if form.errors else 200


def take(conference_id: str) -> Answer:
    staff, form = the_staff(), Form(request.form)
    email = form.email("email")
    if form.errors:
        return _page(conference_id, form, ""), 422
    with desk().context.database.transaction(staff.actor) as tx:
        known = dossier.by_address(tx.connection, conference_id, email)
        if known.ids:
            record_staff_act(tx, staff.id, "person_exported", known.ids[-1], conference_id)
    return as_file(known)


def erase(conference_id: str) -> Answer:
    staff, form = the_staff(), Form(request.form)
    email = form.email("email")
    if form.errors:
        return _page(conference_id, form, ""), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            for person_id in erase_address(tx, conference_id, email):
                record_staff_act(tx, staff.id, "person_erased", person_id, conference_id)
    except Conflict as error:
        form.wrong("", _(str(error)))
        return _page(conference_id, form, email), error.status
    return go(url_for("organise_people", conference_id=conference_id, done="erased"))


def _page(conference_id: str, form: Form, email: str) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        known = dossier.by_address(connection, conference_id, email) if email else None
    return render_template(
        "organise/people.html",
        conference=conference,
        form=form,
        email=email,
        known=known,
        done=request.args.get("done", ""),
        here="tickets",
    )
