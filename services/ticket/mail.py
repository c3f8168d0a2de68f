"""What our mails say, fetched when they are sent: facts, links and attachments by kind of mail and id of its subject."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.ticket import views
from services.ticket.domain.order import Admission, State
from services.ticket.domain.voucher import spell_code
from services.ticket.store import conferences, orders, vouchers
from services.ticket.tickets import calendar_entry, tickets_pdf
from services.ticket.views import OrderView
from services.ticket.web import Desk, admission_link, order_link
from shared.errors import Gone
from shared.money import Money


def admission(at: Desk, admission_id: str) -> dict[str, Any]:
    """To an attendee: the ticket. Gone when it admits nobody any more, or the person is erased."""
    view = _view(at, admission_id=admission_id)
    seat = next(each for each in view.order.admissions if each.admission_id == admission_id)
    person = view.attendee(seat)
    if view.order.state != State.PAID or person is None:
        raise Gone("This ticket is void, or its holder is erased.")
    link = admission_link(at, admission_id)
    language = person.locale
    facts = {
        **_conference_facts(view),
        "attendee": person.name,
        "admission_type": view.conference.admission_type(seat.admission_type).name(language),
        "note": view.conference.admission_type(seat.admission_type).note(language),
    }
    attachments = [
        _pdf(at, view, [seat], f"ticket-{view.order.reference}.pdf"),
        _attachment("conference.ics", "text/calendar", calendar_entry(view, seat, link)),
    ]
    return {"facts": facts, "links": {"admission": link}, "attachments": attachments}


def order(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer: all tickets."""
    view = _of_buyer(at, order_id)
    if view.order.state != State.PAID:
        raise Gone("This order admits nobody any more.")
    pdf = _pdf(at, view, view.order.admissions, f"tickets-{view.order.reference}.pdf")
    return {"facts": _order_facts(view), "links": _links(at, view), "attachments": [pdf]}


def about_order(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer, without tickets: a cancellation or a refund."""
    view = _of_buyer(at, order_id)
    return {"facts": _order_facts(view), "links": _links(at, view), "attachments": []}


def codes(at: Desk, lot_id: str) -> dict[str, Any]:
    """To a sponsor's contact: the codes, which are on no topic."""
    with at.context.database.reading() as connection:
        lot = vouchers.load_lot(connection, lot_id)
        if lot.revoked_at is not None:
            raise Gone("These vouchers were revoked.")
        conference = conferences.conference_by_id(connection, lot.conference_id)
        unused = [spell_code(row.code) for row in vouchers.codes_of(connection, lot_id) if row.used < row.uses]
    facts = {
        "codes": ", ".join(unused),
        "count": str(lot.count),
        "conference": conference.name,
        "place": conference.place,
        "first_day": conference.days[0].isoformat(),
        "last_day": conference.days[-1].isoformat(),
        "reply_to": conference.reply_to,
        "admission_type": conference.admission_type(lot.admission_type).name_en,
    }
    return {"facts": facts, "links": {"shop": f"{at.base_url}/{conference.slug}/"}, "attachments": []}


KINDS: Mapping[str, Callable[[Desk, str], dict[str, Any]]] = {
    "admission": admission,
    "order": order,
    "refund": about_order,
    "cancellation": about_order,
    "vouchers": codes,
}


def _view(at: Desk, order_id: str = "", admission_id: str = "") -> OrderView:
    with at.context.database.reading() as connection:
        return views.order(connection, order_id or orders.order_of_admission(connection, admission_id))


def _of_buyer(at: Desk, order_id: str) -> OrderView:
    view = _view(at, order_id=order_id)
    if view.buyer is None:
        raise Gone("The buyer is erased.")
    return view


def _conference_facts(view: OrderView) -> dict[str, Any]:
    conference = view.conference
    return {
        "reference": view.order.reference,
        "conference": conference.name,
        "place": conference.place,
        "days": ", ".join(each.isoformat() for each in conference.days),
        "first_day": conference.days[0].isoformat(),
        "last_day": conference.days[-1].isoformat(),
        "doors_at": conference.doors_at.isoformat(),
        "time_zone": conference.time_zone,
        "reply_to": conference.reply_to,
    }


def _order_facts(view: OrderView) -> dict[str, Any]:
    names = [person.name for each in view.order.admissions if (person := view.attendee(each))]
    returned = [payment.amount.amount for payment in view.payments if payment.refund_reason is not None]
    return {
        **_conference_facts(view),
        "buyer": view.buyer.name if view.buyer else "",
        "total": _money(view.order.total),
        "refund": _money(Money(sum(returned), view.order.currency)),
        "reason": next((each.refund_reason or "" for each in reversed(view.payments) if each.refund_reason), ""),
        "count": str(len(view.order.admissions)),
        "attendees": ", ".join(names),
    }


def _links(at: Desk, view: OrderView) -> dict[str, str]:
    with at.context.database.reading() as connection:
        _, secret, _ = orders.secret_of(connection, view.order.reference)
    return {
        "order": order_link(at.base_url, view.order.reference, secret),
        "shop": f"{at.base_url}/{view.conference.slug}/",
    }


def _pdf(at: Desk, view: OrderView, seats: Sequence[Admission], filename: str) -> dict[str, str]:
    return _attachment(filename, "application/pdf", tickets_pdf(at, view, seats))


def _attachment(filename: str, content_type: str, content: bytes) -> dict[str, str]:
    return {"filename": filename, "content_type": content_type, "base64": base64.b64encode(content).decode()}


def _money(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}
