"""What our mails say, fetched when they are sent: facts, links and attachments by kind of mail and id of its subject."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.ticket import views
from services.ticket.domain.order import Admission
from services.ticket.domain.voucher import spell_code
from services.ticket.domain.waitlist import Waiting
from services.ticket.keys import holder_link
from services.ticket.papers import corrections_of, files_of
from services.ticket.store import conferences, holders, invitations, orders, vouchers, waiting
from services.ticket.store.orders import Person
from services.ticket.tickets import calendar_entry, tickets_pdf
from services.ticket.views import OrderView
from services.ticket.web import Desk, order_link
from shared.errors import Gone
from shared.money import Money


def admission(at: Desk, admission_id: str) -> dict[str, Any]:
    """To an attendee: the ticket. Gone when it admits nobody any more, or the person is erased."""
    view = _view(at, admission_id=admission_id)
    seat = view.order.admission(admission_id)
    person = view.attendee(seat)
    if not view.order.admits(seat) or person is None:
        raise Gone("This ticket is void, or its holder is erased.")
    link = holder_link(at, seat)
    attachments = [
        _pdf(at, view, [seat], f"ticket-{view.order.reference}.pdf"),
        _attachment("conference.ics", "text/calendar", calendar_entry(view, person.person_id, link, at.now)),
    ]
    return {"facts": _seat_facts(view, seat, person), "links": {"admission": link}, "attachments": attachments}


def void_admission(at: Desk, admission_id: str) -> dict[str, Any]:
    """To an attendee whose ticket was cancelled: the calendar's entry goes. Gone when it admits after all, or they are erased."""
    view = _view(at, admission_id=admission_id)
    seat = view.order.admission(admission_id)
    person = view.attendee(seat)
    if view.order.admits(seat) or person is None:
        raise Gone("This ticket is valid, or its holder is erased.")
    return _farewell(at, view, seat, person)


def passed_on(at: Desk, person_id: str) -> dict[str, Any]:
    """To whom a ticket was taken over from: it is theirs no more, and the calendar's entry goes."""
    with at.context.database.reading() as connection:
        row = holders.find_person(connection, person_id)
        if row is None:
            raise Gone("They are erased.")
        view = views.order(connection, row.order_id)
    return _farewell(at, view, None, view.people[person_id])


def links(at: Desk, person_id: str) -> dict[str, Any]:
    """To somebody who lost them: the links of every order and ticket of this conference with the same address."""
    with at.context.database.reading() as connection:
        row = holders.find_person(connection, person_id)
        if row is None:
            raise Gone("They are erased.")
        theirs = holders.people_with(connection, row.conference_id, row.email)
        found = [views.order(connection, each) for each in dict.fromkeys(person.order_id for person in theirs)]
        secrets = {view.order.reference: orders.secret_of(connection, view.order.reference)[1] for view in found}
    ids = {person.person_id for person in theirs}
    listed: list[dict[str, str]] = []
    for view in found:
        reference = view.order.reference
        if view.order.buyer in ids:
            address = order_link(at.base_url, reference, secrets[reference])
            listed.append({"kind": "order", "label": reference, "link": address})
        for seat in view.order.admissions:
            if seat.attendee in ids and view.order.admits(seat):
                listed.append({"kind": "ticket", "label": reference, "link": holder_link(at, seat)})
    return {"facts": {**_conference_facts(found[0]), "listed": listed}, "links": {}, "attachments": []}


