"""The page of one ticket, behind the address in its QR code: for its holder, and for whoever checks it at the door."""

from __future__ import annotations

import segno
from flask import Response, render_template

from services.ticket import views
from services.ticket.domain.order import Admission, State
from services.ticket.pages.orders import ticket_pdf
from services.ticket.store import orders
from services.ticket.tickets import calendar_entry
from services.ticket.views import OrderView
from services.ticket.web import admission_link, desk
from shared.errors import Gone, NotFound

Answer = Response | tuple[str, int] | str


def show_admission(token: str) -> Answer:
    view, admission = _find(token)
    is_valid = view.order.state == State.PAID
    page = render_template(
        "admission.html",
        view=view,
        admission=admission,
        person=view.attendee(admission),
        conference=view.conference,
        is_valid=is_valid,
        token=token,
        qr=_qr(admission_link(desk(), admission.admission_id)) if is_valid else "",
    )
    return page, 200 if is_valid else 410


def download_ticket(token: str) -> Answer:
    view, admission = _valid(token)
    return ticket_pdf({"admission_id": admission.admission_id}, f"ticket-{view.order.reference}.pdf")


def download_entry(token: str) -> Answer:
    """The days of the conference for a calendar."""
    view, admission = _valid(token)
    entry = calendar_entry(view, admission, admission_link(desk(), admission.admission_id))
    return Response(entry, 200, {"Content-Disposition": 'attachment; filename="conference.ics"'}, "text/calendar")


def _qr(text: str) -> str:
    """As a picture in the page: black on white with the white around it that cameras need, in dark mode too."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True))


def _find(token: str) -> tuple[OrderView, Admission]:
    """Raises `Unauthorized` for a token that is not ours."""
    admission_id = str(desk().tickets.verify(token, desk().now).get("a", ""))
    with desk().context.database.reading() as connection:
        view = views.order(connection, orders.order_of_admission(connection, admission_id))
    for admission in view.order.admissions:
        if admission.admission_id == admission_id:
            return view, admission
    raise NotFound("There is no such ticket.")


def _valid(token: str) -> tuple[OrderView, Admission]:
    view, admission = _find(token)
    if view.order.state != State.PAID:
        raise Gone("This ticket is not valid any more: its order was cancelled.")
    return view, admission
