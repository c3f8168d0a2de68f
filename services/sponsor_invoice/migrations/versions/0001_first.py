"""The first tables: sellers, packages, sponsors, what they sign, owe and pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database.frame import create_frame_tables
from shared.database.types import BigId, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame_tables(op)
    op.create_table(
        "sellers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", Json, nullable=False),
        sa.Column("postcode", sa.String(20), nullable=False),
        sa.Column("city", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("vat_id", sa.String(20), nullable=False),
        sa.Column("tax_number", sa.String(40), nullable=False),
        sa.Column("register", sa.String(200), nullable=False),
        sa.Column("represented_by", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("account_holder", sa.String(200), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("bic", sa.String(11), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
    )
    op.create_table(
        "packages",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("in_kind", sa.Boolean, nullable=False),
        sa.Column("cap", sa.Integer, nullable=True),
        sa.Column("vat_rate", sa.Integer, nullable=False),
        sa.Column("exemption", sa.String(500), nullable=False),
        sa.Column("benefits", Json, nullable=False),
        sa.Column("vouchers_wait", sa.Boolean, nullable=False),
    )
    op.create_index("ix_packages_conference", "packages", ["conference_id"])
    op.create_table(
        "sponsors",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", Json, nullable=False),
        sa.Column("postcode", sa.String(20), nullable=False),
        sa.Column("city", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("vat_id", sa.String(20), nullable=False),
        sa.Column("vat_id_confirmed_on", sa.Date, nullable=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(5), nullable=False),
    )
    op.create_table(
        "sponsorships",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("package_id", sa.String(64), nullable=False),
        sa.Column("package", sa.String(200), nullable=False),
        sa.Column("sponsor_id", sa.String(64), nullable=False),
        sa.Column("sponsor", sa.String(200), nullable=False),
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("order_number", sa.String(60), nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("in_kind", sa.Boolean, nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("vouchers_wait", sa.Boolean, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
    )
    op.create_index("ix_sponsorships_conference", "sponsorships", ["conference_id"])
    op.create_index("ix_sponsorships_package", "sponsorships", ["package_id"])
    op.create_index("ix_sponsorships_sponsor", "sponsorships", ["sponsor_id"])
    op.create_table(
        "benefits",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("sponsorship_id", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("admission_type", sa.String(60), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
    )
    op.create_index("ix_benefits_sponsorship", "benefits", ["sponsorship_id"])
    op.create_table(
        "invoices",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("corrects_id", sa.String(64), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("sponsorship_id", sa.String(64), nullable=False),
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("sponsor", sa.String(200), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("net", sa.BigInteger, nullable=False),
        sa.Column("vat", sa.BigInteger, nullable=False),
        sa.Column("vat_rate", sa.Integer, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("payment_reference", sa.String(25), nullable=False),
        sa.Column("sheet", Json, nullable=False),
        sa.UniqueConstraint("seller_id", "number", name="uq_invoices_number"),
    )
    op.create_index("ix_invoices_conference", "invoices", ["conference_id"])
    op.create_index("ix_invoices_sponsorship", "invoices", ["sponsorship_id"])
    op.create_table(
        "documents",
        sa.Column("invoice_id", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rendered_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "receivables",
        sa.Column("invoice_id", sa.String(64), primary_key=True),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("paid", sa.BigInteger, nullable=False),
        sa.Column("corrected", sa.BigInteger, nullable=False),
        sa.Column("written_off", sa.BigInteger, nullable=False),
        sa.Column("ladder", Json, nullable=False),
        sa.Column("promised_until", sa.Date, nullable=True),
        sa.Column("ended", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
    )
    op.create_index("ix_receivables_conference", "receivables", ["conference_id"])
    op.create_index("ix_receivables_open", "receivables", ["account_id", "state"])
    op.create_table(
        "payments",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
    )
    op.create_index("ix_payments_invoice", "payments", ["invoice_id"])
    op.create_table(
        "reminders",
        sa.Column("invoice_id", sa.String(64), primary_key=True),
        sa.Column("stage", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("prepared_on", sa.Date, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("released_at", UtcDateTime, nullable=True),
        sa.Column("released_on", sa.Date, nullable=True),
        sa.Column("released_by", sa.String(100), nullable=False),
    )
    op.create_table(
        "promises",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
    )
    op.create_index("ix_promises_invoice", "promises", ["invoice_id"])
    op.create_table(
        "bank_confirmations",
        sa.Column("account_id", sa.String(64), primary_key=True),
        sa.Column("until", sa.Date, primary_key=True),
        sa.Column("confirmed_at", UtcDateTime, nullable=False),
        sa.Column("confirmed_by", sa.String(100), nullable=False),
    )
    op.create_table(
        "ledger",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("posting_id", sa.String(64), nullable=False),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("account", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
    )
    op.create_index("ix_ledger_invoice", "ledger", ["invoice_id"])
    op.create_table(
        "document_series",
        sa.Column("seller_id", sa.String(64), primary_key=True),
        sa.Column("prefix", sa.String(32), primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "conferences",
        sa.Column("conference_id", sa.String(64), primary_key=True),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("doors_at", UtcDateTime, nullable=False),
        sa.Column("seller", sa.String(200), nullable=False),
        sa.Column("admission_types", Json, nullable=False),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("called_off", sa.Boolean, nullable=False),
    )
    op.create_table(
        "voucher_lots",
        sa.Column("lot_id", sa.String(64), primary_key=True),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("benefit_id", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_index("ix_voucher_lots_benefit", "voucher_lots", ["benefit_id"])
    op.create_table(
        "voucher_uses",
        sa.Column("lot_id", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "ticket_cash",
        sa.Column("order_id", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("conference_id", sa.String(64), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
    )
    op.create_index("ix_ticket_cash_conference", "ticket_cash", ["conference_id"])
