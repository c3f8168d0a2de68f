"""Promises of the ticket service in SQL, for `stagedoor verify`: each check gives sentences, none when all is well."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.domain.order import TAKING
from services.ticket.store.billing_tables import transfer_refunds, transfers
from services.ticket.store.money_tables import refunds
from services.ticket.store.tables import (
    admissions,
    ledger,
    orders,
    payments,
    quotas,
    tiers,
    voucher_codes,
    voucher_lots,
)

_owed_by_transfer = sa.select(transfer_refunds.c.order_id).where(transfer_refunds.c.done_on.is_(None))
_TAKING = [str(state) for state in TAKING]
_RESERVED = (
    sa.select(
        voucher_lots.c.conference_id,
        voucher_lots.c.admission_type,
        voucher_lots.c.tier_id,
        sa.func.sum(voucher_codes.c.uses - voucher_codes.c.used).label("n"),
    )
    .join(voucher_codes, voucher_codes.c.lot_id == voucher_lots.c.lot_id)
    .where(
        voucher_lots.c.reserves,
        voucher_lots.c.revoked_at.is_(None),
        voucher_lots.c.ended_at.is_(None),
        voucher_codes.c.revoked_at.is_(None),
    )
    .group_by(voucher_lots.c.conference_id, voucher_lots.c.admission_type, voucher_lots.c.tier_id)
)


def ledger_is_balanced(connection: sa.Connection) -> list[str]:
    """Each posting sums to zero, so the ledger does; an order that ended owes nothing and is owed nothing."""
    unbalanced = connection.execute(
        sa.select(ledger.c.posting_id).group_by(ledger.c.posting_id).having(sa.func.sum(ledger.c.amount) != 0)
    )
    sentences = [f"Posting {row.posting_id} does not sum to zero." for row in unbalanced]
    waiting = sa.select(refunds.c.order_id).where(refunds.c.done_at.is_(None))
    open_orders = connection.execute(
        sa.select(ledger.c.order_id)
        .join(orders, orders.c.order_id == ledger.c.order_id)
        .where(
            ledger.c.account == "order",
            ledger.c.order_id.not_in(waiting),
            ledger.c.order_id.not_in(_owed_by_transfer),
            orders.c.state != "placed",  # a part of its money may be there, and not yet sold for
        )
        .group_by(ledger.c.order_id)
        .having(sa.func.sum(ledger.c.amount) != 0)
    )
    return sentences + [f"Order {row.order_id} has a balance, and no refund of it waits." for row in open_orders]


def ledger_sum(connection: sa.Connection) -> int:
    """Zero."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount), 0))).scalar_one())


def payments_have_one_end(connection: sa.Connection) -> list[str]:
    """Every captured payment is the payment of exactly one paid order, or goes back: no more of it than came."""
    back = sa.func.coalesce(
        sa.select(sa.func.sum(refunds.c.amount)).where(refunds.c.payment_id == payments.c.payment_id).scalar_subquery(),
        0,
    )
    over = connection.execute(sa.select(payments.c.payment_id).where(back > payments.c.amount))
    sentences = [f"More of payment {row.payment_id} goes back than came." for row in over]
    kept = (
        sa.select(payments.c.order_id, sa.func.count().label("n"))
        .where(back < payments.c.amount)
        .group_by(payments.c.order_id)
        .subquery()
    )
    wrong = connection.execute(
        sa.select(orders.c.order_id)
        .join(kept, kept.c.order_id == orders.c.order_id)
        .where(sa.or_(kept.c.n > 1, orders.c.state.not_in(["paid", "cancelled"])))
    )
    sentences += [f"Order {row.order_id} keeps money that it should not." for row in wrong]
    forgiven = sa.func.coalesce(
        sa.select(sa.func.sum(ledger.c.amount))
        .where(ledger.c.account == "shortage", ledger.c.order_id == transfers.c.order_id)
        .scalar_subquery(),
        0,
    )
    by_transfer = (
        sa.select(transfers.c.order_id)
        .group_by(transfers.c.order_id, orders.c.total)
        .join(orders, orders.c.order_id == transfers.c.order_id)
        .having(sa.func.sum(transfers.c.amount) + forgiven >= orders.c.total)
    )
    unpaid = connection.execute(
        sa.select(orders.c.order_id).where(
            orders.c.state == "paid",
            orders.c.total > 0,
            orders.c.order_id.not_in(sa.select(payments.c.order_id)),
            orders.c.order_id.not_in(by_transfer),
        )
    )
    return sentences + [f"Order {row.order_id} is paid by no payment." for row in unpaid]


def counters_equal_facts(connection: sa.Connection) -> list[str]:
    """`taken` of tiers and quotas is what the admissions of held, placed and paid orders add up to, and what vouchers reserve."""
    facts = (
        sa.select(
            admissions.c.conference_id, admissions.c.admission_type, admissions.c.tier_id, sa.func.count().label("n")
        )
        .join(orders, orders.c.order_id == admissions.c.order_id)
        .where(orders.c.state.in_(_TAKING), admissions.c.cancelled_at.is_(None))
        .group_by(admissions.c.conference_id, admissions.c.admission_type, admissions.c.tier_id)
    )
    by_tier: dict[str, int] = {}
    by_type: dict[tuple[str, str], int] = {}
    for row in connection.execute(facts):
        by_tier[row.tier_id] = by_tier.get(row.tier_id, 0) + row.n
        of_type = (row.conference_id, row.admission_type)
        by_type[of_type] = by_type.get(of_type, 0) + row.n
    for lot in connection.execute(_RESERVED):
        by_type[lot.conference_id, lot.admission_type] = by_type.get((lot.conference_id, lot.admission_type), 0) + lot.n
        by_tier[lot.tier_id] = by_tier.get(lot.tier_id, 0) + lot.n
    sentences = []
    for row in connection.execute(sa.select(tiers.c.tier_id, tiers.c.taken)):
        if row.taken != by_tier.get(row.tier_id, 0):
            sentences.append(f"Tier {row.tier_id} counts {row.taken}, its orders {by_tier.get(row.tier_id, 0)}.")
    for row in connection.execute(sa.select(quotas)):
        taken = sum(by_type.get((row.conference_id, code), 0) for code in row.admission_types)
        if row.taken != taken:
            sentences.append(f"Quota {row.quota_id} counts {row.taken}, its orders {taken}.")
        if taken > row.capacity:
            sentences.append(f"Quota {row.quota_id} is oversold: {taken} of {row.capacity}.")
    return sentences


def vouchers_are_not_overused(connection: sa.Connection) -> list[str]:
    over = connection.execute(
        sa.select(voucher_codes.c.lot_id).where(
            sa.or_(voucher_codes.c.used > voucher_codes.c.uses, voucher_codes.c.used < 0)
        )
    )
    return [f"A code of lot {row.lot_id} was used too often." for row in over]


CHECKS = (ledger_is_balanced, payments_have_one_end, counters_equal_facts, vouchers_are_not_overused)
