"""Bank transfers that came for orders, what has to go back by transfer, and how far finance knows the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.billing import Billing
from services.ticket.domain.order import State
from services.ticket.store.billing_tables import bank_confirmed, billing, transfer_refunds, transfers
from services.ticket.store.tables import orders, people
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.money import Money

MOST_FOUND = 50

_INSERT_BILLING = insert(billing)
_SAVE_BILLING = _INSERT_BILLING.on_conflict_do_update(
    index_elements=["order_id"],
    set_={column.name: _INSERT_BILLING.excluded[column.name] for column in billing.c if column.name != "order_id"},
)
_BILLING = sa.select(billing).where(billing.c.order_id == sa.bindparam("order_id"))
_RECORD = insert(transfers).on_conflict_do_nothing(index_elements=["transfer_id"]).returning(transfers.c.transfer_id)
_TRANSFERS_OF = (
    sa.select(transfers)
    .where(transfers.c.order_id == sa.bindparam("order_id"))
    .order_by(transfers.c.booked_on, transfers.c.transfer_id)
)
_BY_REFERENCE = sa.select(orders.c.order_id).where(orders.c.reference == sa.bindparam("reference"))
_confirm = insert(bank_confirmed)
_CONFIRM = _confirm.on_conflict_do_update(
    index_elements=["account_id"],
    set_={"until": _confirm.excluded.until},
    where=bank_confirmed.c.until < _confirm.excluded.until,
)
_WAITING = (
    sa.select(orders.c.order_id)
    .where(
        orders.c.state == State.PLACED.value,
        orders.c.conference_id.in_(sa.bindparam("conferences", expanding=True)),
        orders.c.pay_by <= sa.bindparam("until", type_=orders.c.pay_by.type),
    )
    .order_by(orders.c.order_id)
)
_REFUND = sa.select(transfer_refunds).where(transfer_refunds.c.refund_id == sa.bindparam("refund_id"))
_LOCK_REFUND = _REFUND.with_for_update()
_REFUNDS_OF = (
    sa.select(transfer_refunds)
    .where(transfer_refunds.c.order_id == sa.bindparam("order_id"))
    .order_by(transfer_refunds.c.refund_id)
)
_OPEN_REFUNDS = (
    sa.select(transfer_refunds, orders.c.reference)
    .join(orders, orders.c.order_id == transfer_refunds.c.order_id)
    .where(transfer_refunds.c.conference_id == sa.bindparam("conference_id"))
    .order_by(transfer_refunds.c.done_on.is_not(None), transfer_refunds.c.refund_id)
    .limit(500)
)
_INSERT_REFUND = sa.insert(transfer_refunds)
_SAVE_REFUND = (
    sa.update(transfer_refunds)
    .where(transfer_refunds.c.refund_id == sa.bindparam("b_refund_id"))
    .values({name: sa.bindparam(name) for name in ("payee", "iban", "exported_at", "done_on")})
)
_OPEN = (
    sa.select(
        orders.c.order_id,
        orders.c.conference_id,
        orders.c.reference,
        orders.c.state,
        orders.c.total,
        orders.c.currency,
        orders.c.pay_by,
        people.c.name,
        sa.func.coalesce(billing.c.company, "").label("company"),
        sa.select(sa.func.coalesce(sa.func.sum(transfers.c.amount), 0))
        .where(transfers.c.order_id == orders.c.order_id)
        .scalar_subquery()
        .label("came"),
    )
    .select_from(orders)
    .outerjoin(people, people.c.person_id == orders.c.buyer)
    .outerjoin(billing, billing.c.order_id == orders.c.order_id)
    .where(orders.c.payment_method == "transfer", orders.c.state.in_([State.PLACED.value, State.LAPSED.value]))
    .order_by(orders.c.state.desc(), orders.c.pay_by, orders.c.order_id)
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line of a statement that pays an order. `payer` and `iban` are empty where only the match was told."""

    transfer_id: str
    order_id: str
    conference_id: str
    amount: Money
    booked_on: date
    payer: str = ""
    iban: str = ""


@dataclass(slots=True)
class TransferRefund:
    """Money that a person has to transfer back: to whom is known from the statement, or typed; done when the bank shows it."""

    refund_id: str
    order_id: str
    conference_id: str
    amount: Money
    reason: str
    payee: str
    iban: str
    requested_at: datetime
    exported_at: datetime | None = None
    done_on: date | None = None


def record_billing(tx: Transaction, order_id: str, facts: Billing) -> None:
    tx.execute(_INSERT_BILLING, _billing_row(order_id, facts))


def save_billing(tx: Transaction, order_id: str, facts: Billing) -> None:
    tx.execute(_SAVE_BILLING, _billing_row(order_id, facts))


def billing_of(connection: sa.Connection, order_id: str) -> Billing:
    """Of a person who asked for nothing, it is empty."""
    row = connection.execute(_BILLING, {"order_id": order_id}).first()
    if row is None:
        return Billing()
    return Billing(
        row.company,
        tuple(row.address),
        row.postcode,
        row.city,
        row.country,
        row.vat_id,
        row.purchase_order,
        row.wants_invoice,
    )


def record_transfer(tx: Transaction, transfer: Transfer) -> bool:
    """False when this transfer is known already."""
    values = {
        "transfer_id": transfer.transfer_id,
        "order_id": transfer.order_id,
        "conference_id": transfer.conference_id,
        "amount": transfer.amount.amount,
        "currency": transfer.amount.currency,
        "booked_on": transfer.booked_on,
        "payer": transfer.payer,
        "iban": transfer.iban,
        "recorded_at": tx.now,
    }
    return tx.execute(_RECORD, values).first() is not None


