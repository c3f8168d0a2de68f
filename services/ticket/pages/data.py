"""What we know of the person who asks: to read, to take along, to have erased. From the page of a ticket or of an order."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Response, render_template, url_for

from services.ticket import dossier
from services.ticket.dossier import Dossier
from services.ticket.handlers import erase_from_order
from services.ticket.keys import of_browser
from services.ticket.views import OrderView
from services.ticket.views import order as order_view
from services.ticket.web import desk, go, order_of_browser
from shared.errors import Conflict
from shared.web.i18n import gettext as _

Answer = Response | tuple[str, int] | str


def _of_ticket(admission_id: str) -> tuple[OrderView, str]:
    view, admission, _is_buyer = of_browser(admission_id)
    return view, admission.attendee


def _of_order(reference: str) -> tuple[OrderView, str]:
    with desk().context.database.reading() as connection:
        view = order_view(connection, order_of_browser(reference))
    return view, view.order.buyer


def show_of_ticket(admission_id: str) -> Answer:
    return _show(*_of_ticket(admission_id), url_for("ticket", admission_id=admission_id))


def show_of_order(reference: str) -> Answer:
    return _show(*_of_order(reference), url_for("order_page", reference=reference))


def take_of_ticket(admission_id: str) -> Answer:
    return as_file(_load(_of_ticket(admission_id)[1]))


def take_of_order(reference: str) -> Answer:
    return as_file(_load(_of_order(reference)[1]))


def erase_of_ticket(admission_id: str) -> Answer:
    return _erase(_of_ticket, admission_id, url_for("ticket", admission_id=admission_id))


def erase_of_order(reference: str) -> Answer:
    return _erase(_of_order, reference, url_for("order_page", reference=reference))


def as_file(known: Dossier) -> Response:
    text = json.dumps(known.as_json(), ensure_ascii=False, indent=2)
    return Response(
        text, 200, {"Content-Disposition": 'attachment; filename="my-data.json"'}, content_type="application/json"
    )


def _erase(find: Callable[[str], tuple[OrderView, str]], name: str, back: str) -> Answer:
    view, person_id = find(name)
    try:
        with desk().context.database.transaction("holder") as tx:
            erase_from_order(tx, view.order.order_id, person_id)
    except Conflict as error:
        return _show(view, person_id, back, problem=_(str(error))), error.status
    return go(back)


def _load(person_id: str) -> Dossier:
    with desk().context.database.reading() as connection:
        return dossier.of_person(connection, person_id)


def _show(view: OrderView, person_id: str, back: str, problem: str = "") -> str:
    return render_template(
        "ticket/data.html",
        known=_load(person_id),
        order=view.order,
        conference=view.conference,
        back=back,
        problem=problem,
        is_over=desk().now >= view.conference.ends_at,
    )
