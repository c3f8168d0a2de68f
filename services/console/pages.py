"""The pages of the console for who is signed in: overview, health, audit trail, people, tokens."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request

from services.console import accounts, health, overview, reading, store
from services.console.acts import in_words
from services.console.overview import Conference
from shared.database import Database
from shared.errors import InvalidInput
from shared.runtime import Runtime
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import EVERYWHERE, ROLES, Role, Staff, require, staff_only, the_staff

PAGE = 50


def make_pages(runtime: Runtime, database: Database) -> Blueprint:
    pages = Blueprint("pages", __name__, url_prefix="/staff")

    @pages.get("")
    @staff_only()
    def today() -> str:
        staff, now = the_staff(), runtime.clock.now()
        with database.reading() as connection:
            known = seen_by(staff, [Conference.of(row) for row in reading.conferences(connection)])
            chosen = choose(known, request.args.get("conference", ""), now)
            if chosen is None:
                return render_template("nothing_yet.html")
            with_money = staff.may("organiser", "finance", conference_id=chosen.id)
            view = overview.make(connection, chosen, now, with_money=with_money)
        # htmx asks for the answers only, everybody else for the whole page
        name = "answers.html" if request.headers.get("HX-Request") else "overview.html"
        return render_template(name, view=view, conference=chosen, conferences=known, now=now)

    @pages.get("/health")
    @staff_only("organiser")
    def look_after() -> str:
        return render_template("health.html", services=health.ask_all(runtime), now=runtime.clock.now())

    @pages.post("/health/<service>/<int:parked_id>/<action>")
    @staff_only("organiser")
    def unpark(service: str, parked_id: int, action: str) -> Response:
        staff = require(EVERYWHERE, "organiser")
        health.unpark(runtime, database, staff, service, parked_id, action)
        return back("/staff/health")

    @pages.get("/audit")
    @staff_only("organiser")
    def audit() -> str:
        require(EVERYWHERE, "organiser")
        with database.reading() as connection:
            rows = reading.acts(connection, read_place(request.args.get("before", "")), PAGE + 1)
            people = store.names(connection)
            names = {row.conference_id: row.name for row in reading.conferences(connection)}
        names[EVERYWHERE] = _("all conferences")
        more = write_place(rows[PAGE - 1]) if len(rows) > PAGE else ""
        return render_template("audit.html", rows=rows[:PAGE], people=people, names=names, more=more, in_words=in_words)

    def show_people(form: Form, link: str = "") -> str:
        require(EVERYWHERE, "organiser")
        with database.reading() as connection:
            everybody = store.list_accounts(connection)
            known = [Conference.of(row) for row in reading.conferences(connection)]
        names = {"*": _("all conferences"), **{each.id: each.name for each in known}}
        return render_template(
            "people.html", everybody=everybody, names=names, roles=role_names(), form=form, link=link
        )

    @pages.get("/people")
    @staff_only("organiser")
    def people() -> str:
        return show_people(Form())

    @pages.post("/people")
    @staff_only("organiser")
    def invite() -> str | tuple[str, int]:
        staff, form = require(EVERYWHERE, "organiser"), Form(request.form)
        with database.reading() as connection:
            places = [EVERYWHERE, *(row.conference_id for row in reading.conferences(connection))]
        place = form.choice("conference", places)
        held = [role for role in ROLES if role in request.form.getlist("role")]
        if not held:
            form.wrong("role", _("Choose at least one role."))
        if form.errors:
            return show_people(form), 422
        secret = accounts.invite(database, staff, {place: held})
        return show_people(Form(), f"{runtime.settings.base_url}/staff/join/{secret}")

    @pages.post("/people/<staff_id>/revocation")
    @staff_only("organiser")
    def revoke(staff_id: str) -> Response:
        accounts.revoke(database, require(EVERYWHERE, "organiser"), staff_id)
        return back("/staff/people")

    def show_tokens(form: Form, token: str = "") -> str:
        require(EVERYWHERE, "organiser")
        with database.reading() as connection:
            kept, names = store.list_tokens(connection), store.names(connection)
        return render_template("tokens.html", tokens=kept, people=names, form=form, token=token)

    @pages.get("/tokens")
    @staff_only("organiser")
    def tokens() -> str:
        return show_tokens(Form())

    @pages.post("/tokens")
    @staff_only("organiser")
    def make_token() -> str | tuple[str, int]:
        form = Form(request.form)
        name = form.text("name", longest=100)
        if form.errors:
            return show_tokens(form), 422
        return show_tokens(Form(), accounts.make_token(database, require(EVERYWHERE, "organiser"), name))

    @pages.post("/tokens/<token_id>/revocation")
    @staff_only("organiser")
    def revoke_token(token_id: str) -> Response:
        accounts.revoke_token(database, require(EVERYWHERE, "organiser"), token_id)
        return back("/staff/tokens")

    return pages


def back(target: str) -> Response:
    """After a change, so that loading the page again changes nothing."""
    return cast(Response, redirect(target, 303))


def seen_by(staff: Staff, conferences: list[Conference]) -> list[Conference]:
    return [each for each in conferences if staff.may(*ROLES, conference_id=each.id)]


def choose(known: list[Conference], slug: str, now: datetime) -> Conference | None:
    """The one asked for, else the next to open its doors, else the last that did."""
    asked = next((each for each in known if slug and each.slug == slug), None)
    coming = [each for each in known if not each.called_off and each.doors_at > now]
    return asked or min(coming, key=lambda each: each.doors_at, default=known[0] if known else None)


def role_names() -> dict[Role, str]:
    return {"organiser": _("organiser"), "finance": _("finance"), "check_in": _("check-in")}


def write_place(row: Any) -> str:
    """Where a page of the audit trail ends, for the link to the next one."""
    return base64.urlsafe_b64encode(json.dumps([row.at.isoformat(), row.event_id]).encode()).decode()


def read_place(text: str) -> tuple[datetime, str] | None:
    if not text:
        return None
    try:
        at, event_id = json.loads(base64.urlsafe_b64decode(text))
        return datetime.fromisoformat(at), str(event_id)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInput(_("This link to older lines is damaged: begin at the newest.")) from error
