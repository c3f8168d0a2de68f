"""Money by Stripe. One `confirm_payment` serves webhook, return page and sweep: any order, doubling or loss of them ends the same.

Stripe is asked outside of every transaction; what it said is judged inside one, under the order's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from prometheus_client import Counter

from services.ticket.domain.errors import HoldExpired, NotEnoughLeft, SoldOut, VoucherUnknown, VoucherUsedUp
from services.ticket.domain.ledger import post
from services.ticket.domain.order import Order, State
from services.ticket.handlers.conferences import schedule_ladder
from services.ticket.handlers.context import Context
from services.ticket.handlers.documents import bill_later
from services.ticket.handlers.redeeming import drawn, drawn_of_tiers, lock_voucher_of, reserved_by
from services.ticket.handlers.refunding import request_refund
from services.ticket.payments import UnknownAtStripe
from services.ticket.store import conferences, orders, payments, vouchers
from services.ticket.stripe_facts import Checkout, CheckoutLine, MadeSession, SessionState
from shared.database import Transaction
from shared.errors import Conflict, Unavailable
from shared.service import Errand

STRIPE_WANTS = timedelta(minutes=30)
"""The shortest time that Stripe gives a checkout."""
SESSION_LASTS = STRIPE_WANTS + timedelta(minutes=1)
"""One minute more for Stripe's clock and the way."""
SWEEP_AFTER = timedelta(minutes=5)
"""A checkout of which nobody told us anything is asked about after this time."""
ASKED = {
    "checkout.session.": "ask_stripe",
    "charge.dispute.": "ask_dispute",
    "payout.": "ask_payout",
    "refund.failed": "ask_refund",
}
"""Beginning of a webhook's type -> the errand that reads its object again."""
UNKNOWN = Counter("stagedoor_ticket_unknown_stripe_objects", "Webhooks about objects that are not ours.")
logger = logging.getLogger(__name__)


def begin_payment(context: Context, order_id: str) -> str:
    """Where the buyer pays: Stripe's page, made at the first visit.

    Raises `HoldExpired`, `Conflict` when nothing is to be paid any more, `Unavailable` while Stripe is away (the hold stays).
    """
    with context.database.transaction("buyer") as tx:
        order = orders.lock_order(tx, order_id)
        if order.state in (State.PAID, State.CANCELLED):
            raise Conflict(f"This order is {order.state}: nothing is to be paid.", status=str(order.state))
        session = payments.session_of(tx.connection, order_id)
        if order.state == State.HELD and session is not None and session.under_way_at is not None:
            raise Conflict("Your payment is under way: it takes some days.", status=str(order.state))
        if order.state == State.LAPSED or tx.now >= order.hold_expires_at:
            raise HoldExpired("The time to pay is over, and the tickets are free again. Please order anew.")
        if session is None:
            payments.begin_session(tx, order_id, tx.now + SESSION_LASTS)
            session = payments.session_of(tx.connection, order_id)
    assert session is not None
    if session.url:
        return session.url
    made = _make_session(context, order, session)
    with context.database.transaction() as tx:
        payments.save_session(tx, order_id, made.session_id, made.url)
        tx.schedule("ask_stripe", made.session_id, tx.now + SWEEP_AFTER)
    return made.url


def _make_session(context: Context, order: Order, session: payments.Session) -> MadeSession:
    """Make the checkout. One that was begun minutes ago may be there already; if not, its time has to be a new one."""
    if session.expires_at - context.database.clock.now() >= STRIPE_WANTS:
        return context.payments.create_session(checkout_of(context, order, session))
    found = context.payments.find_session(order.order_id, session.began_at)
    if found is not None:
        return found
    with context.database.transaction() as tx:
        session = payments.renew_session(tx, order.order_id, tx.now + SESSION_LASTS)
    return context.payments.create_session(checkout_of(context, order, session))


def checkout_of(context: Context, order: Order, session: payments.Session) -> Checkout:
    """What Stripe is asked to make: the same again for the same order, so that it makes it once."""
    with context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, order.conference_id)
        buyer = orders.people_by_id(connection, [order.buyer]).get(order.buyer)
    language = buyer.locale if buyer else "en"
    lines = tuple(
        CheckoutLine(
            f"{conference.name}: {conference.admission_type(line.code).name(language)}",
            line.price,
            line.count,
        )
        for line in order.priced_lines()
        if line.price
    )
    page = f"{context.base_url}/orders/{order.reference}"
    return Checkout(
        order_id=order.order_id,
        lines=lines,
        email=buyer.email if buyer else "",
        locale=language,
        expires_at=session.expires_at,
        success_url=f"{page}/return?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=page,
    )


def record_webhook(context: Context, event_id: str, type: str, object_id: str) -> None:
    """Keep that Stripe said something, and go and ask what is true. The same event twice changes nothing."""
    with context.database.transaction("stripe") as tx:
        errand = next((errand for prefix, errand in ASKED.items() if type.startswith(prefix)), None)
        if payments.record_webhook(tx, event_id, type, object_id, "new" if errand else "noted") and errand:
            tx.schedule(errand, object_id, tx.now)


