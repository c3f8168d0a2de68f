"""Pages for organisers: lots of vouchers, made in bulk, who redeemed how many, codes as CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, render_template, request, url_for

from services.ticket.csv_out import csv_answer
from services.ticket.domain.conference import Conference
from services.ticket.domain.voucher import MOST_CODES, MOST_USES, Kind, VoucherLot, spell_code
from services.ticket.handlers import make_vouchers, record_staff_act, revoke_lot
from services.ticket.store import conferences, vouchers
from services.ticket.web import desk, go
from shared.errors import Conflict, InvalidInput, NotFound
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str
BEGINNING = {"count": "10", "uses": "1", "kind": "free"}


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>/vouchers"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (at, "organise_lots", "GET", organiser(show_lots)),
        (at, "organise_vouchers", "POST", organiser(new_vouchers)),
        (f"{at}/<lot_id>", "organise_lot", "GET", organiser(show_lot)),
        (f"{at}/<lot_id>.csv", "organise_lot_csv", "GET", organiser(download_lot)),
        (f"{at}/<lot_id>/revoke", "organise_lot_revoke", "POST", organiser(revoke)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_lots(conference_id: str) -> Answer:
    return _page(conference_id, Form(BEGINNING))


def new_vouchers(conference_id: str) -> Answer:
    staff, form = the_staff(), Form({**BEGINNING, **request.form})
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    facts = _read(form, conference)
    if facts is None:
        return _page(conference_id, form), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            lot = make_vouchers(tx, conference, **facts)
            record_staff_act(tx, staff.id, "vouchers_made", lot.lot_id, conference_id, {"count": str(lot.count)})
    except (InvalidInput, Conflict) as error:
        form.refused(InvalidInput(str(error), **error.facts))
        return _page(conference_id, form), error.status
    return go(url_for("organise_lot", conference_id=conference_id, lot_id=lot.lot_id))


def _read(form: Form, conference: Conference) -> dict[str, Any] | None:
    """What a lot is made of, or None with sentences at the fields."""
    kind = form.choice("kind", [str(each) for each in Kind])
    facts: dict[str, Any] = {
        "admission_type": form.choice("admission_type", [each.code for each in conference.admission_types]),
        "count": form.integer("count", lowest=1, highest=MOST_CODES),
        "uses": form.integer("uses", lowest=1, highest=MOST_USES),
        "note": form.text("note", required=False),
        "expires_at": form.moment("expires_at", conference.time_zone, required=False),
        "reserves": form.checked("reserves"),
    }
    if kind == Kind.PERCENT:
        facts["value"] = form.integer("percent", lowest=1, highest=99)
    elif kind == Kind.FIXED:
        price = form.money("price", conference.currency)
        facts["value"] = price.amount if price else 0
    return None if form.errors else {**facts, "kind": Kind(kind)}


def show_lot(conference_id: str, lot_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        conference, lot = _lot_of(connection, conference_id, lot_id)
        codes = vouchers.codes_of(connection, lot_id)
        users = vouchers.orders_with(connection, lot_id)
    return render_template(
        "organise/lot.html",
        conference=conference,
        lot=lot,
        codes=[(spell_code(row.code), row.used, row.uses) for row in codes],
        used=sum(row.used for row in codes),
        users=users,
        gives=_gives(lot, conference),
        now=desk().now,
        here="tickets",
    )


def download_lot(conference_id: str, lot_id: str) -> Answer:
    """The codes for a mail merge, cells neutralised."""
    with desk().context.database.reading() as connection:
        conference, lot = _lot_of(connection, conference_id, lot_id)
        codes = vouchers.codes_of(connection, lot_id)
    rows: list[list[object]] = [["code", "uses", "used", "admission_type", "kind", "value", "expires_at", "note"]]
    expires_at = lot.expires_at.isoformat() if lot.expires_at else ""
    rows += [
        [spell_code(row.code), row.uses, row.used, lot.admission_type, lot.kind, lot.value, expires_at, lot.note]
        for row in codes
    ]
    return csv_answer(rows, f"vouchers-{conference.slug}-{lot_id[-6:]}.csv")


def revoke(conference_id: str, lot_id: str) -> Answer:
    """No code works any more; who used one keeps the ticket."""
    staff = the_staff()
    with desk().context.database.transaction(staff.actor) as tx:
        _lot_of(tx.connection, conference_id, lot_id)
        revoke_lot(tx, lot_id)
        record_staff_act(tx, staff.id, "vouchers_revoked", lot_id, conference_id)
    return go(url_for("organise_lot", conference_id=conference_id, lot_id=lot_id))


def _lot_of(connection: sa.Connection, conference_id: str, lot_id: str) -> tuple[Conference, VoucherLot]:
    """Raises `NotFound` for a lot of another conference."""
    conference, lot = conferences.conference_by_id(connection, conference_id), vouchers.load_lot(connection, lot_id)
    if lot.conference_id != conference_id:
        raise NotFound("There is no such lot of vouchers.")
    return conference, lot


def _gives(lot: VoucherLot, conference: Conference) -> str:
    """What a code is worth, in a few words."""
    if lot.kind is Kind.PERCENT:
        return _("%(percent)s %% off the price that is open", percent=lot.value)
    return {
        Kind.FREE: _("free"),
        Kind.FIXED: _("at a price of its own"),
        Kind.UNLOCK: _("at the price that is open"),
    }[lot.kind]


def _page(conference_id: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        lots = vouchers.lots_of(connection, conference_id)
    return render_template(
        "organise/vouchers.html",
        conference=conference,
        lots=lots,
        used=sum(lot.used for lot in lots),
        count=sum(lot.count for lot in lots),
        form=form,
        type_options=[(each.code, each.name(language())) for each in conference.admission_types],
        kind_options=[
            ("free", _("Free")),
            ("percent", _("A percentage off")),
            ("fixed", _("A price of its own")),
            ("unlock", _("The price that is open, of a type that others cannot choose")),
        ],
        here="tickets",
    )
