"""Use cases of collecting: payments, the bank's word, reminders, promises, losses. Each runs in the caller's transaction.

Locks are taken in one order: sponsorship, then receivables by id; what the bank confirmed is read under the receivable's lock.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from sqlalchemy import select

from services.sponsor_invoice import owed as owed_store
from services.sponsor_invoice import store
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain import ledger
from services.sponsor_invoice.owed import Owed
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import StaffActed
from shared.events.sponsorship import BankConfirmed
from shared.money import Money
from shared.service import Timer

MORNING: Final = time(9)
"""When the ladder is looked at, in the conference's zone."""

_CONFIRM = insert(t.bank_confirmations).on_conflict_do_nothing().returning(t.bank_confirmations.c.until)


def settle(tx: Transaction, owed: Owed) -> None:
    """Save what came of an invoice, let go out what may, and set the timer for the next day on which something can fall due.

    A timer whose invoice is settled is left alone: it finds nothing to do. Taking it back would lock in the other order.
    """
    today = owed.today(tx.now)
    if owed.dunning.advance(today, owed_store.bank_until(tx.connection, owed.account_id)):
        tx.publish(*owed.dunning.release(owed.invoice, owed.receivable.open, now=tx.now, today=today))
    owed_store.save(tx, owed)
    next_on = owed.dunning.next_on()
    if next_on is not None:
        due_at = datetime.combine(next_on, MORNING, owed.zone)
        if due_at > tx.now:
            tx.schedule("climb_ladder", owed.invoice.id, due_at)


def climb_ladder(timer: Timer, tx: Transaction) -> None:
    """Prepare the reminder that is due; it goes out if the bank is confirmed up to today."""
    settle(tx, owed_store.load(tx.connection, timer.subject, lock=True))


def record_payment(
    tx: Transaction, *, payment_id: str, invoice_id: str, amount: Money, booked_on: date, method: str = "transfer"
) -> None:
    """Money is in, as the bank booked it. Dunning stops when nothing is open; vouchers that waited are granted.

    Doing the same `payment_id` again changes nothing. Raises `InvalidInput` for an amount in another currency or a day to come.
    """
    row = owed_store.invoice_row(tx.connection, invoice_id)
    held, _ = store.load_sponsorship(tx.connection, row.sponsorship_id, lock=True)
    owed = owed_store.load(tx.connection, invoice_id, lock=True)
    if store.exists(tx.connection, t.payments, payment_id):
        return
    if amount.currency != owed.invoice.total.currency:
        raise InvalidInput("A payment is in the invoice's currency.", errors={"amount": ["Another currency."]})
    if booked_on > owed.today(tx.now):
        raise InvalidInput(
            "The bank has not booked this yet.", errors={"booked_on": ["Choose today or an earlier day."]}
        )
    written_off = owed.receivable.written_off
    tx.publish(
        *owed.receivable.record_payment(payment_id=payment_id, amount=amount, booked_on=booked_on, method=method)
    )
    recovered = written_off - owed.receivable.written_off
    tx.execute(
        t.payments.insert(),
        {
            "id": payment_id,
            "invoice_id": invoice_id,
            "conference_id": owed.invoice.conference_id,
            "amount": amount.amount,
            "currency": amount.currency,
            "booked_on": booked_on,
            "method": method,
            "recorded_at": tx.now,
            "recorded_by": tx.actor,
        },
    )
    owed_store.post(tx, owed.invoice, "paid", booked_on, ledger.paid(amount, recovered))
    if owed.receivable.state == "paid":
        owed.dunning.end("paid")
        tx.publish(*held.grant_benefits(paid=True))
        store.save_sponsorship(tx, held)
    settle(tx, owed)
    _acted(tx, "record_payment", owed, {"amount": str(amount), "booked_on": booked_on.isoformat()})


def confirm_bank(tx: Transaction, *, account_id: str, until: date, today: date) -> int:
    """Finance looked: every booking up to and with `until` is recorded. What waited for that goes out.

    Returns how many reminders went out. Confirming the same day again says nothing new. `today` is the seller's.
    """
    if until > today:
        raise InvalidInput(
            "The bank cannot be in for days to come.", errors={"until": ["Choose today or an earlier day."]}
        )
    if tx.execute(select(t.sellers.c.id).where(t.sellers.c.account_id == account_id)).first() is None:
        raise NotFound("There is no such bank account: it comes with its seller.")
    confirmation = {"account_id": account_id, "until": until, "confirmed_at": tx.now, "confirmed_by": tx.actor}
    is_news = tx.execute(_CONFIRM, confirmation).first() is not None
    if is_news:
        tx.publish(BankConfirmed(account_id=account_id, until=until))
    gone_out = 0
    for invoice_id in owed_store.open_of_account(tx.connection, account_id):
        owed = owed_store.load(tx.connection, invoice_id, lock=True)
        before = _released(owed)
        settle(tx, owed)
        gone_out += _released(owed) - before
    facts = {"until": until.isoformat(), "reminders": str(gone_out)}
    if tx.actor != "system" and is_news:
        tx.publish(StaffActed(staff_id=tx.actor, action="confirm_bank", subject=account_id, facts=facts))
    return gone_out


def release_reminder(tx: Transaction, *, invoice_id: str, stage: int) -> None:
    """A person sends the prepared reminder although the bank is not confirmed. Raises `Conflict` when it is not waiting."""
    owed = owed_store.load(tx.connection, invoice_id, lock=True)
    prepared = owed.dunning.prepared
    if prepared is None or prepared.stage != stage:
        raise Conflict("This reminder does not wait any more: it went out, or the invoice was settled.")
    today = owed.today(tx.now)
    tx.publish(*owed.dunning.release(owed.invoice, owed.receivable.open, now=tx.now, today=today, by=tx.actor))
    settle(tx, owed)
    _acted(tx, "release_reminder", owed, {"stage": str(stage)})


def promise(tx: Transaction, *, promise_id: str, invoice_id: str, until: date) -> None:
    """They say that they pay by `until`. Doing the same `promise_id` again changes nothing."""
    owed = owed_store.load(tx.connection, invoice_id, lock=True)
    if store.exists(tx.connection, t.promises, promise_id):
        return
    owed.dunning.promise(until, owed.today(tx.now))
    tx.execute(
        t.promises.insert(),
        {"id": promise_id, "invoice_id": invoice_id, "until": until, "recorded_at": tx.now, "recorded_by": tx.actor},
    )
    settle(tx, owed)
    _acted(tx, "promise", owed, {"until": until.isoformat()})


def write_off(tx: Transaction, *, invoice_id: str, reason: str = "uncollectible") -> None:
    """Nobody expects the rest any more: the ladder ends. Raises `Conflict` when nothing is open."""
    owed = owed_store.load(tx.connection, invoice_id, lock=True)
    lost = owed.receivable.open
    tx.publish(*owed.receivable.write_off(reason))
    owed.dunning.end("written_off")
    owed_store.post(tx, owed.invoice, "written_off", owed.today(tx.now), ledger.written_off(lost))
    settle(tx, owed)
    _acted(tx, "write_off", owed, {"amount": str(lost), "reason": reason})


def _released(owed: Owed) -> int:
    return sum(step.state == "released" for step in owed.dunning.reminders)


def _acted(tx: Transaction, action: str, owed: Owed, facts: dict[str, str]) -> None:
    if tx.actor != "system":
        tx.publish(
            StaffActed(
                conference_id=owed.invoice.conference_id,
                staff_id=tx.actor,
                action=action,
                subject=owed.invoice.id,
                facts={"number": owed.invoice.number, **facts},
            )
        )
