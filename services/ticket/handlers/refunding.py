"""Money that goes back by Stripe, whole payments or parts of them: asked for inside a transaction, done by an errand, once."""

from __future__ import annotations

from services.ticket.domain.ledger import post
from services.ticket.domain.order import Order, person_ref
from services.ticket.domain.transfer import TRANSFER
from services.ticket.handlers.context import Context
from services.ticket.handlers.payback import ask_back, ask_by_transfer, kept
from services.ticket.payments import UnknownAtStripe
from services.ticket.store import disputes, orders, payments, refunds
from services.ticket.store.payments import Payment
from services.ticket.store.refunds import Refund
from shared.database import Transaction
from shared.errors import Conflict, InvalidInput, Unavailable
from shared.events.ticketing import PaymentRefunded, RefundRequested
from shared.money import Money, total
from shared.service import Errand

BY_THE_BANK = "The card holder's bank gave it back."
CAME_BACK = "It came back from the card, and is transferred."


def rest_of(tx: Transaction, payment: Payment) -> Money:
    """What of a payment is not asked back yet."""
    back = [
        each.amount
        for each in refunds.refunds_of(tx.connection, payment.order_id)
        if each.payment_id == payment.payment_id
    ]
    return payment.amount - total(back, payment.amount.currency)


def request_refund(tx: Transaction, order: Order, payment: Payment, amount: Money, reason: str) -> None:
    """Have some of a payment given back. The order is locked. Raises `InvalidInput` for more than is left of it."""
    rest = rest_of(tx, payment)
    if not 0 < amount.amount <= rest.amount:
        raise InvalidInput(f"No more goes back than was paid: {rest} is left of this payment, not {amount}.")
    refund = Refund(
        refund_id=tx.ids.new("ref", tx.now),
        payment_id=payment.payment_id,
        order_id=order.order_id,
        conference_id=order.conference_id,
        amount=amount,
        reason=reason,
        requested_at=tx.now,
    )
    refunds.record_refund(tx, refund)
    tx.publish(
        RefundRequested(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            payment_id=payment.payment_id,
            amount=amount,
            reason=reason,
            refund_id=refund.refund_id,
        )
    )
    tx.schedule("refund_payment", refund.refund_id, tx.now)


def return_money(tx: Transaction, order: Order, amount: Money, reason: str) -> None:
    """Have some of what was paid for an order go back the way it came. The order is locked.

    Raises `InvalidInput` for more than was paid and is not on its way back.
    """
    if order.payment_method == TRANSFER:
        ask_back(tx, order, amount, reason)
        return
    open_amount = amount
    for payment in payments.payments_of(tx.connection, order.order_id):
        part = min(open_amount, rest_of(tx, payment), key=lambda each: each.amount)
        if part:
            request_refund(tx, order, payment, part, reason)
            open_amount = open_amount - part
    if open_amount:
        raise InvalidInput(f"No more goes back than was paid: {amount - open_amount} is left, not {amount}.")


def paid_and_kept(tx: Transaction, order: Order) -> Money:
    """What was paid for an order and is not asked back."""
    if order.payment_method == TRANSFER:
        return kept(tx, order)
    rests = (rest_of(tx, each) for each in payments.payments_of(tx.connection, order.order_id))
    return total(rests, order.currency)


def retry_refunds(tx: Transaction, payment: Payment) -> None:
    """A dispute is over and the money ours: what had to wait for that is asked for again."""
    for refund in refunds.refunds_of(tx.connection, payment.order_id):
        if refund.payment_id == payment.payment_id and refund.done_at is None:
            tx.schedule("refund_payment", refund.refund_id, tx.now)


def end_refunds(tx: Transaction, payment: Payment, given_back: Money) -> Money:
    """The bank gave this much back to the card holder: refunds that waited are done with it. Returns what they come to.

    One that is larger than what the bank gave goes on waiting, for a person.
    """
    ended = Money(0, given_back.currency)
    for refund in refunds.refunds_of(tx.connection, payment.order_id):
        if refund.payment_id != payment.payment_id or refund.done_at is not None:
            continue
        if (ended + refund.amount).amount <= given_back.amount:
            refund.done_at, refund.waits_for = tx.now, BY_THE_BANK
            refunds.save_refund(tx, refund)
            tx.unschedule("refund_payment", refund.refund_id)
            ended = ended + refund.amount
    return ended


