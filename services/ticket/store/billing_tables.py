"""The tables of sellers, bank transfers and documents. Registered in the same metadata as `tables`."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.store.tables import ID, metadata
from shared.database.types import Json, UtcDateTime
from shared.documents.series import series_table

sellers = sa.Table(
    "sellers",
    metadata,
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

conference_sellers = sa.Table(
    "conference_sellers",
    metadata,
    sa.Column("conference_id", ID, primary_key=True),
    sa.Column("seller_id", ID, nullable=False, index=True),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("company_days", sa.Integer, nullable=False),
    sa.Column("past_tier_days", sa.Integer, nullable=False),
)

billing = sa.Table(
    "billing",
    metadata,
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

transfers = sa.Table(
    "transfers",
    metadata,
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

transfer_refunds = sa.Table(
    "transfer_refunds",
    metadata,
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

bank_confirmed = sa.Table(
    "bank_confirmed",
    metadata,
    sa.Column("account_id", ID, primary_key=True),
    sa.Column("until", sa.Date, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
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

document_series = series_table(metadata)
