"""A conference is called off: everybody gets everything back, an order at a time, so that it can stop anywhere and go on."""

from __future__ import annotations

from datetime import timedelta

from services.ticket.domain.order import State
from services.ticket.handlers.cancelling import cancel_paid
from services.ticket.handlers.context import record_staff_act
from services.ticket.handlers.ending import lapse
from services.ticket.handlers.refunding import paid_and_kept
from services.ticket.store import conferences, disputes, orders, payments
from shared.database import Transaction
from shared.errors import Conflict, InvalidInput
from shared.events.ticketing import ConferenceCalledOff
from shared.service import Timer

CALLED_OFF = "called_off"
LOOK_AGAIN = timedelta(minutes=1)
"""Orders that cannot end yet (Stripe is to say whether a checkout was paid, a bank decides a dispute) are looked at again."""
LONGEST_REASON = 500


def call_off(tx: Transaction, staff_id: str, conference_id: str, reason: str) -> None:
    """Stop the sale for good and begin to give everything back. Raises `Conflict` where that was done before."""
    if not reason.strip():
        raise InvalidInput("Say why: everybody is told.", errors={"reason": ["Please fill this in."]})
    conference = conferences.conference_by_id(tx.connection, conference_id)
    if conference.called_off_at is not None:
        raise Conflict(f"{conference.name} was called off already.")
    conference.called_off_at = tx.now
    conferences.save_conference(tx, conference)
    tx.publish(ConferenceCalledOff(conference_id=conference_id, reason=reason.strip()[:LONGEST_REASON]))
    tx.schedule("call_off", conference_id, tx.now)
    record_staff_act(tx, staff_id, "conference_called_off", conference_id, conference_id)


def give_next_back(timer: Timer, tx: Transaction) -> None:
    """One order, then the next one; from the beginning again while some could not end yet."""
    conference_id, after = timer.subject, timer.facts.get("after", "")
    order_id = orders.next_standing(tx.connection, conference_id, after)
    if order_id is None:
        if after and orders.next_standing(tx.connection, conference_id, "") is not None:
            tx.schedule("call_off", conference_id, tx.now + LOOK_AGAIN)
        return
    order = orders.lock_order(tx, order_id)
    if order.state == State.HELD and payments.session_of(tx.connection, order_id) is not None:
        tx.schedule("expire_session", order_id, tx.now, {"reason": CALLED_OFF})
    elif order.state in (State.HELD, State.PLACED):
        lapse(tx, order, CALLED_OFF)
    elif order.state == State.PAID and not any(
        each.closed_at is None for each in disputes.disputes_of(tx.connection, order_id)
    ):
        ids = [each.admission_id for each in order.live_admissions]
        cancel_paid(tx, order, ids, CALLED_OFF, paid_and_kept(tx, order))
    tx.schedule("call_off", conference_id, tx.now, {"after": order_id})
