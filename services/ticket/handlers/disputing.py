"""A card holder's bank takes money back: the order is flagged, and void only when the dispute is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from services.ticket.domain.ledger import Kind, post
from services.ticket.domain.order import Order, State
from services.ticket.domain.vat import vat_in_part
from services.ticket.handlers.cancelling import void_paid
from services.ticket.handlers.context import Context
from services.ticket.handlers.documents import bill_later
from services.ticket.handlers.refunding import end_refunds, rest_of, retry_refunds
from services.ticket.payments import UnknownAtStripe
from services.ticket.store import disputes, orders, payments
from services.ticket.store.disputes import Dispute
from services.ticket.store.payments import Payment
from shared.database import Transaction
from shared.events.ticketing import DisputeClosed, DisputeOpened, VatAmount
from shared.money import Money
from shared.service import Errand

LOST = "lost"
KEPT = ("won", "warning_closed", "prevented")
"""How disputes end after which the money is ours."""
INQUIRY = "warning_"
"""Begins the states of what is no dispute yet: the bank asks, and takes nothing."""
logger = logging.getLogger(__name__)


def ask_dispute(errand: Errand, context: Context) -> None:
    """Read a dispute again at Stripe and let it have its effect, once, in whatever order its webhooks came."""
    try:
        seen = context.payments.dispute(errand.subject)
    except UnknownAtStripe:
        _settle(context, errand, "unknown")
        return
    with context.database.reading() as connection:
        payment = payments.payment_of_intent(connection, seen.intent_id)
    if payment is None:
        _settle(context, errand, "unknown")
        return
    with context.database.transaction("stripe") as tx:
        order = orders.lock_order(tx, payment.order_id)
        known = disputes.find_dispute(tx.connection, seen.dispute_id)
        if known is None and not seen.status.startswith(INQUIRY):
            known = _open(tx, order, payment, seen.dispute_id, seen.amount)
        if known is not None and known.closed_at is None and (seen.status == LOST or seen.status in KEPT):
            _close(tx, order, payment, known, LOST if seen.status == LOST else "won")
        payments.settle_webhooks(tx, errand.subject, "done")
        errand.done(tx)


def _open(tx: Transaction, order: Order, payment: Payment, dispute_id: str, amount: Money) -> Dispute:
    dispute = Dispute(dispute_id, payment.payment_id, order.order_id, order.conference_id, amount, tx.now)
    disputes.record_dispute(tx, dispute)
    _post(tx, order, dispute, "dispute")
    tx.publish(
        DisputeOpened(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            payment_id=payment.payment_id,
            amount=amount,
        )
    )
    return dispute


def _close(tx: Transaction, order: Order, payment: Payment, dispute: Dispute, outcome: str) -> None:
    disputes.close_dispute(tx, dispute.dispute_id, outcome)
    tx.publish(
        DisputeClosed(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            payment_id=payment.payment_id,
            amount=dispute.amount,
            outcome=outcome,
        )
    )
    if outcome != LOST:
        _post(tx, order, dispute, "dispute_won")
        retry_refunds(tx, payment)
        return
    _post(tx, order, dispute, "dispute_lost")
    unsold = min(dispute.amount, rest_of(tx, payment), key=lambda each: each.amount)
    if unsold:
        lines = [(each.vat_rate, each.price) for each in order.live_admissions]
        _post_part(tx, order, "reversal", unsold, vat_in_part(lines, unsold))
    twice = dispute.amount - unsold - end_refunds(tx, payment, dispute.amount - unsold)
    if twice:
        _post_part(tx, order, "underpayment", twice)
    if order.state == State.PAID:
        void_paid(
            tx, order, [each.admission_id for each in order.live_admissions], "disputed", Money(0, order.currency)
        )
    bill_later(tx, order.order_id)


def _post_part(tx: Transaction, order: Order, kind: Kind, amount: Money, vat: Sequence[VatAmount] = ()) -> None:
    """What is not sold any more, or went back twice and is lost to us."""
    id = tx.ids.new("pos", tx.now)
    posting = post(kind, id, order.conference_id, order.order_id, amount, tx.now, vat=vat)
    payments.record_entries(tx, posting)


def _post(tx: Transaction, order: Order, dispute: Dispute, kind: Kind) -> None:
    posting = post(
        kind,
        tx.ids.new("pos", tx.now),
        order.conference_id,
        order.order_id,
        dispute.amount,
        tx.now,
        dispute.payment_id,
        stripe_id=dispute.dispute_id,
    )
    payments.record_entries(tx, posting)


def _settle(context: Context, errand: Errand, outcome: str) -> None:
    logger.error("Stripe spoke of %s, which is no dispute about an order of ours", errand.subject)
    with context.database.transaction() as tx:
        payments.settle_webhooks(tx, errand.subject, outcome)
        errand.done(tx)