def order(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer: all tickets."""
    view = _of_buyer(at, order_id)
    seats = [each for each in view.order.admissions if view.order.admits(each)]
    if not seats:
        raise Gone("This order admits nobody any more.")
    pdf = _pdf(at, view, seats, f"tickets-{view.order.reference}.pdf")
    return {"facts": _order_facts(view), "links": _links(at, view), "attachments": [pdf, *_papers(at, view)]}


def about_order(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer, without tickets: a refund."""
    view = _of_buyer(at, order_id)
    return {"facts": _order_facts(view), "links": _links(at, view), "attachments": []}


def cancellation(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer: what was given back, with the document that corrects their invoice."""
    view = _of_buyer(at, order_id)
    papers = [_attachment(name, "application/pdf", pdf) for name, pdf in corrections_of(at, view)]
    return {"facts": _order_facts(view), "links": _links(at, view), "attachments": papers}


def names_missing(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer: whose names are still missing, with the page of each. Gone when all are named."""
    view = _of_buyer(at, order_id)
    seats = [
        each
        for each in view.order.admissions
        if view.order.admits(each) and (person := view.attendee(each)) is not None and not person.name
    ]
    if not seats:
        raise Gone("Everybody has a name.")
    listed = [{"label": _kind_of(view, seat), "link": holder_link(at, seat)} for seat in seats]
    return {"facts": {**_order_facts(view), "listed": listed}, "links": _links(at, view), "attachments": []}


def _kind_of(view: OrderView, seat: Admission) -> str:
    language = view.buyer.locale if view.buyer else "en"
    return view.conference.admission_type(seat.admission_type).name(language)


def how_to_pay(at: Desk, order_id: str) -> dict[str, Any]:
    """To the buyer, while the order waits for a transfer: account, reference, and what is missing."""
    view = _of_buyer(at, order_id)
    told = view.transfer_json()
    if told is None or view.order.pay_by is None:
        raise Gone("This order waits for no transfer.")
    facts = {
        **_order_facts(view),
        "payee": told["payee"],
        "iban": told["iban"],
        "bic": told["bic"],
        "payment_reference": told["reference"],
        "missing": _money(view.received.missing),
        "pay_by": view.order.pay_by.isoformat(),
        "company": view.billing.company,
    }
    picture = view.girocode
    attachments = [_attachment("girocode.png", "image/png", picture)] if picture else []
    attachments += _papers(at, view)
    return {"facts": facts, "links": _links(at, view), "attachments": attachments}


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


def waiting_place(at: Desk, entry_id: str) -> dict[str, Any]:
    """To somebody in the line: where they stand, and the link to their place. Gone for who is out of it."""
    with at.context.database.reading() as connection:
        entry, secret = waiting.load_entry(connection, entry_id)
        if entry.state not in (Waiting.WAITING, Waiting.OFFERED):
            raise Gone("They are not in the line any more.")
        conference = conferences.conference_by_id(connection, entry.conference_id)
        person = orders.people_by_id(connection, [entry.person]).get(entry.person)
        position = waiting.position_of(connection, entry)
    facts = {
        "conference": conference.name,
        "admission_type": conference.admission_type(entry.admission_type).name(person.locale if person else "en"),
        "position": str(position),
    }
    link = f"{at.base_url}/waiting/{entry_id}?key={secret}"
    return {"facts": facts, "links": {"waiting": link}, "attachments": []}


def invitation(at: Desk, invitation_id: str) -> dict[str, Any]:
    """To an invited person: what as, and their personal link. Gone where it was revoked, or accepted."""
    with at.context.database.reading() as connection:
        invited, secret = invitations.load_invitation(connection, invitation_id)
        voucher = vouchers.voucher_by_code(connection, invited.conference_id, invited.code)
        conference = conferences.conference_by_id(connection, invited.conference_id)
        person = orders.people_by_id(connection, [invited.person]).get(invited.person)
    if voucher is None or voucher.is_revoked or voucher.left <= 0 or person is None:
        raise Gone("This invitation was revoked or accepted, or the person is erased.")
    facts = {
        "conference": conference.name,
        "admission_type": conference.admission_type(invited.admission_type).name(person.locale),
    }
    link = f"{at.base_url}/invited/{invitation_id}?key={secret}"
    return {"facts": facts, "links": {"invitation": link}, "attachments": []}


KINDS: Mapping[str, Callable[[Desk, str], dict[str, Any]]] = {
    "admission": admission,
    "void_admission": void_admission,
    "passed_on": passed_on,
    "links": links,
    "order": order,
    "names_missing": names_missing,
    "how_to_pay": how_to_pay,
    "refund": about_order,
    "cancellation": cancellation,
    "vouchers": codes,
    "waiting": waiting_place,
    "invitation": invitation,
}


def _view(at: Desk, order_id: str = "", admission_id: str = "") -> OrderView:
    with at.context.database.reading() as connection:
        return views.order(connection, order_id or orders.order_of_admission(connection, admission_id))


def _of_buyer(at: Desk, order_id: str) -> OrderView:
    view = _view(at, order_id=order_id)
    if view.buyer is None:
        raise Gone("The buyer is erased.")
    return view


def _seat_facts(view: OrderView, seat: Admission, person: Person) -> dict[str, Any]:
    kind = view.conference.admission_type(seat.admission_type)
    return {
        **_conference_facts(view),
        "attendee": person.name,
        "admission_type": kind.name(person.locale),
        "note": kind.note(person.locale),
    }


def _farewell(at: Desk, view: OrderView, seat: Admission | None, person: Person) -> dict[str, Any]:
    """What somebody is told who does not come any more."""
    entry = calendar_entry(view, person.person_id, "", at.now, is_cancelled=True)
    facts = _seat_facts(view, seat, person) if seat else {**_conference_facts(view), "attendee": person.name}
    return {"facts": facts, "links": {}, "attachments": [_attachment("cancelled.ics", "text/calendar", entry)]}


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
    returned = [each.amount.amount for each in view.refunds] + [each.amount.amount for each in view.transfer_refunds]
    return {
        **_conference_facts(view),
        "buyer": view.buyer.name if view.buyer else "",
        "total": _money(view.order.total),
        "refund": _money(Money(sum(returned), view.order.currency)),
        "reason": view.refunds[-1].reason if view.refunds else "",
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


def _papers(at: Desk, view: OrderView) -> list[dict[str, str]]:
    return [_attachment(name, "application/pdf", pdf) for name, pdf in files_of(at, view)]


def _attachment(filename: str, content_type: str, content: bytes) -> dict[str, str]:
    return {"filename": filename, "content_type": content_type, "base64": base64.b64encode(content).decode()}


def _money(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}
