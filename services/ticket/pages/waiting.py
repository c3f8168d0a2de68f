"""The waiting list as people see it: join it, see one's place by the secret link, order what is offered, leave."""

from __future__ import annotations

import hmac

from flask import Response, render_template, request, url_for

from services.ticket import views
from services.ticket.domain.waitlist import Entry, Waiting
from services.ticket.handlers import join_waitlist, leave_waitlist
from services.ticket.store import conferences, orders, vouchers, waiting
from services.ticket.views import Shop
from services.ticket.web import client, desk, go
from shared.errors import Conflict, NotFound, TooMany
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language

Answer = Response | tuple[str, int] | str


def ask_to_join(slug: str, admission_type: str) -> Answer:
    shop = _shop(slug)
    if all(each.code != admission_type for each in shop.sold_out()):
        shop.conference.admission_type(admission_type)
        return go(url_for("shop", slug=slug))
    return _join_page(shop, admission_type, Form())


def join(slug: str, admission_type: str) -> Answer:
    """The same answer for an address that waits already: whose it is learns it by mail, nobody else does."""
    form, shop = Form(request.form), _shop(slug)
    shop.conference.admission_type(admission_type)
    name, email = form.text("name"), form.email("email")
    if form.errors:
        return _join_page(shop, admission_type, form), 422
    try:
        join_waitlist(desk().context.database, slug, admission_type, name, email, language(), client())
    except Conflict:
        return go(url_for("shop", slug=slug))
    except TooMany as error:
        form.wrong("", _(str(error)))
        return _join_page(shop, admission_type, form), error.status
    return render_template(
        "waiting_joined.html", conference=shop.conference, type=shop.conference.admission_type(admission_type)
    )


def show_entry(entry_id: str) -> Answer:
    """Position, or the offer with its price and its time."""
    key = request.args.get("key", "")
    entry = _entry(entry_id, key)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, entry.conference_id)
        position = waiting.position_of(connection, entry)
        person = orders.people_by_id(connection, [entry.person]).get(entry.person)
        lot = vouchers.load_lot(connection, entry.lot_id) if entry.lot_id else None
        codes = vouchers.codes_of(connection, entry.lot_id) if entry.state is Waiting.OFFERED else []
    return render_template(
        "waiting.html",
        conference=conference,
        entry=entry,
        key=key,
        position=position,
        person=person,
        type=conference.admission_type(entry.admission_type),
        price=lot.price(None, conference.currency) if lot else None,
        code=next((row.code for row in codes if row.used < row.uses), ""),
        now=desk().now,
    )


def leave(entry_id: str) -> Answer:
    key = request.form.get("key", "")
    entry = _entry(entry_id, key)
    leave_waitlist(desk().context.database, entry.entry_id)
    return go(url_for("waiting_page", entry_id=entry_id, key=key))


def _entry(entry_id: str, key: str) -> Entry:
    """Raises `NotFound`, the same for a wrong id and a wrong key."""
    with desk().context.database.reading() as connection:
        entry, secret = waiting.load_entry(connection, entry_id)
    if not key or not hmac.compare_digest(secret.encode(), key.encode()):
        raise NotFound("There is no such place in a line, or the link to it is not complete.")
    return entry


def _shop(slug: str) -> Shop:
    with desk().context.database.reading() as connection:
        return views.shop(connection, slug, desk().now)


def _join_page(shop: Shop, admission_type: str, form: Form) -> str:
    return render_template(
        "waiting_join.html",
        conference=shop.conference,
        type=shop.conference.admission_type(admission_type),
        form=form,
    )
