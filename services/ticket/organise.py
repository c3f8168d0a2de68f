"""Pages for organisers: open a conference, see its ladder beside the caterer's deadline, orders, vouchers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, render_template, request, url_for

from services.ticket import planning, views
from services.ticket.domain.conference import LEGAL_KINDS, last_step_is_late
from services.ticket.domain.tier import Ladder
from services.ticket.domain.transfer import MOST_FORGIVEN
from services.ticket.handlers import (
    cancel_order,
    change_conference,
    move_tier_end,
    open_conference,
    quote,
    record_staff_act,
)
from services.ticket.store import conferences, documents, orders, vouchers
from services.ticket.views import Shop
from services.ticket.web import desk, go
from shared.errors import Conflict, InvalidInput, NotFound
from shared.web.forms import Form
from shared.web.i18n import LANGUAGES, language, money
from shared.web.staff import require, staff_only, the_staff

Answer = Response | tuple[str, int] | str
PAGE = 50
MINUTE = timedelta(minutes=1)


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        ("/organise", "organise", "GET", staff_only("organiser", "check_in")(list_conferences)),
        ("/organise/new", "organise_new", "GET", organiser(new_conference)),
        ("/organise/new", "organise_open", "POST", organiser(open_new)),
        (at, "organise_conference", "GET", organiser(show_conference)),
        (f"{at}/change", "organise_change", "POST", organiser(change)),
        (f"{at}/tiers/<tier_id>", "organise_tier", "POST", organiser(move_end)),
        (f"{at}/orders", "organise_orders", "GET", staff_only("organiser", "finance", "check_in")(list_orders)),
        (f"{at}/orders/<order_id>", "organise_order", "GET", organiser(show_order)),
        (f"{at}/orders/<order_id>/cancel", "organise_cancel", "POST", organiser(cancel)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def list_conferences() -> Answer:
    """What is on sale, and how much of it is taken."""
    staff = the_staff()
    with desk().context.database.reading() as connection:
        found = conferences.list_conferences(connection)
        mine = [each for each in found if staff.may("organiser", "check_in", conference_id=each.conference_id)]
        shops = [views.shop_of(connection, each, desk().now) for each in mine]
    return render_template("organise/conferences.html", shops=shops, here="tickets", now=desk().now)


def new_conference() -> Answer:
    return _new_page(Form(planning.BEGINNING))


def open_new() -> Answer:
    """Put it on sale, or show at each field what needs another look."""
    form = Form(request.form)
    try:
        plan = planning.read(form)
        if plan is None:
            return _new_page(form), 422
        staff = require("", "organiser")
        with desk().context.database.transaction(staff.actor) as tx:
            conference = open_conference(tx, plan)
            record_staff_act(tx, staff.id, "conference_opened", conference.conference_id, conference.conference_id)
    except (InvalidInput, Conflict) as error:
        planning.refused(form, error)
        return _new_page(form), error.status
    return go(url_for("organise_conference", conference_id=conference.conference_id))


def show_conference(conference_id: str) -> Answer:
    return _conference_page(conference_id)


def change(conference_id: str) -> Answer:
    form = Form(request.form)
    staff = the_staff()
    texts = {
        (kind, each): form.text(f"legal.{kind}.{each}", required=False, longest=100_000, lines=True)
        for kind in LEGAL_KINDS
        for each in LANGUAGES
    }
    name, place = form.text("name"), form.text("place")
    reply_to, capacity = form.email("reply_to"), form.integer("capacity", lowest=1)
    if form.errors:
        return _conference_page(conference_id, settings=form), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            change_conference(
                tx,
                conference_id,
                name=name,
                place=place,
                reply_to=reply_to,
                capacity=capacity,
                legal_texts=texts,
            )
            record_staff_act(tx, staff.id, "conference_changed", conference_id, conference_id)
    except Conflict as error:
        form.wrong("capacity", str(error))
        return _conference_page(conference_id, settings=form), error.status
    return go(url_for("organise_conference", conference_id=conference_id))


def move_end(conference_id: str, tier_id: str) -> Answer:
    """Move the end of the open tier, with a reason that whoever was told the old date is told."""
    staff, form = the_staff(), Form(request.form)
    with desk().context.database.reading() as connection:
        zone = conferences.conference_by_id(connection, conference_id).time_zone
    ends_at, reason = form.moment("ends_at", zone), form.text("reason")
    if form.errors or ends_at is None:
        return _conference_page(conference_id, moving=(tier_id, form)), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            move_tier_end(tx, conference_id, tier_id, ends_at, reason)
            facts = {"ends_at": ends_at.isoformat()}
            record_staff_act(tx, staff.id, "tier_end_moved", tier_id, conference_id, facts)
    except (InvalidInput, Conflict) as error:
        form.wrong("ends_at", str(error))
        return _conference_page(conference_id, moving=(tier_id, form)), error.status
    return go(url_for("organise_conference", conference_id=conference_id))


def list_orders(conference_id: str) -> Answer:
    search, before = request.args.get("search", "")[:20], request.args.get("before", "")[:40]
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = orders.find_orders(connection, conference_id, search, before, PAGE + 1)
    return render_template(
        "organise/orders.html",
        conference=conference,
        rows=rows[:PAGE],
        more=rows[PAGE - 1].order_id if len(rows) > PAGE else "",
        search=search,
        here="tickets",
    )


def show_order(conference_id: str, order_id: str) -> Answer:
    view = _order_of(conference_id, order_id)
    with desk().context.database.reading() as connection:
        papers = documents.documents_of(connection, order_id)
    return render_template(
        "organise/order.html",
        papers=papers,
        may_forgive=view.received.verdict == "part" and view.received.missing.amount <= MOST_FORGIVEN,
        view=view,
        order=view.order,
        conference=view.conference,
        terms=quote(view.conference, desk().now),
        here="tickets",
    )


def cancel(conference_id: str, order_id: str) -> Answer:
    """Whole, or the tickets that are chosen; by the promised steps, or with the share that staff choose."""
    staff, view, form = the_staff(), _order_of(conference_id, order_id), Form(request.form)
    share = request.form.get("percent", "")
    percent = form.integer("percent", lowest=0, highest=100) if share else None
    chosen = request.form.getlist("admission")
    if form.errors:
        raise InvalidInput("No more goes back than was paid: choose 0 to 100 %.", errors=form.errors)
    cancel_order(
        desk().context.database,
        view.order.order_id,
        "staff",
        staff.actor,
        admission_ids=chosen or None,
        percent=percent,
    )
    with desk().context.database.transaction(staff.actor) as tx:
        facts = {"percent": share or "policy", "tickets": str(len(chosen)) if chosen else "all"}
        record_staff_act(tx, staff.id, "order_cancelled", order_id, conference_id, facts)
    return go(url_for("organise_order", conference_id=conference_id, order_id=order_id))


def _order_of(conference_id: str, order_id: str) -> views.OrderView:
    """Raises `NotFound` for an order of another conference, which these roles may not reach."""
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
    if view.conference.conference_id != conference_id:
        raise NotFound("There is no such order.")
    return view


def _new_page(form: Form) -> str:
    return render_template("organise/new.html", form=form, types=planning.TYPES, tiers=planning.TIERS, here="tickets")


def _conference_page(
    conference_id: str,
    *,
    moving: tuple[str, Form] | None = None,
    settings: Form | None = None,
) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        shop = views.shop_of(connection, conference, desk().now)
        lots = vouchers.lots_of(connection, conference_id)
        latest = orders.find_orders(connection, conference_id, limit=10)
    ladders = [offer.ladder for offer in shop.offers if offer.ladder]
    return render_template(
        "organise/conference.html",
        shop=shop,
        conference=conference,
        lots=lots,
        latest=latest,
        late=[each.admission_type for each in ladders if last_step_is_late(conference, each)],
        moments=_moments(shop, ladders),
        moving=moving,
        settings=settings or _settings(shop),
        kinds=LEGAL_KINDS,
        minute=MINUTE,
        now=desk().now,
        here="tickets",
    )


def _settings(shop: Shop) -> Form:
    conference = shop.conference
    texts = {f"legal.{kind}.{each}": text.body for (kind, each), text in shop.legal.items()}
    return Form(
        {
            "name": conference.name,
            "place": conference.place,
            "reply_to": conference.reply_to,
            "capacity": conference.capacity,
            **texts,
        }
    )


def _moments(shop: Shop, ladders: list[Ladder]) -> list[tuple[datetime, str, str]]:
    """(when, what kind, name) of price steps, the caterer's deadline and the doors, in order."""
    conference = shop.conference
    steps = [
        (starts_at, "step", f"{tier.name_de if language() == 'de' else tier.name_en}, {money(tier.price, short=True)}")
        for ladder in ladders
        for tier in ladder.tiers
        if (starts_at := tier.opened_at or tier.starts_at)
    ]
    fixed = [(conference.catering_deadline, "catering", ""), (conference.doors_at, "doors", "")]
    return sorted([*steps, *fixed])
