"""REST for the holder of an admission, or for whoever bought it: see it, correct the name, pass it on, have it mailed again.

The key is the secret of the holder's link or that of the order, as bearer.
"""

from __future__ import annotations

import hmac
from typing import Any

from services.ticket import dossier
from services.ticket.domain.order import Admission
from services.ticket.handlers import Holder, correct_name, resend_ticket, transfer_admission
from services.ticket.keys import NOT_YOURS, admission_link, find, holder_secret
from services.ticket.store import orders
from services.ticket.views import OrderView
from services.ticket.web import bearer, desk
from shared.errors import NotFound


def show_admission(admission_id: str) -> dict[str, Any]:
    """An admission by its holder's secret or its order's."""
    view, admission = _open(admission_id)
    person = view.attendee(admission)
    is_valid = view.order.admits(admission)
    return {
        "admission_id": admission.admission_id,
        "admission_type": admission.admission_type,
        "tier_id": admission.tier_id,
        "price": admission.price,
        "comp": admission.comp,
        "name": person.name if person else None,
        "email": person.email if person else None,
        "is_valid": is_valid,
        "reference": view.order.reference,
        "conference": view.conference.slug,
        "days": admission.days,
        "code": admission_link(desk(), admission) if is_valid else None,
    }


def change_admission(wish: dict[str, str], admission_id: str) -> dict[str, Any]:
    """Correct the holder's name. The code on the ticket stays valid."""
    _open(admission_id)
    with desk().context.database.transaction("holder") as tx:
        correct_name(tx, admission_id, wish["name"])
    return show_admission(admission_id)


def transfer(wish: dict[str, str], admission_id: str) -> dict[str, Any]:
    """Pass it on: the new holder gets the ticket by mail; the old code and the old secret open nothing any more."""
    view, _admission = _open(admission_id)
    with desk().context.database.transaction("holder") as tx:
        transfer_admission(tx, admission_id, Holder(wish["name"], wish["email"], wish["locale"]))
    return {"admission_id": admission_id, "reference": view.order.reference, "name": wish["name"]}


def resend(admission_id: str) -> dict[str, Any]:
    """Mail the ticket to its holder once more, at most three times a day."""
    view, _admission = _open(admission_id)
    with desk().context.database.transaction("holder") as tx:
        resend_ticket(tx, admission_id)
    return {"admission_id": admission_id, "reference": view.order.reference}


def show_data(admission_id: str) -> dict[str, Any]:
    """All that we know of the holder, for themselves. For data portability."""
    view, admission = _open(admission_id)
    with desk().context.database.reading() as connection:
        return dossier.of_person(connection, admission.attendee).as_json()


def _open(admission_id: str) -> tuple[OrderView, Admission]:
    """Raises `NotFound`, the same for a wrong id and a wrong secret."""
    given = bearer().encode()
    try:
        view, admission = find(admission_id)
    except NotFound as error:
        raise NotFound(NOT_YOURS) from error
    with desk().context.database.reading() as connection:
        _order_id, of_order, _locale = orders.secret_of(connection, view.order.reference)
    known = (holder_secret(desk(), admission), of_order)
    if not any(hmac.compare_digest(each.encode(), given) for each in known):
        raise NotFound(NOT_YOURS)
    return view, admission
