"""Pages for organisers: who waits for what, and offers by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, render_template, url_for

from services.ticket.handlers import offer_now, record_staff_act
from services.ticket.store import conferences, waiting
from services.ticket.web import desk, go
from shared.errors import Conflict
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>/waiting"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (at, "organise_waiting", "GET", organiser(show_lines)),
        (f"{at}/<entry_id>/offer", "organise_offer", "POST", organiser(offer)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_lines(conference_id: str) -> Answer:
    return _page(conference_id)


def offer(conference_id: str, entry_id: str) -> Answer:
    """Out of turn, where a place is free."""
    staff = the_staff()
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            offer_now(tx, conference_id, entry_id)
            record_staff_act(tx, staff.id, "waitlist_offered", entry_id, conference_id)
    except Conflict as error:
        return _page(conference_id, str(error)), error.status
    return go(url_for("organise_waiting", conference_id=conference_id))


def _page(conference_id: str, problem: str = "") -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = waiting.lines_of(connection, conference_id)
    return render_template(
        "organise/waiting.html",
        conference=conference,
        rows=rows,
        counts=waiting.counts_of(rows),
        problem=problem,
        here="tickets",
    )
