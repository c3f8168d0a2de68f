"""Sellers, bank transfers with their refunds, and documents."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
ID = sa.String(40)


def upgrade() -> None:
    op.add_column("orders", sa.Column("pay_by", UtcDateTime, nullable=True))
    op.create_table(
        "sellers",
        sa.Column("seller_id", ID, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", Json, nullable=False),
        sa.Column("postcode", sa.String(20), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("vat_id", sa.String(20), nullable=False),
        sa.Column("tax_number", sa.String(40), nullable=False),
        sa.Column("register", sa.String(200), nullable=False),
        sa.Column("represented_by", sa.String(200), nullable=False),
        sa.Column("account_holder", sa.String(70), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("bic", sa.String(11), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
    )
    op.create_table(
        "conference_sellers",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("seller_id", ID, nullable=False, index=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("company_days", sa.Integer, nullable=False),
        sa.Column("past_tier_days", sa.Integer, nullable=False),
    )
    op.create_table(
        "billing",
        sa.Column("order_id", ID, primary_key=True),
        sa.Column("company", sa.String(200), nullable=False),
        sa.Column("address", Json, nullable=False),
        sa.Column("postcode", sa.String(20), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("vat_id", sa.String(20), nullable=False),
        sa.Column("purchase_order", sa.String(60), nullable=False),
        sa.Column("wants_invoice", sa.Boolean, nullable=False),
    )
    op.create_table(
        "transfers",
        sa.Column("transfer_id", sa.String(80), primary_key=True),
        sa.Column("order_id", ID, nullable=False, index=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("payer", sa.String(200), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "transfer_refunds",
        sa.Column("refund_id", ID, primary_key=True),
        sa.Column("order_id", ID, nullable=False, index=True),
        sa.Column("conference_id", ID, nullable=False, index=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("payee", sa.String(200), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("exported_at", UtcDateTime, nullable=True),
        sa.Column("done_on", sa.Date, nullable=True),
    )
    op.create_table(
        "bank_confirmed",
        sa.Column("account_id", ID, primary_key=True),
        sa.Column("until", sa.Date, nullable=False),
    )
    op.create_table(
        "documents",
        sa.Column("document_id", ID, primary_key=True),
        sa.Column("order_id", ID, nullable=False, index=True),
        sa.Column("conference_id", ID, nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("corrects", ID, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("sheet", Json, nullable=False),
        sa.Column("pdf", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "document_series",
        sa.Column("seller_id", sa.String(64), primary_key=True),
        sa.Column("prefix", sa.String(32), primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
