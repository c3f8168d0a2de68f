"""The page of one ticket, behind the address in its QR code: for its holder, and for whoever checks it at the door."""

from __future__ import annotations

from flask import Response, render_template, url_for

from services.ticket.domain.order import Admission
from services.ticket.doorkeeping import helper_here
from services.ticket.keys import admission_link, admission_of_code
from services.ticket.pages.holders import qr_picture
from services.ticket.pages.orders import ticket_pdf
from services.ticket.tickets import calendar_entry
from services.ticket.views import OrderView
from services.ticket.web import desk, go
from shared.errors import Gone

Answer = Response | tuple[str, int] | str


def show_admission(token: str) -> Answer:
    helper = helper_here()
    if helper is not None:
        return go(url_for("door", code=token))
    view, admission = admission_of_code(token)
    is_valid = view.order.admits(admission)
    page = render_template(
        "admission.html",
        view=view,
        admission=admission,
        person=view.attendee(admission),
        conference=view.conference,
        is_valid=is_valid,
        token=token,
        qr=qr_picture(admission_link(desk(), admission)) if is_valid else "",
    )
    return page, 200 if is_valid else 410


def download_ticket(token: str) -> Answer:
    view, admission = _valid(token)
    return ticket_pdf({"admission_id": admission.admission_id}, f"ticket-{view.order.reference}.pdf")


def download_entry(token: str) -> Answer:
    """The days of the conference for a calendar."""
    view, admission = _valid(token)
    entry = calendar_entry(view, admission.attendee, admission_link(desk(), admission), desk().now)
    return Response(entry, 200, {"Content-Disposition": 'attachment; filename="conference.ics"'}, "text/calendar")


def _valid(token: str) -> tuple[OrderView, Admission]:
    view, admission = admission_of_code(token)
    if not view.order.admits(admission):
        raise Gone("This ticket is not valid any more: its order was cancelled.")
    return view, admission
