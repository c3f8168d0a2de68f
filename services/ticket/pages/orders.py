"""The page of an order: hold with its countdown, payment, tickets, cancellation. Whoever has its link holds it."""

from __future__ import annotations

import base64

from flask import Response, render_template, request, url_for

from services.ticket import views
from services.ticket.domain.errors import HoldExpired
from services.ticket.domain.order import State
from services.ticket.handlers import begin_payment, cancel_order, return_from_stripe
from services.ticket.web import desk, go, order_by_secret, order_of_browser, remember_order
from shared.errors import Conflict, Unavailable
from shared.web.i18n import gettext as _

Answer = Response | tuple[str, int] | str


def show_order(reference: str) -> Answer:
    """By the secret link (which becomes a cookie and leaves the address), or by that cookie."""
    if key := request.args.get("key"):
        order_by_secret(reference, key)
        return _exchanged(url_for("order_page", reference=reference), reference, key)
    return _page(order_of_browser(reference))


def pay(reference: str) -> Answer:
    """Lead to Stripe's page, which is made at the first visit. While Stripe is away the tickets stay held."""
    key = request.args.get("key")
    order_id = order_by_secret(reference, key) if key else order_of_browser(reference)
    try:
        url = begin_payment(desk().context, order_id)
    except HoldExpired:
        answer = Response(_page(order_id), 410)
    except Conflict:
        answer = go(url_for("order_page", reference=reference))
    except Unavailable:
        notice = _("The payment page does not answer just now. Your tickets stay yours: please try again in a minute.")
        answer = Response(_page(order_id, notice), 503, {"Retry-After": "30"})
    else:
        answer = go(url)
    return remember_order(answer, reference, key) if key else answer


def come_back(reference: str) -> Answer:
    """Back from Stripe: ask whether it was paid, then show the order."""
    order_id = order_of_browser(reference)
    state = return_from_stripe(desk().context, order_id)
    if state == State.HELD:
        return _page(order_id, _("Your payment is on its way to us. This page will show the tickets in a moment."))
    return go(url_for("order_page", reference=reference))


def download_tickets(reference: str) -> Answer:
    """All tickets of a paid order in one PDF."""
    return ticket_pdf({"order_id": order_of_browser(reference)}, f"tickets-{reference.upper()}.pdf")


def ask_to_cancel(reference: str) -> Answer:
    order_id = order_of_browser(reference)
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
    if view.order.state not in (State.HELD, State.PLACED, State.PAID):
        return go(url_for("order_page", reference=reference))
    return render_template("cancel.html", view=view, order=view.order, conference=view.conference)


def cancel(reference: str) -> Answer:
    cancel_order(desk().context.database, order_of_browser(reference))
    return go(url_for("order_page", reference=reference))


def ticket_pdf(what: dict[str, str], filename: str) -> Response:
    """A PDF from our own worker: setting type needs memory that web processes shall not take."""
    made = desk().runtime.internal("ticket").post("/tickets", what)
    disposition = f'attachment; filename="{filename}"'
    return Response(base64.b64decode(made["base64"]), 200, {"Content-Disposition": disposition}, "application/pdf")


def _page(order_id: str, notice: str = "") -> str:
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
    return render_template(
        "order.html",
        view=view,
        order=view.order,
        conference=view.conference,
        notice=notice,
        girocode=_picture(view.girocode),
        now=desk().now,
    )


def _exchanged(target: str, reference: str, key: str) -> Response:
    return remember_order(go(target), reference.upper(), key)


def _picture(png: bytes | None) -> str:
    """For a page: an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""
