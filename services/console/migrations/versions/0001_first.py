"""The console's first tables, beside the frame's.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from shared.database.frame import create_frame_tables
from shared.database.types import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame_tables(op)
    op.create_table(
        "accounts",
        sa.Column("staff_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True, comment="lower case; gone when revoked"),
        sa.Column("password", sa.String(length=300), nullable=False, comment="argon2id"),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "admissions",
        sa.Column("admission_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("tier_id", sa.String(length=100), nullable=True),
        sa.Column("admission_type", sa.String(length=200), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("comp", sa.Boolean(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True, comment="in UTC"),
        sa.Column("standing", sa.Boolean(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True, comment="when it was cancelled; means nothing while it stands"),
        sa.Column("checked_in", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("admission_id"),
    )
    op.create_index("ix_admissions_days", "admissions", ["conference_id", "standing", "issued_on"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("token_id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "audit",
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_audit_at", "audit", ["at", "event_id"], unique=False)
    op.create_index(("ix_audit_conference_id"), "audit", ["conference_id"], unique=False)
    op.create_table(
        "bank",
        sa.Column("account_id", sa.String(length=100), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "benefits",
        sa.Column("benefit_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("benefit_id"),
    )
    op.create_index(("ix_benefits_conference_id"), "benefits", ["conference_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("claim_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="refund, dispute"),
        sa.Column("state", sa.String(length=40), nullable=False, comment="open, done, or how a dispute ended"),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id"),
    )
    op.create_index(("ix_claims_conference_id"), "claims", ["conference_id"], unique=False)
    op.create_table(
        "conferences",
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("time_zone", sa.String(length=200), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("doors_at", UtcDateTime, nullable=True),
        sa.Column("admission_types", Json, nullable=True, comment="{code: {en, de}}"),
        sa.Column("is_demo", sa.Boolean(), nullable=True),
        sa.Column("called_off", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("conference_id"),
    )
    op.create_table(
        "drifts",
        sa.Column("order_id", sa.String(length=100), nullable=False),
        sa.Column("meal_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("tolerance", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", "meal_id"),
    )
    op.create_index(("ix_drifts_conference_id"), "drifts", ["conference_id"], unique=False)
    op.create_table(
        "forecasts",
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("forecast_at", UtcDateTime, nullable=False),
        sa.Column("admissions", sa.BigInteger(), nullable=True),
        sa.Column("p05", sa.BigInteger(), nullable=True),
        sa.Column("p25", sa.BigInteger(), nullable=True),
        sa.Column("p50", sa.BigInteger(), nullable=True),
        sa.Column("p75", sa.BigInteger(), nullable=True),
        sa.Column("p95", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("conference_id", "forecast_at"),
    )
    op.create_table(
        "headcounts",
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("admissions", sa.BigInteger(), nullable=True),
        sa.Column("meals", Json, nullable=False),
        sa.PrimaryKeyConstraint("conference_id"),
    )
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("roles", Json, nullable=False, comment="{conference_id or *: [role]}"),
        sa.Column("invited_by", sa.String(length=100), nullable=False, comment="empty for the first one"),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("sponsor", sa.String(length=300), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True, comment="the last reminder that went out"),
        sa.PrimaryKeyConstraint("invoice_id"),
    )
    op.create_index(("ix_invoices_conference_id"), "invoices", ["conference_id"], unique=False)
    op.create_table(
        "meal_orders",
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="0: the proposal"),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("deadline_at", UtcDateTime, nullable=True),
        sa.Column("headcount", sa.BigInteger(), nullable=True),
        sa.Column("p05", sa.BigInteger(), nullable=True),
        sa.Column("p50", sa.BigInteger(), nullable=True),
        sa.Column("p95", sa.BigInteger(), nullable=True),
        sa.Column("plates", Json, nullable=False, comment="{meal_id: plates}"),
        sa.PrimaryKeyConstraint("conference_id", "number"),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False, comment="sent, failed"),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index(("ix_messages_conference_id"), "messages", ["conference_id"], unique=False)
    op.create_table(
        "money",
        sa.Column("fact_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="tickets, refund, sponsors"),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="minor units; what went out is negative"),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("fact_id"),
    )
    op.create_index(("ix_money_conference_id"), "money", ["conference_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False, comment="held, placed, paid, lapsed, cancelled"),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("until", UtcDateTime, nullable=True, comment="end of the hold, or pay by"),
        sa.Column("said_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index(("ix_orders_conference_id"), "orders", ["conference_id"], unique=False)
    op.create_table(
        "quotas",
        sa.Column("quota_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("quota_id"),
    )
    op.create_index(("ix_quotas_conference_id"), "quotas", ["conference_id"], unique=False)
    op.create_table(
        "roles",
        sa.Column("staff_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "conference_id", "role"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=100), nullable=False),
        sa.Column("begun_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(("ix_sessions_staff_id"), "sessions", ["staff_id"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("fact_id", sa.String(length=100), nullable=False),
        sa.Column("invoice_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="payment, correction, written_off"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fact_id"),
    )
    op.create_index(("ix_settlements_conference_id"), "settlements", ["conference_id"], unique=False)
    op.create_index(("ix_settlements_invoice_id"), "settlements", ["invoice_id"], unique=False)
    op.create_table(
        "sponsorships",
        sa.Column("sponsorship_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("sponsor", sa.String(length=300), nullable=True),
        sa.Column("package", sa.String(length=200), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("in_kind", sa.Boolean(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("sponsorship_id"),
    )
    op.create_index(("ix_sponsorships_conference_id"), "sponsorships", ["conference_id"], unique=False)
    op.create_table(
        "tiers",
        sa.Column("tier_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True, comment="its step in the conference's ladders"),
        sa.Column("admission_type", sa.String(length=200), nullable=True),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("name_de", sa.String(length=200), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", UtcDateTime, nullable=True),
        sa.Column("ends_at", UtcDateTime, nullable=True),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", UtcDateTime, nullable=True),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.Column("closed_by", sa.String(length=20), nullable=True),
        sa.Column("warned_at", UtcDateTime, nullable=True, comment="when 'ends soon' was last said"),
        sa.PrimaryKeyConstraint("tier_id"),
    )
    op.create_index(("ix_tiers_conference_id"), "tiers", ["conference_id"], unique=False)
    op.create_table(
        "transfers",
        sa.Column("transfer_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="matched, refund"),
        sa.Column("order_reference", sa.String(length=60), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id"),
    )
    op.create_index(("ix_transfers_conference_id"), "transfers", ["conference_id"], unique=False)
    op.create_table(
        "tries",
        sa.Column("try_id", sa.String(length=100), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False, comment="a digest of the address, or of the client"),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("try_id"),
    )
    op.create_index(("ix_tries_at"), "tries", ["at"], unique=False)
    op.create_index(("ix_tries_who"), "tries", ["who"], unique=False)
    op.create_table(
        "voucher_lots",
        sa.Column("lot_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("admission_type", sa.String(length=200), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lot_id"),
    )
    op.create_index(("ix_voucher_lots_conference_id"), "voucher_lots", ["conference_id"], unique=False)
    op.create_table(
        "voucher_uses",
        sa.Column("lot_id", sa.String(length=100), nullable=False),
        sa.Column("order_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "order_id"),
    )
    op.create_index(("ix_voucher_uses_conference_id"), "voucher_uses", ["conference_id"], unique=False)
    op.create_table(
        "waiting",
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("conference_id", sa.String(length=100), nullable=False),
        sa.Column("admission_type", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False, comment="waits, offered, lapsed"),
        sa.Column("until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index(("ix_waiting_conference_id"), "waiting", ["conference_id"], unique=False)
