"""How orders end that were not paid: holds and transfers that run out, or are given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.ticket.domain.order import LONGEST_HOLD, Order, State
from services.ticket.domain.transfer import TRANSFER
from services.ticket.domain.voucher import Purpose
from services.ticket.handlers.context import Context
from services.ticket.handlers.documents import bill_later
from services.ticket.handlers.payback import ask_all_back
from services.ticket.handlers.paying import confirm_payment
from services.ticket.handlers.redeeming import drawn, drawn_of_tiers, lock_voucher_of, reserved_by
from services.ticket.handlers.waiting import lock_capacity, save_capacity, serve_line
from services.ticket.store import orders, payments, vouchers
from services.ticket.store.waiting import lock_line
from services.ticket.stripe_facts import SessionState
from shared.database import Transaction
from shared.errors import Unavailable
from shared.service import Errand, Timer

LONGEST_WAY: Final = timedelta(days=21)
"""So long beyond the hold does a payment that is under way keep its tickets: slow ones take two weeks. Later is late money."""
ASK_AGAIN: Final = timedelta(hours=6)


def end_hold(timer: Timer, tx: Transaction) -> None:
    """The hold is over. What never reached payment goes back at once, the rest when Stripe says that it was not paid."""
    order = orders.lock_order(tx, timer.subject)
    if order.state == State.HELD:
        if payments.session_of(tx.connection, order.order_id) is None:
            lapse(tx, order, "expired")
        else:
            tx.schedule("expire_session", order.order_id, tx.now, {"reason": "expired"})
    orders.forget_answers(tx)  # a steady beat is needed for it, and this is one


def expire_session(errand: Errand, context: Context) -> None:
    """Close the checkout at Stripe, ask what became of it, and only then give the capacity back."""
    with context.database.reading() as connection:
        order = orders.load_order(connection, errand.subject)
        session = payments.session_of(connection, errand.subject)
    if order.state != State.HELD or session is None:
        return
    try:
        seen = _close_checkout(context, order, session)
    except Unavailable:
        _give_up_after_a_day(errand, context)
        raise
    if seen is not None and seen.is_paid:
        confirm_payment(context, seen.session_id)
        return
    if seen is not None and seen.is_under_way:
        _wait_for_it(errand, context)
        return
    if seen is not None and not seen.is_over:
        raise Unavailable("Stripe has not closed this checkout yet.")
    reason = "declined" if seen is not None and seen.has_failed else errand.facts.get("reason", "expired")
    with context.database.transaction() as tx:
        order = orders.lock_order(tx, errand.subject)
        if order.state == State.HELD:
            lapse(tx, order, reason)
        errand.done(tx)


def _close_checkout(context: Context, order: Order, session: payments.Session) -> SessionState | None:
    """What Stripe says after it was told to expire; None when there is none that could still be paid."""
    session_id = session.session_id
    if session_id is None:
        made = context.payments.find_session(order.order_id, session.began_at)
        if made is None:
            return None
        session_id = made.session_id
        with context.database.transaction() as tx:
            payments.save_session(tx, order.order_id, made.session_id, made.url)
    return context.payments.expire(session_id)


def _wait_for_it(errand: Errand, context: Context) -> None:
    """The buyer paid by something that takes days: ask again, and not for ever."""
    with context.database.transaction() as tx:
        order = orders.lock_order(tx, errand.subject)
        errand.done(tx)
        if order.state != State.HELD:
            return
        payments.note_under_way(tx, order.order_id)
        if tx.now >= order.hold_expires_at + LONGEST_WAY:
            lapse(tx, order, "expired")
        else:
            tx.schedule("expire_session", order.order_id, tx.now + ASK_AGAIN, errand.facts)


def _give_up_after_a_day(errand: Errand, context: Context) -> None:
    """Stripe has been away for a day: its own time limit is over too. A payment that shows up later is a late one."""
    with context.database.transaction() as tx:
        order = orders.lock_order(tx, errand.subject)
        if order.state == State.HELD and tx.now >= order.hold_expires_at + LONGEST_HOLD:
            lapse(tx, order, "expired")
            session = payments.session_of(tx.connection, order.order_id)
            if session is not None and session.session_id is not None:
                tx.schedule("ask_stripe", session.session_id, tx.now)


def lapse(tx: Transaction, order: Order, reason: str) -> None:
    """End a locked order that was not paid (in full) and give its capacity back, and what came of its money."""
    tx.publish(*order.lapse(reason, tx.now))
    give_back(tx, order)
    orders.save_order(tx, order)
    if order.payment_method == TRANSFER:
        ask_all_back(tx, order, "cancelled" if reason == "abandoned" else "partial")
        bill_later(tx, order.order_id)


def give_back(tx: Transaction, order: Order) -> None:
    """Capacity to the quotas, to a tier only as far as it is open, and the voucher to its owner; then to who waits.

    An offer to somebody who waited is used up when it was paid: its place goes to who is next.
    """
    types = order.type_counts()
    line = lock_line(tx, order.conference_id)
    ladders, quotas = lock_capacity(tx, line, list(types))
    voucher = lock_voucher_of(tx, order)
    if voucher is not None and voucher.lot.purpose is Purpose.OFFER and order.state != State.LAPSED:
        voucher = None
    reserved = reserved_by(voucher, order.voucher_count)
    tier_counts = drawn_of_tiers(order, voucher)
    for ladder in ladders.values():
        for tier in ladder.tiers:
            if tier.tier_id in tier_counts:
                ladder.give_back(tier.tier_id, tier_counts[tier.tier_id])
    for quota in quotas:
        quota.give_back(drawn(quota, types, reserved))
    serve_line(tx, line, ladders, quotas)
    save_capacity(tx, ladders, quotas)
    if voucher is not None:
        tx.publish(*voucher.release(order.order_id, order.voucher_count))
        vouchers.save_voucher(tx, voucher)
