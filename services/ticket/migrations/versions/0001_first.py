"""The first tables."""

import sqlalchemy as sa
from alembic import op

from shared.database.frame import create_frame_tables
from shared.database.types import BigId, Json, UtcDateTime

revision = "0001"
down_revision = None
ID = sa.String(40)


def upgrade() -> None:
    create_frame_tables(op)
    op.create_table(
        "conferences",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("slug", sa.String(60), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("description_en", sa.Text, nullable=False),
        sa.Column("description_de", sa.Text, nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("doors_at", UtcDateTime, nullable=False),
        sa.Column("seller", sa.String(200), nullable=False),
        sa.Column("seller_address", sa.Text, nullable=False),
        sa.Column("reply_to", sa.String(200), nullable=False),
        sa.Column("admission_types", Json, nullable=False),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("called_off_at", UtcDateTime, nullable=True),
    )
    op.create_table(
        "legal_texts",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("kind", sa.String(30), primary_key=True),
        sa.Column("language", sa.String(2), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
    )
    op.create_table(
        "tiers",
        sa.Column("tier_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("name_de", sa.String(100), nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=True),
        sa.Column("ends_at", UtcDateTime, nullable=True),
        sa.Column("cap", sa.Integer, nullable=True),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=True),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.Column("closed_by", sa.String(10), nullable=True),
        sa.Column("warned", sa.String(40), nullable=False),
    )
    op.create_table(
        "quotas",
        sa.Column("quota_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("admission_types", Json, nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="ck_quotas_never_oversold"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("reference", sa.String(20), nullable=False, unique=True),
        sa.Column("secret", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("vat", Json, nullable=False),
        sa.Column("payment_method", sa.String(20), nullable=False),
        sa.Column("buyer", ID, nullable=False),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("lot_id", ID, nullable=True),
        sa.Column("voucher_code", sa.String(20), nullable=True),
        sa.Column("consents", Json, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("hold_expires_at", UtcDateTime, nullable=False),
        sa.Column("paid_at", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("end_reason", sa.String(20), nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(300), primary_key=True),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "admissions",
        sa.Column("admission_id", ID, primary_key=True),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
        sa.Column("tier_id", ID, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("attendee", ID, nullable=False),
        sa.Column("comp", sa.Boolean, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("company", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("order_id", ID, primary_key=True),
        sa.Column("session_id", sa.String(100), nullable=True, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "payments",
        sa.Column("payment_id", ID, primary_key=True),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("session_id", sa.String(100), nullable=False),
        sa.Column("intent_id", sa.String(100), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("refund_reason", sa.String(20), nullable=True),
        sa.Column("refund_id", sa.String(100), nullable=True),
        sa.Column("refunded_at", UtcDateTime, nullable=True),
    )
    op.create_table(
        "ledger",
        sa.Column("entry_id", BigId, primary_key=True, autoincrement=True),
        sa.Column("posting_id", ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account", sa.String(10), nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("booked_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "webhooks",
        sa.Column("event_id", sa.String(100), primary_key=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("object_id", sa.String(100), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
    )
    op.create_table(
        "voucher_lots",
        sa.Column("lot_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("sponsorship_id", ID, nullable=False),
        sa.Column("benefit_id", ID, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
    )
    op.create_table(
        "voucher_codes",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("lot_id", ID, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_index("ix_tiers_ladder", "tiers", ["conference_id", "admission_type", "position"])
    op.create_index("ix_quotas_conference_id", "quotas", ["conference_id"])
    op.create_index("ix_orders_conference", "orders", ["conference_id", "order_id"])
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_index("ix_admissions_order_id", "admissions", ["order_id"])
    op.create_index("ix_people_order_id", "people", ["order_id"])
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_index("ix_ledger_order_id", "ledger", ["order_id"])
    op.create_index("ix_webhooks_object_id", "webhooks", ["object_id"])
    op.create_index("ix_voucher_lots_conference_id", "voucher_lots", ["conference_id"])
    op.create_index("ix_voucher_lots_benefit_id", "voucher_lots", ["benefit_id"])
    op.create_index("ix_voucher_codes_lot_id", "voucher_codes", ["lot_id"])
