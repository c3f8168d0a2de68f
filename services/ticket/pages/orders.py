"""The page of an order: hold with its countdown, payment, tickets, cancellation. Whoever has its link holds it."""

from __future__ import annotations

import base64

from flask import Response, render_template, request, url_for

from services.ticket import views
from services.ticket.domain.errors import HoldExpired
from services.ticket.domain.order import State
from services.ticket.handlers import begin_payment, cancel_order, quote, return_from_stripe
from services.ticket.store import documents
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
    return _cancel_page(view)


def cancel(reference: str) -> Answer:
    """The tickets that were chosen, at no less than was shown."""
    order_id = order_of_browser(reference)
    chosen = request.form.getlist("admission")
    seen = request.form.get("percent", "")
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
    if view.order.state == State.PAID and not chosen:
        return _cancel_page(view, _("Choose the tickets that you want to give back.")), 422
    try:
        cancel_order(
            desk().context.database,
            order_id,
            admission_ids=chosen if view.order.state == State.PAID else None,
            seen_percent=int(seen) if seen.isdecimal() and len(seen) <= 3 else None,
        )
    except Conflict as error:
        with desk().context.database.reading() as connection:
            view = views.order(connection, order_id)
        return _cancel_page(view, _refusal(view, error)), error.status
    return go(url_for("order_page", reference=reference))


def _refusal(view: views.OrderView, error: Conflict) -> str:
    if "percent" in error.facts:
        return _("What goes back has become less while you were reading. Nothing is cancelled yet.")
    return _("This cannot be cancelled any more. Nothing was changed.")


def _cancel_page(view: views.OrderView, wrong: str = "") -> str:
    terms = quote(view.conference, desk().now)
    return render_template(
        "cancel.html",
        view=view,
        order=view.order,
        conference=view.conference,
        terms=terms,
        is_over=view.order.state == State.PAID and desk().now >= view.conference.doors_at,
        chosen=request.form.getlist("admission") or [each.admission_id for each in view.order.live_admissions],
        wrong=wrong,
    )


def ticket_pdf(what: dict[str, str], filename: str) -> Response:
    """A PDF from our own worker: setting type needs memory that web processes shall not take."""
    return made_pdf("/tickets", what, filename)


def made_pdf(path: str, what: dict[str, str], filename: str) -> Response:
    """What our worker sets at an internal address."""
    made = desk().runtime.internal("ticket").post(path, what)
    disposition = f'attachment; filename="{filename}"'
    return Response(base64.b64decode(made["base64"]), 200, {"Content-Disposition": disposition}, "application/pdf")


def _page(order_id: str, notice: str = "") -> str:
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
        papers = documents.documents_of(connection, order_id) if view.billing.is_asked_for else []
    return render_template(
        "order.html",
        view=view,
        order=view.order,
        conference=view.conference,
        notice=notice,
        girocode=_picture(view.girocode),
        papers=papers,
        now=desk().now,
    )


def _exchanged(target: str, reference: str, key: str) -> Response:
    return remember_order(go(target), reference.upper(), key)


def _picture(png: bytes | None) -> str:
    """For a page: an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""
