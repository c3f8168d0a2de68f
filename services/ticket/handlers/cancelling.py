"""Orders and single tickets that are given back: what goes back is said before, and returned the way it was paid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from services.ticket.domain.conference import Conference
from services.ticket.domain.ledger import post
from services.ticket.domain.order import Admission, Order, State
from services.ticket.domain.policy import WHOLE, percent_at, refund_of
from services.ticket.domain.vat import vat_in_part
from services.ticket.handlers.documents import bill_later
from services.ticket.handlers.ending import give_back, lapse
from services.ticket.handlers.refunding import paid_and_kept, return_money
from services.ticket.store import conferences, disputes, orders, payments
from shared.database import Database, Transaction
from shared.errors import Conflict, InvalidInput
from shared.money import Money

BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Quote:
    """What goes back now: `percent` of each ticket's price, by the steps that the conference promises."""

    percent: int
    currency: str

    def of(self, *admissions: Admission) -> Money:
        return refund_of((each.price for each in admissions), self.percent, self.currency)

    def is_transfer_only(self, *admissions: Admission) -> bool:
        """Nothing would go back of what was paid: it can still be passed on to somebody else."""
        return self.percent == 0 and any(each.price for each in admissions)


def quote(conference: Conference, now: datetime, percent: int | None = None) -> Quote:
    """By the conference's steps, or the share that staff choose."""
    if percent is None:
        percent = percent_at(conference.cancellation, conference.doors_at, conference.time_zone, now)
    if not 0 <= percent <= WHOLE:
        raise InvalidInput(
            f"No more goes back than was paid: choose 0 to {WHOLE} %.", errors={"percent": ["Choose 0 to 100 %."]}
        )
    return Quote(percent, conference.currency)


def cancel_order(
    database: Database,
    order_id: str,
    reason: str = BUYER,
    actor: str = "buyer",
    *,
    admission_ids: Collection[str] | None = None,
    percent: int | None = None,
    seen_percent: int | None = None,
) -> Order:
    """Give an order back, or some of its tickets: a held one is let go, of a paid one goes back what the steps promise.

    `percent` is what staff choose instead; `seen_percent` is what the buyer was shown, and nothing happens where it is
    less by now. Raises `Conflict` where the order is over, the conference has begun, or a buyer's ticket can only be
    passed on; `NotFound` for a ticket that is not of it; `InvalidInput` for more than was paid.
    """
    with database.transaction(actor) as tx:
        order = orders.lock_order(tx, order_id)
        if order.state in (State.HELD, State.PLACED):
            if admission_ids is not None and set(admission_ids) != {each.admission_id for each in order.admissions}:
                raise Conflict("This order is not paid yet: it can only be given back whole.", status=str(order.state))
            _let_go(tx, order)
            return order
        conference = conferences.conference_by_id(tx.connection, order.conference_id)
        if order.state == State.PAID and tx.now >= conference.doors_at:
            raise Conflict(
                "The conference has begun: this order cannot be cancelled any more.", status=str(order.state)
            )
        if any(each.closed_at is None for each in disputes.disputes_of(tx.connection, order_id)):
            raise Conflict("The card holder's bank has taken this money back for now: wait until that is decided.")
        terms = quote(conference, tx.now, percent)
        if seen_percent is not None and terms.percent < seen_percent:
            raise Conflict(
                f"Meanwhile {terms.percent} % go back, no longer {seen_percent} %. Nothing is cancelled yet.",
                percent=terms.percent,
            )
        ids = set(admission_ids if admission_ids is not None else [each.admission_id for each in order.live_admissions])
        chosen = [each for each in order.live_admissions if each.admission_id in ids]
        if reason == BUYER and order.state == State.PAID and terms.is_transfer_only(*chosen):
            raise Conflict("So near to the conference nothing goes back any more: pass the ticket on instead.")
        cancel_paid(tx, order, ids, reason, terms.of(*chosen))
        return order


def cancel_paid(tx: Transaction, order: Order, ids: Collection[str], reason: str, refund: Money) -> None:
    """Take tickets of a locked, paid order back: capacity, sale and money. What is not returned stays sold."""
    refund = min(refund, paid_and_kept(tx, order), key=lambda each: each.amount)
    lines = [(each.vat_rate, each.price) for each in order.live_admissions if each.admission_id in ids]
    void_paid(tx, order, ids, reason, refund)
    if refund:
        posting, vat = tx.ids.new("pos", tx.now), vat_in_part(lines, refund)
        entries = post("reversal", posting, order.conference_id, order.order_id, refund, tx.now, vat=vat)
        payments.record_entries(tx, entries)
        return_money(tx, order, refund, "called_off" if reason == "called_off" else "cancelled")
    bill_later(tx, order.order_id)


def void_paid(tx: Transaction, order: Order, ids: Collection[str], reason: str, refund: Money) -> None:
    """Tickets of a locked, paid order admit nobody any more, and their capacity is free. Its money is the caller's."""
    part = replace(order, admissions=[replace(each) for each in order.live_admissions if each.admission_id in ids])
    tx.publish(*order.cancel_admissions(ids, reason, refund, tx.now))
    give_back(tx, part)
    orders.save_order(tx, order)


def _let_go(tx: Transaction, order: Order) -> None:
    """Not paid yet: it goes at once, or as soon as Stripe has closed its checkout."""
    if order.state == State.PLACED or payments.session_of(tx.connection, order.order_id) is None:
        lapse(tx, order, "abandoned")
    else:
        tx.schedule("expire_session", order.order_id, tx.now, {"reason": "abandoned"})
