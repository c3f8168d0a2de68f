"""The keys of one admission: the signed code on a ticket, for the door, and the secret link of its holder, for changing things.

Both name the admission's generation and are made of our own secret, so nothing is stored: when a ticket changes hands, the
generation rises, and what the one before had opens nothing any more.
"""

from __future__ import annotations

import hmac

from flask import Response

from services.ticket import views
from services.ticket.domain.order import Admission
from services.ticket.store import orders
from services.ticket.views import OrderView
from services.ticket.web import Desk, desk, held_orders, kept_in_cookie, order_by_secret, remember_in_cookie
from shared.errors import Forbidden, Gone, NotFound

COOKIE = "tickets"
NOT_YOURS = "There is no such ticket, or the link to it is not complete or no longer yours."


def admission_link(at: Desk, admission: Admission) -> str:
    """The address in a ticket's QR code. It holds until the ticket changes hands: a ticket is printed."""
    return f"{at.base_url}/admissions/{code_of(at, admission.admission_id, admission.generation)}"


def code_of(at: Desk, admission_id: str, generation: int) -> str:
    """The signed part of it, always the same for the same holder."""
    return at.tickets.sign({"a": admission_id, **({"g": generation} if generation else {})})


def admission_of_code(token: str) -> tuple[OrderView, Admission]:
    """Whose ticket a code is. Raises `Unauthorized` for one that is not ours, `Gone` where the ticket was passed on."""
    claims = desk().tickets.verify(token, desk().now)
    view, admission = find(str(claims.get("a", "")))
    if claims.get("g", 0) != admission.generation:
        raise Gone("This ticket was passed on: somebody else holds it now.")
    return view, admission


def holder_secret(at: Desk, admission: Admission) -> str:
    return at.runtime.signer("ticket.holder").digest(f"{admission.admission_id}.{admission.generation}")


def holder_link(at: Desk, admission: Admission) -> str:
    """The secret link to one admission: opened once, it becomes a cookie."""
    return f"{at.base_url}/tickets/{admission.admission_id}?key={holder_secret(at, admission)}"


def find(admission_id: str) -> tuple[OrderView, Admission]:
    """Raises `NotFound`."""
    with desk().context.database.reading() as connection:
        view = views.order(connection, orders.order_of_admission(connection, admission_id))
    return view, view.order.admission(admission_id)


def by_secret(admission_id: str, secret: str) -> tuple[OrderView, Admission]:
    """The admission that this secret opens. Raises `NotFound`, the same for a wrong id and a wrong secret."""
    try:
        view, admission = find(admission_id)
    except NotFound as error:
        raise NotFound(NOT_YOURS) from error
    if not hmac.compare_digest(holder_secret(desk(), admission).encode(), secret.encode()):
        raise NotFound(NOT_YOURS)
    return view, admission


def of_browser(admission_id: str) -> tuple[OrderView, Admission, bool]:
    """An admission whose link, or whose order's link, was opened in this browser; and whether it is the buyer who asks.

    Raises `Forbidden` with what to do.
    """
    if secret := kept_in_cookie(COOKIE).get(admission_id, ""):
        try:
            view, admission = by_secret(admission_id, secret)
        except NotFound as error:
            raise Forbidden("This link is not yours any more: the ticket was passed on.") from error
        return view, admission, view.order.reference in held_orders()
    if held_orders():
        view, admission = find(admission_id)
        if key := held_orders().get(view.order.reference, ""):
            order_by_secret(view.order.reference, key)
            return view, admission, True
    raise Forbidden("Open this page by the link in your mail: it is the key to your ticket.")


def remember(response: Response, admission_id: str, secret: str) -> Response:
    """Exchange a secret for a cookie, so that it is kept in no address."""
    return remember_in_cookie(response, COOKIE, admission_id, secret)
