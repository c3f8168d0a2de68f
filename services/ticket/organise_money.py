"""Pages for staff about money by card: what must still go back, what banks took back, and calling a conference off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, render_template, request, url_for

from services.ticket.domain.order import TAKING
from services.ticket.handlers import call_off
from services.ticket.store import conferences, disputes, orders, refunds, transfers
from services.ticket.web import desk, go
from shared.errors import Conflict, InvalidInput
from shared.money import Money, total
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str


def install(app: Flask) -> None:
    at = "/organise/<conference_id>"
    seeing, organiser = staff_only("organiser", "finance"), staff_only("organiser")
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (f"{at}/going-back", "going_back", "GET", seeing(show_going_back)),
        (f"{at}/call-off", "call_off_page", "GET", organiser(ask_to_call_off)),
        (f"{at}/call-off", "call_off", "POST", organiser(call_it_off)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method])


def show_going_back(conference_id: str) -> Answer:
    """What Stripe has not given back yet and why, what is to be transferred, and disputes."""
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        waiting = refunds.open_refunds(connection, conference_id)
        count, amount = refunds.sums(connection, conference_id, conference.currency)[False]
        tasks = transfers.refunds_of_conference(connection, conference_id)
        by_transfer = [each for _reference, each in tasks if each.done_on is None]
        disputed = disputes.disputes_at(connection, conference_id)
    owed = total((each.amount for each in by_transfer), conference.currency)
    return render_template(
        "organise/going_back.html",
        conference=conference,
        waiting=waiting,
        count=count + len(by_transfer),
        owed=amount + owed,
        by_transfer=owed,
        disputed=disputed,
        here="tickets",
    )


def ask_to_call_off(conference_id: str) -> Answer:
    return _call_off_page(conference_id, Form({}))


def call_it_off(conference_id: str) -> Answer:
    """Only with its address typed: nothing can bring it back."""
    staff, form = the_staff(), Form(request.form)
    reason, typed = form.text("reason", longest=500), form.text("slug", longest=60)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    if typed and typed != conference.slug:
        form.wrong("slug", _("This is not the address of the conference."))
    if form.errors:
        return _call_off_page(conference_id, form), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            call_off(tx, staff.id, conference_id, reason)
    except (Conflict, InvalidInput) as error:
        return _call_off_page(conference_id, form), error.status
    return go(url_for("call_off_page", conference_id=conference_id))


def _call_off_page(conference_id: str, form: Form) -> str:
    """Before: what it would mean. After: how far it is."""
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        states = orders.count_states(connection, conference_id)
        sums = refunds.sums(connection, conference_id, conference.currency)
    standing = sum(count for state, count in states.items() if state in TAKING)
    done, waiting = sums[True], sums[False]
    return render_template(
        "organise/call_off.html",
        conference=conference,
        form=form,
        standing=standing,
        ended=sum(states.values()) - standing,
        done=done,
        waiting=waiting,
        nothing=Money(0, conference.currency),
        here="tickets",
    )
