"""Attendees whom a company names later: their tickets come to the buyer, who is reminded before doors."""

from __future__ import annotations

from datetime import timedelta

from services.ticket.domain.conference import Conference
from services.ticket.domain.order import Order, person_ref
from services.ticket.store import conferences, orders
from shared.database import Transaction
from shared.events.ticketing import NamesMissing
from shared.service import Timer

DAYS_BEFORE_DOORS = timedelta(days=10)
"""Three days before the caterer must know the number and badges are printed."""


def remind_later(tx: Transaction, conference: Conference, order_id: str) -> None:
    """Somebody of the order has no name yet. Who orders after that time is not reminded: they have just been asked."""
    remind_at = conference.doors_at - DAYS_BEFORE_DOORS
    if remind_at > tx.now + timedelta(days=1):
        tx.schedule("ask_for_names", order_id, remind_at)


def ask_for_names(timer: Timer, tx: Transaction) -> None:
    """The doors are near. Says nothing where all have a name by now, or the order admits nobody."""
    order = orders.lock_order(tx, timer.subject)
    conference = conferences.conference_by_id(tx.connection, order.conference_id)
    if (count := len(nameless(tx, order))) and conference.called_off_at is None:
        tx.publish(
            NamesMissing(
                conference_id=order.conference_id,
                order_id=order.order_id,
                reference=order.reference,
                buyer=person_ref(order.buyer),
                count=count,
            )
        )


def nameless(tx: Transaction, order: Order) -> list[str]:
    """Ids of its admissions that somebody will come with, and nobody knows who."""
    known = orders.people_of(tx.connection, order.order_id)
    return [
        each.admission_id
        for each in order.admissions
        if order.admits(each) and (person := known.get(each.attendee)) is not None and not person.name
    ]
