"""The page for organisers on students: how many their address confirms, and which domains count as academic."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, render_template, request, url_for

from services.ticket.domain.student import ACADEMIC, tidy_domain
from services.ticket.handlers import record_staff_act
from services.ticket.store import conferences, students
from services.ticket.web import desk, go
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str
DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>/students"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (at, "organise_students", "GET", organiser(show_students)),
        (at, "organise_domains", "POST", organiser(change_domains)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_students(conference_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        domains = students.domains_of(connection, conference_id)
    return _page(conference_id, Form({"domains": "\n".join(domains)}))


def change_domains(conference_id: str) -> Answer:
    """From now on: who has ordered already stays as they are."""
    staff, form = the_staff(), Form(request.form)
    text = form.text("domains", required=False, longest=20_000, lines=True)
    domains = [tidy_domain(line) for line in text.split("\n") if line.strip()]
    wrong = [each for each in domains if not DOMAIN.fullmatch(each)]
    if wrong:
        form.wrong("domains", _("This is no domain: %(domain)s. Write it like uni-example.de.", domain=wrong[0]))
    if form.errors:
        return _page(conference_id, form), 422
    with desk().context.database.transaction(staff.actor) as tx:
        students.save_domains(tx, conference_id, domains)
        record_staff_act(
            tx, staff.id, "academic_domains_changed", conference_id, conference_id, {"count": str(len(domains))}
        )
    return go(url_for("organise_students", conference_id=conference_id))


def _page(conference_id: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        counts = students.counts_of(connection, conference_id)
    return render_template(
        "organise/students.html", conference=conference, counts=counts, form=form, known=ACADEMIC, here="tickets"
    )