def transfers_of(connection: sa.Connection, order_id: str) -> list[Transfer]:
    return [
        Transfer(
            row.transfer_id,
            row.order_id,
            row.conference_id,
            Money(row.amount, row.currency),
            row.booked_on,
            row.payer,
            row.iban,
        )
        for row in connection.execute(_TRANSFERS_OF, {"order_id": order_id})
    ]


def order_by_reference(connection: sa.Connection, reference: str) -> str:
    """Raises `NotFound`."""
    found = connection.execute(_BY_REFERENCE, {"reference": reference}).scalar()
    if found is None:
        raise NotFound("There is no order with this reference.", reference=reference)
    return str(found)


def record_confirmation(tx: Transaction, account_id: str, until: date) -> None:
    """Never goes back to an earlier day."""
    tx.execute(_CONFIRM, {"account_id": account_id, "until": until})


def confirmed_by_all(connection: sa.Connection) -> date:
    """The last day up to which every account that ever told us has done so."""
    found = connection.execute(sa.select(sa.func.min(bank_confirmed.c.until))).scalar_one()
    return date.min if found is None else found


def waiting_until(connection: sa.Connection, conferences: Sequence[str], until: datetime) -> list[str]:
    """Orders that wait for a transfer which the bank should have booked by then."""
    return list(connection.execute(_WAITING, {"conferences": list(conferences), "until": until}).scalars())


def record_refund(tx: Transaction, refund: TransferRefund) -> None:
    tx.execute(
        _INSERT_REFUND,
        {
            "refund_id": refund.refund_id,
            "order_id": refund.order_id,
            "conference_id": refund.conference_id,
            "amount": refund.amount.amount,
            "currency": refund.amount.currency,
            "reason": refund.reason,
            "requested_at": refund.requested_at,
            **_refund_state(refund),
        },
    )


def lock_refund(tx: Transaction, refund_id: str) -> TransferRefund:
    """Locked after its order. Raises `NotFound`."""
    row = tx.execute(_LOCK_REFUND, {"refund_id": refund_id}).first()
    if row is None:
        raise NotFound("There is no such refund.")
    return _refund(row)


def load_refund(connection: sa.Connection, refund_id: str) -> TransferRefund:
    """Raises `NotFound`."""
    row = connection.execute(_REFUND, {"refund_id": refund_id}).first()
    if row is None:
        raise NotFound("There is no such refund.")
    return _refund(row)


def refunds_of(connection: sa.Connection, order_id: str) -> list[TransferRefund]:
    return [_refund(row) for row in connection.execute(_REFUNDS_OF, {"order_id": order_id})]


def refunds_of_conference(connection: sa.Connection, conference_id: str) -> list[tuple[str, TransferRefund]]:
    """(order's reference, refund), those that wait first; at most 500."""
    rows = connection.execute(_OPEN_REFUNDS, {"conference_id": conference_id})
    return [(row.reference, _refund(row)) for row in rows]


def save_refund(tx: Transaction, refund: TransferRefund) -> None:
    tx.execute(_SAVE_REFUND, {"b_refund_id": refund.refund_id, **_refund_state(refund)})


def find_open(
    connection: sa.Connection,
    *,
    reference: str = "",
    amount: Money | None = None,
    name: str = "",
    conference_id: str = "",
) -> list[Any]:
    """Orders that a transfer may still pay (lapsed ones too: late money is honoured while there is room), soonest first.

    Rows of order_id, conference_id, reference, state, total, currency, pay_by, name, company, came. All that is given must fit: a
    reference whole, an amount to the cent (of what is missing or of the total), a name as part of the buyer's or company's.
    """
    statement = _OPEN
    if reference:
        statement = statement.where(orders.c.reference == reference)
    if amount is not None:
        missing = orders.c.total - _OPEN.selected_columns.came
        fits = sa.or_(orders.c.total == amount.amount, missing == amount.amount)
        statement = statement.where(orders.c.currency == amount.currency, fits)
    if name:
        part = name.lower()
        fits = sa.or_(
            sa.func.lower(people.c.name).contains(part, autoescape=True),
            sa.func.lower(billing.c.company).contains(part, autoescape=True),
        )
        statement = statement.where(fits)
    if conference_id:
        statement = statement.where(orders.c.conference_id == conference_id)
    return list(connection.execute(statement.limit(MOST_FOUND)))


def _billing_row(order_id: str, facts: Billing) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "company": facts.company,
        "address": list(facts.address),
        "postcode": facts.postcode,
        "city": facts.city,
        "country": facts.country,
        "vat_id": facts.vat_id,
        "purchase_order": facts.purchase_order,
        "wants_invoice": facts.wants_invoice,
    }


def _refund_state(refund: TransferRefund) -> dict[str, Any]:
    return {
        "payee": refund.payee,
        "iban": refund.iban,
        "exported_at": refund.exported_at,
        "done_on": refund.done_on,
    }


def _refund(row: Any) -> TransferRefund:
    return TransferRefund(
        row.refund_id,
        row.order_id,
        row.conference_id,
        Money(row.amount, row.currency),
        row.reason,
        row.payee,
        row.iban,
        row.requested_at,
        row.exported_at,
        row.done_on,
    )
