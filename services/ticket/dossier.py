"""All that the ticket service knows of one person: for whoever asks for their own data, and for staff who answer such a question.

A person is met once for each order and seat; they are one person where the address is the same, within one conference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from services.ticket import views
from services.ticket.domain.billing import Billing
from services.ticket.store import check_ins, holders, orders
from services.ticket.store.check_ins import CheckIn
from services.ticket.store.orders import Person
from services.ticket.store.transfers import billing_of
from services.ticket.views import OrderView


@dataclass(frozen=True, slots=True)
class Dossier:
    """`people` are the rows that name them, `orders` what they bought or are to attend by, with consents and billing beside."""

    people: tuple[Person, ...]
    orders: tuple[OrderView, ...]
    consents: tuple[dict[str, Any], ...]
    billing: tuple[Billing, ...]
    waiting: tuple[Any, ...] = ()
    scans: tuple[CheckIn, ...] = ()
    """When and where their tickets were held out at the door."""

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(each.person_id for each in self.people)

    def bought(self) -> list[OrderView]:
        return [view for view in self.orders if view.order.buyer in self.ids]

    def seats(self) -> list[tuple[OrderView, Any]]:
        return [(view, seat) for view in self.orders for seat in view.order.admissions if seat.attendee in self.ids]

    def as_json(self) -> dict[str, Any]:
        """Amounts in minor units, instants in UTC. What belongs to others on the same order is left out."""
        accepted = {view.order.order_id: texts for view, texts in zip(self.orders, self.consents, strict=True)}
        billed = {view.order.order_id: asdict(facts) for view, facts in zip(self.orders, self.billing, strict=True)}
        return {
            "people": [
                {
                    "id": each.person_id,
                    "name": each.name,
                    "email": each.email,
                    "language": each.locale,
                    "company": each.company,
                    "country": each.country,
                }
                for each in self.people
            ],
            "orders": [
                {
                    "reference": view.order.reference,
                    "conference": view.conference.name,
                    "status": str(view.order.state),
                    "created_at": view.order.created_at.isoformat(),
                    "paid_at": view.order.paid_at.isoformat() if view.order.paid_at else None,
                    "total": {"amount": view.order.total.amount, "currency": view.order.total.currency},
                    "payment_method": view.order.payment_method,
                    "voucher": view.order.voucher_code,
                    "accepted_texts": accepted[view.order.order_id],
                    "billing": billed[view.order.order_id],
                    "payments": [
                        {
                            "amount": {"amount": each.amount.amount, "currency": each.amount.currency},
                            "received_at": each.received_at.isoformat(),
                        }
                        for each in view.payments
                    ],
                }
                for view in self.bought()
            ],
            "tickets": [
                {
                    "admission_id": seat.admission_id,
                    "order": view.order.reference,
                    "conference": view.conference.name,
                    "days": [each.isoformat() for each in seat.days],
                    "admission_type": seat.admission_type,
                    "price": {"amount": seat.price.amount, "currency": seat.price.currency},
                    "is_valid": view.order.admits(seat),
                    "student_check": str(seat.student_check),
                    "scans": [
                        {"point": scan.point, "at": scan.scanned_at.isoformat(), "let_in": scan.let_in}
                        for scan in self.scans
                        if scan.admission_id == seat.admission_id
                    ],
                }
                for view, seat in self.seats()
            ],
            "waiting": [
                {"admission_type": each.admission_type, "joined_at": each.joined_at.isoformat(), "state": each.state}
                for each in self.waiting
            ],
        }


def by_address(connection: sa.Connection, conference_id: str, email: str) -> Dossier:
    """Everything of this address in one conference's orders and waiting lists."""
    rows = holders.people_with(connection, conference_id, email)
    known = _dossier(connection, (row.order_id for row in rows), {row.person_id for row in rows})
    waiting = holders.waiting_with(connection, conference_id, email)
    people = orders.people_by_id(connection, [each.person for each in waiting]).values()
    return replace(known, people=(*known.people, *people), waiting=tuple(waiting))


def of_person(connection: sa.Connection, person_id: str) -> Dossier:
    """What one order knows of a person of it, also where it names them twice by the same address. Empty for an erased one."""
    same = holders.same_person(connection, person_id)
    return _dossier(connection, (holders.find_person(connection, each).order_id for each in same[:1]), set(same))


def _dossier(connection: sa.Connection, order_ids: Iterable[str], ids: set[str]) -> Dossier:
    found: Sequence[OrderView] = [views.order(connection, each) for each in dict.fromkeys(order_ids)]
    people = [person for view in found for person in view.people.values() if person.person_id in ids]
    order_ids = [view.order.order_id for view in found]
    seats = [seat.admission_id for view in found for seat in view.order.admissions if seat.attendee in ids]
    return Dossier(
        tuple(people),
        tuple(found),
        tuple(orders.consents_of(connection, each) for each in order_ids),
        tuple(billing_of(connection, each) for each in order_ids),
        scans=tuple(check_ins.scans_of(connection, seats)),
    )