def return_from_stripe(context: Context, order_id: str) -> State:
    """The buyer came back: ask at once, so that the page knows. Stripe's absence only leaves the answer to the sweep."""
    with context.database.reading() as connection:
        order = orders.load_order(connection, order_id)
        session = payments.session_of(connection, order_id)
    if order.state == State.HELD and session is not None and session.session_id is not None:
        try:
            confirm_payment(context, session.session_id)
        except Unavailable:
            logger.warning("Stripe does not answer: the return of an order is left to the sweep")
        with context.database.reading() as connection:
            order = orders.load_order(connection, order_id)
    return order.state


def ask_stripe(errand: Errand, context: Context) -> None:
    """Find out whether a checkout was paid: told by a webhook, or by nobody."""
    try:
        confirm_payment(context, errand.subject, errand.done)
    except UnknownAtStripe:
        _alarm(context, errand)


def confirm_payment(context: Context, session_id: str, done: Callable[[Transaction], None] | None = None) -> None:
    """See whether a checkout was paid and let that have its effect, once, however often this is called.

    Raises `UnknownAtStripe` when the checkout is not Stripe's or not for an order of ours, `Unavailable`.
    """
    seen = context.payments.retrieve(session_id)
    with context.database.transaction() as tx:
        ours = payments.order_of_session(tx.connection, session_id)
        order_id = ours or seen.order_id
        if ours is None and not orders.is_known(tx.connection, order_id):
            raise UnknownAtStripe("This checkout is for no order of ours.", session_id=session_id)
        if seen.is_paid:
            tx.unschedule(
                "end_hold", order_id
            )  # before the order: its timer holds this row while it waits for the order
            order = orders.lock_order(tx, order_id)
            _receive(tx, order, seen)
            if order.state == State.HELD:
                tx.schedule("end_hold", order_id, order.hold_expires_at)
        elif seen.is_under_way:
            payments.note_under_way(tx, order_id)
        elif seen.has_failed:
            tx.schedule("expire_session", order_id, tx.now, {"reason": "declined"})
        payments.settle_webhooks(tx, session_id, "done")
        if done is not None:
            done(tx)


def _receive(tx: Transaction, order: Order, seen: SessionState) -> None:
    """Money came. It pays the order, or goes back; it is never lost."""
    payment = payments.Payment(
        tx.ids.new("pay", tx.now), order.order_id, seen.session_id, seen.intent_id, seen.amount, tx.now
    )
    if not payments.record_payment(tx, payment):
        return
    posting = tx.ids.new("pos", tx.now)
    charge = post(
        "charge",
        posting,
        order.conference_id,
        order.order_id,
        seen.amount,
        tx.now,
        payment.payment_id,
        stripe_id=seen.intent_id,
    )
    payments.record_entries(tx, charge)
    if order.state == State.PAID:
        request_refund(tx, order, payment, payment.amount, "doubled")
    elif seen.amount != order.total:
        request_refund(tx, order, payment, payment.amount, "wrong_amount")
    elif order.state == State.CANCELLED or (order.state == State.LAPSED and not take_again(tx, order)):
        request_refund(tx, order, payment, payment.amount, "late")
    else:
        settle(tx, order)


def settle(tx: Transaction, order: Order) -> None:
    """A locked order is paid in full."""
    tx.publish(*order.pay(tx.now))
    orders.save_order(tx, order)
    posting = tx.ids.new("pos", tx.now)
    sale = post("sale", posting, order.conference_id, order.order_id, order.total, tx.now, vat=order.vat)
    payments.record_entries(tx, sale)
    bill_later(tx, order.order_id)


def take_again(tx: Transaction, order: Order) -> bool:
    """Take the capacity of a lapsed order once more, at the price it was sold for. Needs quota, never an open tier."""
    conference = conferences.conference_by_id(tx.connection, order.conference_id)
    if conference.called_off_at is not None:
        return False
    types = order.type_counts()
    ladders = conferences.lock_ladders(tx, order.conference_id, types)
    quotas = conferences.lock_quotas(tx, order.conference_id, types)
    voucher = lock_voucher_of(tx, order)
    reserved = reserved_by(voucher, order.voucher_count)
    tier_counts = drawn_of_tiers(order, voucher)
    try:
        for quota in quotas:
            quota.take(drawn(quota, types, reserved))
        if voucher is not None:
            covered, events = voucher.redeem(order.order_id, order.voucher_count, None)
            if covered < order.voucher_count:
                return False
            tx.publish(*events)
            vouchers.save_voucher(tx, voucher)
    except (SoldOut, NotEnoughLeft, VoucherUsedUp, VoucherUnknown):
        return False
    for ladder in ladders.values():
        for tier in ladder.tiers:
            if tier.tier_id in tier_counts:
                tx.publish(*ladder.take_late(tier.tier_id, tier_counts[tier.tier_id], tx.now))
        schedule_ladder(tx, ladder, conference.time_zone)
    conferences.save_ladders(tx, ladders.values())
    conferences.save_quotas(tx, quotas)
    return True


def _alarm(context: Context, errand: Errand) -> None:
    """Stripe spoke of something that we do not know: kept, and said loudly. A person has to look."""
    UNKNOWN.inc()
    logger.error("Stripe spoke of %s, which is no checkout of ours", errand.subject)
    with context.database.transaction() as tx:
        payments.settle_webhooks(tx, errand.subject, "unknown")
        errand.done(tx)
