"""Stripe's sessions and payments as far as we keep them, the webhooks that came, and the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.ledger import Entry
from services.ticket.store.tables import ledger, payments, sessions, webhooks
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.money import Money

_SESSION = sa.select(sessions).where(sessions.c.order_id == sa.bindparam("order_id"))
_ORDER_OF_SESSION = sa.select(sessions.c.order_id).where(sessions.c.session_id == sa.bindparam("session_id"))
_BEGIN = insert(sessions).on_conflict_do_nothing(index_elements=["order_id"])
_RENEW = (
    sa.update(sessions)
    .where(sessions.c.order_id == sa.bindparam("b_order_id"), sessions.c.session_id.is_(None))
    .values(expires_at=sa.bindparam("expires_at"))
)
_SAVE_SESSION = (
    sa.update(sessions)
    .where(sessions.c.order_id == sa.bindparam("b_order_id"))
    .values(session_id=sa.bindparam("session_id"), url=sa.bindparam("url"))
)
_UNDER_WAY = (
    sa.update(sessions)
    .where(sessions.c.order_id == sa.bindparam("b_order_id"), sessions.c.under_way_at.is_(None))
    .values(under_way_at=sa.bindparam("at"))
)
_RECORD_PAYMENT = Prepared(
    insert(payments).on_conflict_do_nothing(index_elements=["intent_id"]).returning(payments.c.payment_id)
)
_PAYMENT = sa.select(payments).where(payments.c.payment_id == sa.bindparam("payment_id"))
_PAYMENTS_OF = (
    sa.select(payments).where(payments.c.order_id == sa.bindparam("order_id")).order_by(payments.c.payment_id)
)
_BY_INTENT = sa.select(payments).where(payments.c.intent_id == sa.bindparam("intent_id"))
_RECORD_WEBHOOK = Prepared(
    insert(webhooks).on_conflict_do_nothing(index_elements=["event_id"]).returning(webhooks.c.event_id)
)
_SET_OUTCOME = Prepared(
    sa.update(webhooks)
    .where(webhooks.c.object_id == sa.bindparam("b_object_id"))
    .values(outcome=sa.bindparam("outcome"))
)
_POST = Prepared(sa.insert(ledger))


@dataclass(frozen=True, slots=True)
class Session:
    """A checkout at Stripe that was begun; `session_id` is None until Stripe's answer to its making is known.

    `under_way_at`: when we heard that the buyer is done and the money takes its time.
    """

    order_id: str
    session_id: str | None
    url: str
    began_at: datetime
    expires_at: datetime
    under_way_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that Stripe captured for us. It pays an order, or goes back: see refunds."""

    payment_id: str
    order_id: str
    session_id: str
    intent_id: str
    amount: Money
    received_at: datetime


def begin_session(tx: Transaction, order_id: str, expires_at: datetime) -> None:
    """Note that a checkout is about to be made, before Stripe hears of it."""
    tx.execute(_BEGIN, {"order_id": order_id, "url": "", "began_at": tx.now, "expires_at": expires_at})


def renew_session(tx: Transaction, order_id: str, expires_at: datetime) -> Session:
    """A checkout that could not be made is begun once more, with another end. One that was made meanwhile stays as it is."""
    tx.execute(_RENEW, {"b_order_id": order_id, "expires_at": expires_at})
    session = session_of(tx.connection, order_id)
    if session is None:
        raise NotFound("No checkout was begun for this order.", order_id=order_id)
    return session


def session_of(connection: sa.Connection, order_id: str) -> Session | None:
    row = connection.execute(_SESSION, {"order_id": order_id}).first()
    return None if row is None else Session(**row._mapping)


def note_under_way(tx: Transaction, order_id: str) -> None:
    """The buyer is done, and the money takes its time."""
    tx.execute(_UNDER_WAY, {"b_order_id": order_id, "at": tx.now})


def order_of_session(connection: sa.Connection, session_id: str) -> str | None:
    found = connection.execute(_ORDER_OF_SESSION, {"session_id": session_id}).scalar()
    return None if found is None else str(found)


def save_session(tx: Transaction, order_id: str, session_id: str, url: str) -> None:
    tx.execute(_SAVE_SESSION, {"b_order_id": order_id, "session_id": session_id, "url": url})


def record_payment(tx: Transaction, payment: Payment) -> bool:
    """False when this payment is known already."""
    values = {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "session_id": payment.session_id,
        "intent_id": payment.intent_id,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "received_at": payment.received_at,
    }
    return tx.write(_RECORD_PAYMENT, values).first() is not None


def load_payment(connection: sa.Connection, payment_id: str) -> Payment:
    """Raises `NotFound`."""
    row = connection.execute(_PAYMENT, {"payment_id": payment_id}).first()
    if row is None:
        raise NotFound("There is no such payment.", payment_id=payment_id)
    return _payment(row)


def payments_of(connection: sa.Connection, order_id: str) -> list[Payment]:
    return [_payment(row) for row in connection.execute(_PAYMENTS_OF, {"order_id": order_id})]


def payment_of_intent(connection: sa.Connection, intent_id: str) -> Payment | None:
    row = connection.execute(_BY_INTENT, {"intent_id": intent_id}).first()
    return None if row is None else _payment(row)


def record_webhook(tx: Transaction, event_id: str, type: str, object_id: str, outcome: str) -> bool:
    """Ids only, never the body. False when this event came before."""
    values = {"event_id": event_id, "type": type, "object_id": object_id, "received_at": tx.now, "outcome": outcome}
    return tx.write(_RECORD_WEBHOOK, values).first() is not None


def settle_webhooks(tx: Transaction, object_id: str, outcome: str) -> None:
    """Write down what became of what Stripe said about this object: `done` or `unknown`."""
    tx.write(_SET_OUTCOME, {"b_object_id": object_id, "outcome": outcome})


def record_entries(tx: Transaction, *postings: Iterable[Entry]) -> None:
    rows = [
        {
            "posting_id": entry.posting_id,
            "kind": entry.kind,
            "account": entry.account,
            "conference_id": entry.conference_id,
            "order_id": entry.order_id,
            "payment_id": entry.payment_id,
            "amount": entry.amount.amount,
            "currency": entry.amount.currency,
            "booked_at": entry.booked_at,
            "vat": [[each.rate, each.net.amount, each.vat.amount] for each in entry.vat],
            "document": entry.document,
            "stripe_id": entry.stripe_id,
        }
        for posting in postings
        for entry in posting
    ]
    if rows:
        tx.write_each(_POST, rows)


def _payment(row: Any) -> Payment:
    return Payment(
        row.payment_id,
        row.order_id,
        row.session_id,
        row.intent_id,
        Money(row.amount, row.currency),
        row.received_at,
    )