def ask_refund(errand: Errand, context: Context) -> None:
    """Stripe says that a refund came back to us, the card being closed: it becomes a transfer, whose payee finance asks for."""
    try:
        seen = context.payments.refund_state(errand.subject)
    except UnknownAtStripe:
        seen = None
    with context.database.transaction("stripe") as tx:
        known = refunds.find_refund(tx.connection, errand.subject)
        if known is not None and seen is not None and seen.has_failed:
            order = orders.lock_order(tx, known.order_id)
            refund = refunds.load_refund(tx.connection, known.refund_id)
            if refund.done_at is not None and refund.waits_for != CAME_BACK:
                _take_back(tx, order, refund)
        payments.settle_webhooks(tx, errand.subject, "unknown" if known is None else "done")
        errand.done(tx)


def _take_back(tx: Transaction, order: Order, refund: Refund) -> None:
    refund.waits_for = CAME_BACK
    refunds.save_refund(tx, refund)
    posting = post(
        "refund_failed",
        tx.ids.new("pos", tx.now),
        order.conference_id,
        order.order_id,
        refund.amount,
        tx.now,
        refund.payment_id,
        stripe_id=refund.stripe_id,
    )
    payments.record_entries(tx, posting)
    ask_by_transfer(tx, order, refund.amount, "returned")


def refund_payment(errand: Errand, context: Context) -> None:
    """Have Stripe give money back, once: its key makes a second asking the same refund.

    A refund for which Stripe lacks our balance waits, visibly; one that failed is tried anew a few times, then a person decides.
    """
    with context.database.reading() as connection:
        refund = refunds.load_refund(connection, errand.subject)
        payment = payments.load_payment(connection, refund.payment_id)
    if refund.done_at is not None:
        return
    with context.database.reading() as connection:
        disputed = [each for each in disputes.disputes_of(connection, refund.order_id) if each.closed_at is None]
    if any(each.payment_id == refund.payment_id for each in disputed):
        with context.database.transaction() as tx:
            refunds.note_waiting(tx, refund.refund_id, "The card holder's bank holds it until the dispute is decided.")
            errand.done(tx)
        return
    try:
        seen = context.payments.refund_state(refund.stripe_id) if refund.stripe_id else None
        if seen is None or seen.has_failed:
            after = seen.refund_id if seen else ""
            seen = context.payments.refund(payment.intent_id, refund.amount, refund.refund_id, after)
    except (Unavailable, InvalidInput) as error:
        with context.database.transaction() as tx:
            refunds.note_waiting(tx, refund.refund_id, str(error))
        raise
    with context.database.transaction() as tx:
        order = orders.lock_order(tx, refund.order_id)
        refund = refunds.load_refund(tx.connection, refund.refund_id)
        refund.stripe_id = seen.refund_id
        refund.waits_for = "" if seen.status == "succeeded" else f"Stripe says: {seen.status}."
        if seen.status == "succeeded" and refund.done_at is None:
            refund.done_at = tx.now
            posting = post(
                "refund",
                tx.ids.new("pos", tx.now),
                order.conference_id,
                order.order_id,
                refund.amount,
                tx.now,
                refund.payment_id,
                stripe_id=refund.stripe_id,
            )
            payments.record_entries(tx, posting)
            tx.publish(_refunded(order, refund, tx))
        refunds.save_refund(tx, refund)
        if seen.status == "succeeded":
            errand.done(tx)
    if seen.has_failed:
        raise Conflict("Stripe could not give this payment back.", refund_id=refund.refund_id)
    if seen.status != "succeeded":
        raise Unavailable("Stripe has not given this payment back yet.")


def _refunded(order: Order, refund: Refund, tx: Transaction) -> PaymentRefunded:
    return PaymentRefunded(
        conference_id=order.conference_id,
        order_id=order.order_id,
        reference=order.reference,
        payment_id=refund.payment_id,
        amount=refund.amount,
        reason=refund.reason,
        refunded_at=tx.now,
        buyer=person_ref(order.buyer),
        refund_id=refund.refund_id,
    )
