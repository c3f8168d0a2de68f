"""Every night Stripe's list of what moved is read and held against the ledger; its fees and payouts are booked from it.

A page is one errand and one transaction, which says where the next begins: a crash repeats a page and changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from prometheus_client import Gauge

from services.ticket.domain.ledger import Kind, post
from services.ticket.domain.local_time import at_local, end_of, local_day
from services.ticket.domain.reconciliation import compare
from services.ticket.handlers.context import Context
from services.ticket.payments import UnknownAtStripe
from services.ticket.store import conferences, movements, payments
from services.ticket.store.movements import Reconciliation
from services.ticket.stripe_facts import Movement, MovementPage
from shared.database import Transaction
from shared.money import Money
from shared.service import Errand

NIGHT = time(3, 30)
MARGIN = timedelta(days=1)
"""What we book after midnight may have moved before it: so much more of Stripe's list is read than the day."""
DIFFERENCES = Gauge("stagedoor_ticket_stripe_differences", "Movements of the last days on which Stripe and we differ.")
SUBJECT = "stripe"


def watch_nightly(tx: Transaction, zone: str) -> None:
    """Compare with Stripe each night from now on, by the clock of this place; a later call moves the night."""
    tx.schedule("reconcile", SUBJECT, _next_night(tx, zone), {"zone": zone})


def compare_now(tx: Transaction, zone: str) -> None:
    """Do not wait for the night: compare the days up to yesterday, and the last one again."""
    yesterday = local_day(tx.now, zone) - timedelta(days=1)
    tx.schedule("reconcile", SUBJECT, tx.now, {"zone": zone, "day": yesterday.isoformat()})


def reconcile(errand: Errand, context: Context) -> None:
    """Read one page of a day; after its last page, compare the day and go on to the next one, or wait for the night."""
    zone, after = errand.facts["zone"], errand.facts.get("after", "")
    with context.database.reading() as connection:
        seen = movements.days(connection, 1)
    yesterday = local_day(context.database.clock.now(), zone) - timedelta(days=1)
    asked = errand.facts.get("day")
    day = date.fromisoformat(asked) if asked else seen[0].day + timedelta(days=1) if seen else yesterday
    page = MovementPage((), False)
    if day <= yesterday:
        page = context.payments.movements(at_local(day, time(0), zone) - MARGIN, end_of(day, zone), after)
    with context.database.transaction("stripe") as tx:
        for movement in page.movements:
            take_in(tx, movement)
        if page.has_more:
            facts = {"zone": zone, "day": day.isoformat(), "after": page.movements[-1].movement_id}
            tx.schedule("reconcile", SUBJECT, tx.now, facts)
        else:
            if day <= yesterday:
                _close_day(tx, day, zone)
            following = {"zone": zone, "day": (day + timedelta(days=1)).isoformat()}
            if day < yesterday:
                tx.schedule("reconcile", SUBJECT, tx.now, following)
            else:
                watch_nightly(tx, zone)
        errand.done(tx)


def ask_payout(errand: Errand, context: Context) -> None:
    """Read what went to our bank with a payout, a page at a time."""
    try:
        page = context.payments.movements_of_payout(errand.subject, errand.facts.get("after", ""))
    except UnknownAtStripe:
        with context.database.transaction() as tx:
            payments.settle_webhooks(tx, errand.subject, "unknown")
            errand.done(tx)
        return
    with context.database.transaction("stripe") as tx:
        for movement in page.movements:
            take_in(tx, movement)
            movements.set_payout(tx, movement.movement_id, errand.subject)
        if page.has_more:
            tx.schedule("ask_payout", errand.subject, tx.now, {"after": page.movements[-1].movement_id})
        payments.settle_webhooks(tx, errand.subject, "done")
        _watch_if_nobody_does(tx)
        errand.done(tx)


def _watch_if_nobody_does(tx: Transaction) -> None:
    """A house that is older than the nightly comparison begins it with a payout."""
    timers = tx.database.frame.timers
    is_watched = tx.execute(sa.select(timers.c.id).where(timers.c.kind == "reconcile")).first() is not None
    known = conferences.list_conferences(tx.connection)
    if known and not is_watched:
        watch_nightly(tx, known[-1].time_zone)


def take_in(tx: Transaction, movement: Movement) -> None:
    """Keep a movement, once, and book what only Stripe can tell of: its fee, and what went to our bank."""
    whose = movements.concerned(tx.connection, movement)
    if not movements.keep(tx, movement, whose):
        return
    fee = movement.fee if movement.what != "fee" else -movement.amount
    _book(tx, "fee" if fee.amount > 0 else "fee_returned", movement, fee, whose)
    if movement.what == "payout":
        _book(tx, "payout", movement, movement.amount, whose)
        tx.schedule("ask_payout", movement.object_id, tx.now)
    elif movement.what == "refund_failed":
        tx.schedule("ask_refund", movement.object_id, tx.now)
    elif movement.what == "payout_failed":
        _book(tx, "payout_failed", movement, movement.amount, whose)


def _book(tx: Transaction, kind: Kind, movement: Movement, amount: Money, whose: movements.Concerned) -> None:
    if not amount:
        return
    positive = Money(abs(amount.amount), amount.currency)
    entries = post(
        kind,
        tx.ids.new("pos", tx.now),
        whose.conference_id,
        whose.order_id,
        positive,
        movement.made_at,
        whose.payment_id,
        stripe_id=movement.object_id,
    )
    payments.record_entries(tx, entries)


def _close_day(tx: Transaction, day: date, zone: str) -> None:
    """Write down how a day compares; days that differed are compared again, for what was late may be there now."""
    before = [each for each in movements.days(tx.connection) if each.differences and each.day != day]
    compared = [_compared(tx, day, zone), *(_compared(tx, each.day, each.time_zone) for each in before)]
    for each in compared:
        movements.save_day(tx, each)
    DIFFERENCES.set(sum(len(each.differences) for each in compared))


def _compared(tx: Transaction, day: date, zone: str) -> Reconciliation:
    since, until = at_local(day, time(0), zone), end_of(day, zone)
    ours, theirs = movements.both_sides(tx.connection, since, until)
    counted = movements.count(tx.connection, since, until)
    return Reconciliation(day, zone, tx.now, counted, tuple(compare(ours, theirs)))


def _next_night(tx: Transaction, zone: str) -> datetime:
    today = local_day(tx.now, zone)
    tonight = at_local(today, NIGHT, zone)
    return tonight if tonight > tx.now else at_local(today + timedelta(days=1), NIGHT, zone)
