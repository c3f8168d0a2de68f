"""The tables of refunds by Stripe, disputes, and what Stripe's list says beside ours. In the metadata of `tables`."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.store.tables import ID, metadata
from shared.database.types import Json, UtcDateTime

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

movements = sa.Table(
    "movements",
    metadata,
    sa.Column("movement_id", sa.String(100), primary_key=True),
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("object_id", sa.String(100), nullable=False, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("fee", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False, index=True),
    sa.Column("payout_id", sa.String(100), nullable=False),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("conference_id", ID, nullable=False, index=True),
)

reconciliations = sa.Table(
    "reconciliations",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("time_zone", sa.String(50), nullable=False),
    sa.Column("compared_at", UtcDateTime, nullable=False),
    sa.Column("movements", sa.Integer, nullable=False),
    sa.Column("differences", Json, nullable=False),
)
