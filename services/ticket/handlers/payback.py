"""Money that goes back by bank transfer: a task for a person, done when the bank shows it.

No interface of a bank gives it back by itself. Whom to pay is taken from the statement where that is known, else typed by finance.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time

from services.ticket.domain.ledger import post
from services.ticket.domain.local_time import at_local
from services.ticket.domain.order import Order, person_ref
from services.ticket.domain.transfer import order_reference
from services.ticket.handlers.context import record_staff_act
from services.ticket.store import conferences, orders, payments, transfers
from services.ticket.store.transfers import TransferRefund
from shared.database import Transaction
from shared.documents.reference import checked_iban
from shared.errors import Conflict, InvalidInput
from shared.events.sponsorship import RefundTransferred
from shared.events.ticketing import PaymentRefunded, RefundRequested
from shared.money import Money, total
from shared.wire import Envelope

NOON = time(12)
"""The time of day that bookings of a bank, which have only a day, get in the ledger."""


def kept(tx: Transaction, order: Order) -> Money:
    """What came by transfer and is not asked back yet."""
    came = total((each.amount for each in transfers.transfers_of(tx.connection, order.order_id)), order.currency)
    back = total((each.amount for each in transfers.refunds_of(tx.connection, order.order_id)), order.currency)
    return came - back


def ask_back(tx: Transaction, order: Order, amount: Money, reason: str) -> None:
    """Have some of it transferred back. `reason`: cancelled, late, partial, doubled, overpaid. The order is locked.

    Raises `InvalidInput` for more than is there.
    """
    if not 0 < amount.amount <= kept(tx, order).amount:
        raise InvalidInput("No more goes back than was paid.")
    ask_by_transfer(tx, order, amount, reason)


def ask_by_transfer(tx: Transaction, order: Order, amount: Money, reason: str) -> None:
    """Have money transferred that a locked order is owed, whatever way it came."""
    known = [each for each in transfers.transfers_of(tx.connection, order.order_id) if each.iban]
    refund = TransferRefund(
        refund_id=tx.ids.new("ref", tx.now),
        order_id=order.order_id,
        conference_id=order.conference_id,
        amount=amount,
        reason=reason,
        payee=known[-1].payer if known else "",
        iban=known[-1].iban if known else "",
        requested_at=tx.now,
    )
    transfers.record_refund(tx, refund)
    tx.publish(
        RefundRequested(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            payment_id=refund.refund_id,
            amount=amount,
            reason=reason,
        )
    )


def ask_all_back(tx: Transaction, order: Order, reason: str) -> None:
    """An order ended: whatever came for it by transfer goes back."""
    if rest := kept(tx, order):
        ask_back(tx, order, rest, reason)


def name_payee(tx: Transaction, staff_id: str, conference_id: str, refund_id: str, payee: str, iban: str) -> None:
    """Finance says whom to pay. Raises `InvalidInput` for an IBAN that is none, `Conflict` when it is done."""
    refund = _lock(tx, conference_id, refund_id)
    if not payee.strip():
        raise InvalidInput("Whom is it paid to?", errors={"payee": ["Please fill this in."]})
    refund.payee, refund.iban = payee.strip()[:200], checked_iban(iban)
    transfers.save_refund(tx, refund)
    record_staff_act(tx, staff_id, "refund_payee_named", refund_id, conference_id)


def mark_exported(tx: Transaction, staff_id: str, conference_id: str, refund_ids: Collection[str]) -> None:
    """They stand in a pain.001 that was downloaded: shown, so that nobody pays them twice."""
    for refund_id in sorted(refund_ids):
        refund = transfers.lock_refund(tx, refund_id)
        refund.exported_at = tx.now
        transfers.save_refund(tx, refund)
    record_staff_act(tx, staff_id, "refunds_exported", conference_id, conference_id, {"count": str(len(refund_ids))})


def finish_refund(tx: Transaction, staff_id: str, conference_id: str, refund_id: str, booked_on: date) -> None:
    """Finance saw the debit on the statement."""
    _finish(tx, _lock(tx, conference_id, refund_id), booked_on)
    record_staff_act(tx, staff_id, "refund_done", refund_id, conference_id, {"booked_on": booked_on.isoformat()})


def see_refund(envelope: Envelope[RefundTransferred], tx: Transaction) -> None:
    """The statement shows a debit for an order: the task of that amount is done. One that we do not know is parked and shown."""
    event = envelope.event
    order_id = transfers.order_by_reference(tx.connection, order_reference(event.order_reference))
    orders.lock_order(tx, order_id)
    found = [each for each in transfers.refunds_of(tx.connection, order_id) if each.amount == event.amount]
    for refund in found:
        if refund.done_on is None:
            _finish(tx, transfers.lock_refund(tx, refund.refund_id), event.booked_on)
            return
    if not found:
        raise Conflict("No refund of this amount was asked for.", order_reference=event.order_reference)


def _lock(tx: Transaction, conference_id: str, refund_id: str) -> TransferRefund:
    seen = transfers.load_refund(tx.connection, refund_id)
    orders.lock_order(tx, seen.order_id)
    refund = transfers.lock_refund(tx, refund_id)
    if refund.conference_id != conference_id:
        raise Conflict("This refund belongs to another conference.")
    if refund.done_on is not None:
        raise Conflict("This refund is done already.")
    return refund


def _finish(tx: Transaction, refund: TransferRefund, booked_on: date) -> None:
    conference = conferences.conference_by_id(tx.connection, refund.conference_id)
    booked_at = at_noon(booked_on, conference.time_zone)
    if booked_on > tx.now.date():
        raise InvalidInput(
            "The bank has not booked this yet.", errors={"booked_on": ["Choose today or an earlier day."]}
        )
    refund.done_on = booked_on
    transfers.save_refund(tx, refund)
    order = orders.load_order(tx.connection, refund.order_id)
    posting = tx.ids.new("pos", tx.now)
    payments.record_entries(
        tx, post("payback", posting, order.conference_id, order.order_id, refund.amount, booked_at, refund.refund_id)
    )
    tx.publish(
        PaymentRefunded(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            payment_id=refund.refund_id,
            amount=refund.amount,
            reason=refund.reason,
            refunded_at=tx.now,
            buyer=person_ref(order.buyer),
        )
    )


def at_noon(booked_on: date, zone: str) -> datetime:
    """The instant that stands for a bank's day."""
    return at_local(booked_on, NOON, zone)
