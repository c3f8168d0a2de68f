"""Finance's page about the account at Stripe: each night's comparison with the ledger, and what to do about a difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, render_template, request, url_for

from services.ticket.csv_out import csv_answer
from services.ticket.domain.reconciliation import Wrong
from services.ticket.handlers import compare_now, record_staff_act
from services.ticket.postings import posting_rows
from services.ticket.store import conferences, movements
from services.ticket.web import desk, go
from shared.web.i18n import N_
from shared.web.i18n import gettext as _
from shared.web.staff import EVERYWHERE, require, staff_only

Answer = Response | tuple[str, int] | str
ZONE = "UTC"
"""Of a house that has no conference yet."""

WHAT: Mapping[str, str] = {
    "charge": N_("payment"),
    "refund": N_("refund"),
    "refund_failed": N_("refund that came back"),
    "dispute": N_("dispute"),
    "dispute_won": N_("won dispute"),
    "payout": N_("payout"),
    "payout_failed": N_("payout that came back"),
}
WRONG: Mapping[Wrong, str] = {
    Wrong.MISSING_HERE: N_("missing here"),
    Wrong.MISSING_AT_STRIPE: N_("missing at Stripe"),
    Wrong.AMOUNT: N_("another amount"),
    Wrong.DOUBLED_HERE: N_("doubled here"),
    Wrong.DOUBLED_AT_STRIPE: N_("doubled at Stripe"),
}
REMEDY: Mapping[Wrong, str] = {
    Wrong.MISSING_HERE: N_(
        "Look it up at Stripe. If it belongs to an order here, send its webhook again from there; "
        "else somebody else uses this account."
    ),
    Wrong.MISSING_AT_STRIPE: N_(
        "We booked what Stripe does not list. Look at the order and at the key of the account: was it changed?"
    ),
    Wrong.AMOUNT: N_("Compare both at Stripe's page of this movement, and have the tax adviser book the rest."),
    Wrong.DOUBLED_HERE: N_(
        "It was booked more than once: have the tax adviser reverse one, and report this as a fault."
    ),
    Wrong.DOUBLED_AT_STRIPE: N_("Stripe moved it more than once: refund one there, or ask Stripe's support."),
}


def install(app: Flask) -> None:
    finance = staff_only("finance")
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        ("/organise/stripe", "stripe_days", "GET", finance(show_days)),
        ("/organise/stripe", "compare_stripe", "POST", finance(compare_days)),
        ("/organise/stripe/postings.csv", "house_postings", "GET", finance(download_postings)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method])


def show_days() -> Answer:
    """The account is the house's, so only finance of the whole house sees it."""
    require(EVERYWHERE, "finance")
    with desk().context.database.reading() as connection:
        days = movements.days(connection)
    return render_template(
        "organise/stripe.html",
        days=days,
        names={name: _(text) for name, text in WHAT.items()},
        wrong={name: _(text) for name, text in WRONG.items()},
        remedy={name: _(text) for name, text in REMEDY.items()},
        asked="asked" in request.args,
        here="tickets",
    )


def compare_days() -> Answer:
    staff = require(EVERYWHERE, "finance")
    with desk().context.database.transaction(staff.actor) as tx:
        compare_now(tx, _zone(tx.connection))
        record_staff_act(tx, staff.id, "stripe_compared", "stripe", "")
    return go(url_for("stripe_days", asked=1))


def download_postings() -> Answer:
    """What belongs to no conference: payouts, and fees of the account. For the tax adviser, beside each conference's."""
    require(EVERYWHERE, "finance")
    with desk().context.database.reading() as connection:
        rows = movements.postings_of_house(connection)
        zone = _zone(connection)
    return csv_answer(posting_rows(rows, {}, {}, zone), "postings-stripe.csv")


def _zone(connection: Any) -> str:
    """Where the last comparison's day was, else that of the first conference."""
    seen, known = movements.days(connection, 1), conferences.list_conferences(connection)
    return seen[0].time_zone if seen else known[0].time_zone if known else ZONE
