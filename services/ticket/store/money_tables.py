"""The tables of refunds by Stripe, disputes, and what Stripe's list says. Registered in the same metadata as `tables`."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.store.tables import ID, metadata
from shared.database.types import UtcDateTime

refunds = sa.Table(
    "refunds",
    metadata,
    sa.Column("refund_id", ID, primary_key=True),
    sa.Column("payment_id", ID, nullable=False, index=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("requested_at", UtcDateTime, nullable=False),
    sa.Column("stripe_id", sa.String(100), nullable=False),
    sa.Column("waits_for", sa.String(200), nullable=False),
    sa.Column("done_at", UtcDateTime, nullable=True),
)

disputes = sa.Table(
    "disputes",
    metadata,
    sa.Column("dispute_id", sa.String(100), primary_key=True),
    sa.Column("payment_id", ID, nullable=False, index=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime, nullable=True),
    sa.Column("outcome", sa.String(20), nullable=False),
)
