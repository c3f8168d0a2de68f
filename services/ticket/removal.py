"""Taking a conference away with all that belongs to it. For demos: a real one is called off, and kept."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.store import billing_tables as b
from services.ticket.store import door_tables as d
from services.ticket.store import money_tables as m
from services.ticket.store import tables as t
from shared.database import Transaction
from shared.events.ticketing import ConferenceCalledOff

CALLED_OFF = "demo removed"


def remove_conference(tx: Transaction, conference_id: str) -> int:
    """Delete its rows and what would still be done about it, and say that it is called off. Returns how many rows; 0: not here.

    Raises nothing for one that is gone already. What was said of it stays on the topics.
    """
    slug = tx.execute(sa.select(t.conferences.c.slug).where(t.conferences.c.conference_id == conference_id)).scalar()
    if slug is None:
        return 0
    order_ids = _ids(tx, t.orders.c.order_id, t.orders.c.conference_id == conference_id)
    tier_ids = _ids(tx, t.tiers.c.tier_id, t.tiers.c.conference_id == conference_id)
    lot_ids = _ids(tx, t.voucher_lots.c.lot_id, t.voucher_lots.c.conference_id == conference_id)
    entry_ids = _ids(tx, t.waiting.c.entry_id, t.waiting.c.conference_id == conference_id)
    invitation_ids = _ids(tx, t.invitations.c.invitation_id, t.invitations.c.conference_id == conference_id)
    session_ids = _ids(tx, t.sessions.c.session_id, t.sessions.c.order_id.in_(order_ids))
    seller_ids = _ids(tx, b.conference_sellers.c.seller_id, b.conference_sellers.c.conference_id == conference_id)
    refund_ids = _ids(tx, m.refunds.c.refund_id, m.refunds.c.conference_id == conference_id)
    timers = tx.database.frame.timers
    of_tiers = [timers.c.subject.startswith(f"{each}:", autoescape=True) for each in (conference_id, *tier_ids)]
    doomed = [
        sa.delete(timers).where(timers.c.subject.in_([*order_ids, *session_ids, *refund_ids, *lot_ids, conference_id])),
        sa.delete(t.people).where(t.people.c.order_id.in_([*entry_ids, *invitation_ids])),
        sa.delete(timers).where(sa.or_(*of_tiers)),
        sa.delete(t.webhooks).where(t.webhooks.c.object_id.in_(session_ids)),
        sa.delete(t.idempotency).where(t.idempotency.c.key.startswith(f"{slug}:", autoescape=True)),
        sa.delete(t.voucher_codes).where(t.voucher_codes.c.lot_id.in_(lot_ids)),
        *(
            sa.delete(table).where(table.c.order_id.in_(order_ids))
            for table in (t.people, t.sessions, t.payments, b.billing)
        ),
        *(
            sa.delete(table).where(table.c.conference_id == conference_id)
            for table in (
                m.refunds,
                m.disputes,
                d.badge_prints,
                m.movements,
                d.check_ins,
                d.door_passes,
                d.check_in_points,
                t.admissions,
                t.ledger,
                t.orders,
                t.voucher_lots,
                t.voucher_guesses,
                t.waitlists,
                t.waiting,
                t.invitations,
                t.academic_domains,
                t.quotas,
                t.tiers,
                t.legal_texts,
                b.transfers,
                b.transfer_refunds,
                b.documents,
                b.conference_sellers,
                t.conferences,
            )
        ),
    ]
    sells_elsewhere = sa.select(b.conference_sellers.c.seller_id)
    doomed += [
        sa.delete(table).where(table.c.seller_id.in_(seller_ids), table.c.seller_id.not_in(sells_elsewhere))
        for table in (b.document_series, b.sellers)
    ]
    removed = sum(tx.execute(statement).rowcount for statement in doomed)
    if tx.execute(sa.select(t.conferences.c.conference_id).limit(1)).first() is None:
        removed += _forget_account(tx)
    tx.publish(ConferenceCalledOff(conference_id=conference_id, reason=CALLED_OFF))
    return removed


def _forget_account(tx: Transaction) -> int:
    """No conference is left: what is known of the account at Stripe was about none but those removed."""
    timers = tx.database.frame.timers
    doomed = (
        sa.delete(m.reconciliations),
        sa.delete(m.movements),
        sa.delete(t.ledger).where(t.ledger.c.conference_id == ""),
        sa.delete(timers).where(timers.c.kind == "reconcile"),
    )
    return sum(tx.execute(statement).rowcount for statement in doomed)


def _ids(tx: Transaction, column: sa.Column[str], condition: sa.ColumnElement[bool]) -> list[str]:
    return [each for each in tx.execute(sa.select(column).where(condition)).scalars() if each]
