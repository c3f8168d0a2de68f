"""Orders that are paid by bank transfer: they stand until their day, and lapse only when the bank has told of that day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.ticket.domain.conference import Conference
from services.ticket.domain.ledger import post
from services.ticket.domain.local_time import at_local, end_of, local_day
from services.ticket.domain.order import Order, State
from services.ticket.domain.tier import Tier
from services.ticket.domain.transfer import (
    LAST_MINUTE,
    MOST_FORGIVEN,
    TRANSFER,
    NoTransfer,
    Received,
    lapses_at,
    order_reference,
)
from services.ticket.handlers.context import record_staff_act
from services.ticket.handlers.ending import lapse
from services.ticket.handlers.payback import ask_back, at_noon, kept
from services.ticket.handlers.paying import settle, take_again
from services.ticket.store import conferences, orders, payments, sellers, transfers
from services.ticket.store.transfers import Transfer
from shared.database import Transaction
from shared.documents.reference import is_iban
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import Event
from shared.events.sponsorship import BankConfirmed, TransferMatched
from shared.money import Money
from shared.service import Timer
from shared.wire import Envelope


def await_transfer(
    tx: Transaction, conference: Conference, order: Order, is_company: bool, sold_at: Iterable[Tier]
) -> list[Event]:
    """A held order stands now, until its day. Raises `NoTransfer` where that is not offered, or too late."""
    sale = sellers.sale_of(tx.connection, conference.conference_id)
    if sale is None or not sale.takes_transfers:
        raise NoTransfer("Payment by bank transfer is not offered here: please pay by card.")
    ends = [tier.ends_at for tier in sold_at]
    pay_by = sale.terms.pay_by(tx.now, conference.time_zone, is_company, ends, conference.days[0])
    tx.schedule("end_transfer", order.order_id, lapses_at(pay_by))
    return order.place(pay_by, tx.now)


def receive_transfer(envelope: Envelope[TransferMatched], tx: Transaction) -> None:
    """The import found a transfer for an order of ours. A reference that is none of ours is parked and shown."""
    event = envelope.event
    order_id = transfers.order_by_reference(tx.connection, order_reference(event.order_reference))
    key = f"{event.account_id}:{event.transfer_id}"
    receive(tx, order_id, key, event.amount, event.booked_on)


def record_by_hand(
    tx: Transaction,
    staff_id: str,
    conference_id: str,
    reference: str,
    amount: Money,
    booked_on: date,
    payer: str,
    iban: str,
) -> Order:
    """Finance saw it on the statement. Raises `NotFound`, `InvalidInput`."""
    order_id = transfers.order_by_reference(tx.connection, order_reference(reference))
    order = orders.load_order(tx.connection, order_id)
    conference = conferences.conference_by_id(tx.connection, conference_id)
    if order.conference_id != conference_id:
        raise NotFound("There is no order with this reference.", reference=reference)
    errors: dict[str, list[str]] = {}
    if booked_on > local_day(tx.now, conference.time_zone):
        errors["booked_on"] = ["Choose today or an earlier day."]
    if amount.amount <= 0 or amount.currency != order.currency:
        errors["amount"] = [f"An amount in {order.currency}, please."]
    if iban and not is_iban(iban):
        errors["iban"] = ["This is no IBAN: its check digits do not hold. Compare it with the bank's."]
    if errors:
        raise InvalidInput("This transfer cannot be recorded.", errors=errors)
    key = tx.ids.new("trf", tx.now)
    order = receive(tx, order_id, key, amount, booked_on, payer, iban.replace(" ", "").upper())
    facts = {"amount": str(amount), "booked_on": booked_on.isoformat()}
    record_staff_act(tx, staff_id, "transfer_recorded", order_id, conference_id, facts)
    return order


def receive(
    tx: Transaction, order_id: str, key: str, amount: Money, booked_on: date, payer: str = "", iban: str = ""
) -> Order:
    """Money came. It pays the order with what came before, or waits for the rest, or goes back; a transfer counts once.

    What came too late is honoured while there is room, at the price of the order.
    """
    tx.unschedule("end_transfer", order_id)  # before the order: its timer holds this row while it waits for the order
    order = orders.lock_order(tx, order_id)
    is_news = transfers.record_transfer(
        tx, Transfer(key, order_id, order.conference_id, amount, booked_on, payer, iban)
    )
    if is_news:
        zone = conferences.conference_by_id(tx.connection, order.conference_id).time_zone
        posting = post(
            "transfer",
            tx.ids.new("pos", tx.now),
            order.conference_id,
            order_id,
            amount,
            at_noon(booked_on, zone),
            key[-40:],
        )
        payments.record_entries(tx, posting)
        _judge(tx, order, amount)
    if order.state == State.PLACED and order.pay_by is not None:
        tx.schedule("end_transfer", order_id, lapses_at(order.pay_by))
    return order


def _judge(tx: Transaction, order: Order, amount: Money) -> None:
    if order.payment_method != TRANSFER or order.state in (State.PAID, State.HELD):
        ask_back(tx, order, amount, "doubled")
        return
    if order.state == State.CANCELLED:
        ask_back(tx, order, amount, "late")
        return
    received = Received(kept(tx, order), order.total)
    if received.verdict == "part":
        if order.state == State.LAPSED:
            ask_back(tx, order, received.came, "late")
        return
    if order.state == State.LAPSED and not take_again(tx, order):
        ask_back(tx, order, received.came, "late")
        return
    settle(tx, order)
    if received.surplus:
        ask_back(tx, order, received.surplus, "overpaid")


def extend_pay_by(tx: Transaction, staff_id: str, conference_id: str, order_id: str, until: date) -> Order:
    """Staff give an order more time, up to the day before the conference; the buyer is told. Raises as `Order.extend`."""
    tx.unschedule("end_transfer", order_id)  # before the order: its timer holds this row while it waits for the order
    order = orders.lock_order(tx, order_id)
    conference = conferences.conference_by_id(tx.connection, order.conference_id)
    if until >= conference.days[0]:
        raise InvalidInput("It is too late then.", errors={"until": ["Choose a day before the conference."]})
    pay_by = at_local(until, LAST_MINUTE, conference.time_zone)
    tx.publish(*order.extend(pay_by))
    orders.save_order(tx, order)
    tx.schedule("end_transfer", order_id, lapses_at(pay_by))
    record_staff_act(tx, staff_id, "pay_by_extended", order_id, conference_id, {"until": until.isoformat()})
    return order


def forgive_rest(tx: Transaction, staff_id: str, conference_id: str, order_id: str) -> Order:
    """Staff let a difference of cents off, and the order is paid. Raises `Conflict` for more than that, or where nothing came."""
    tx.unschedule("end_transfer", order_id)
    order = orders.lock_order(tx, order_id)
    received = Received(kept(tx, order), order.total)
    if order.state != State.PLACED or received.verdict != "part" or received.missing.amount > MOST_FORGIVEN:
        raise Conflict("Only a difference of cents is let off, of an order that waits for its transfer.")
    posting = tx.ids.new("pos", tx.now)
    payments.record_entries(tx, post("underpayment", posting, order.conference_id, order_id, received.missing, tx.now))
    settle(tx, order)
    record_staff_act(tx, staff_id, "rest_forgiven", order_id, conference_id, {"amount": str(received.missing)})
    return order


def confirm_bank(envelope: Envelope[BankConfirmed], tx: Transaction) -> None:
    """All bookings up to a day are in: what should have been paid by then, and was not, lapses.

    Each order does so in a transaction of its own: they are locked one at a time. A seller that names no account is served by
    none alone: its orders lapse when all accounts are told up to their day.
    """
    event = envelope.event
    transfers.record_confirmation(tx, event.account_id, event.until)
    for account_id, until in ((event.account_id, event.until), ("", transfers.confirmed_by_all(tx.connection))):
        for conference_id in sellers.conferences_of_account(tx.connection, account_id):
            zone = conferences.conference_by_id(tx.connection, conference_id).time_zone
            for order_id in transfers.waiting_until(tx.connection, [conference_id], end_of(until, zone)):
                tx.schedule("end_transfer", order_id, tx.now)


def end_transfer(timer: Timer, tx: Transaction) -> None:
    """The bank has told of its last day, or has not for too long: a part that came goes back."""
    order = orders.lock_order(tx, timer.subject)
    if order.state == State.PLACED:
        lapse(tx, order, "expired")
