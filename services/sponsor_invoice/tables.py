"""The tables of the sponsor-invoice service. Amounts are integer minor units beside their currency; days are the conference's own.

Issued invoices and their documents are written once and never updated; what becomes of them stands in `receivables`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from shared.database.types import BigId, Json, UtcDateTime
from shared.documents.series import series_table

metadata = MetaData()


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(64), primary_key=True)


def _ref(name: str) -> Column[str]:
    return Column(name, String(64), nullable=False)


def _text(name: str, length: int = 200) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _currency() -> Column[str]:
    return Column("currency", String(3), nullable=False)


sellers = Table(
    "sellers",
    metadata,
    _id(),
    _text("name"),
    Column("address", Json, nullable=False),
    _text("postcode", 20),
    _text("city"),
    _text("country", 2),
    _text("email"),
    _text("vat_id", 20),
    _text("tax_number", 40),
    _text("register"),
    _text("represented_by"),
    _ref("account_id"),
    _text("account_holder"),
    _text("iban", 34),
    _text("bic", 11),
    _text("prefix", 16),
)

packages = Table(
    "packages",
    metadata,
    _id(),
    _ref("conference_id"),
    _text("name"),
    _amount("price"),
    _currency(),
    Column("in_kind", Boolean, nullable=False),
    Column("cap", Integer, nullable=True),
    Column("vat_rate", Integer, nullable=False),
    _text("exemption", 500),
    Column("benefits", Json, nullable=False),
    Column("vouchers_wait", Boolean, nullable=False),
    Index("ix_packages_conference", "conference_id"),
)

sponsors = Table(
    "sponsors",
    metadata,
    _id(),
    _text("name"),
    Column("address", Json, nullable=False),
    _text("postcode", 20),
    _text("city"),
    _text("country", 2),
    _text("vat_id", 20),
    Column("vat_id_confirmed_on", Date, nullable=True),
    _ref("contact_id"),
)

people = Table(
    "people",
    metadata,
    _id(),
    _text("name"),
    _text("email", 254),
    _text("locale", 5),
)

sponsorships = Table(
    "sponsorships",
    metadata,
    _id(),
    _ref("conference_id"),
    _ref("package_id"),
    _text("package"),
    _ref("sponsor_id"),
    _text("sponsor"),
    _ref("seller_id"),
    _ref("contact_id"),
    _text("order_number", 60),
    _amount("price"),
    _currency(),
    Column("in_kind", Boolean, nullable=False),
    Column("signed_on", Date, nullable=False),
    Column("vouchers_wait", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Index("ix_sponsorships_conference", "conference_id"),
    Index("ix_sponsorships_package", "package_id"),
    Index("ix_sponsorships_sponsor", "sponsor_id"),
)

benefits = Table(
    "benefits",
    metadata,
    _id(),
    _ref("sponsorship_id"),
    Column("place", Integer, nullable=False),
    _text("kind", 20),
    Column("count", Integer, nullable=False),
    _text("admission_type", 60),
    _text("description"),
    _text("state", 10),
    Index("ix_benefits_sponsorship", "sponsorship_id"),
)

invoices = Table(
    "invoices",
    metadata,
    _id(),
    _text("number", 40),
    _text("kind", 12),
    Column("corrects_id", String(64), nullable=True),
    _text("reason", 500),
    _ref("conference_id"),
    _ref("sponsorship_id"),
    _ref("seller_id"),
    _ref("account_id"),
    _text("sponsor"),
    _ref("contact_id"),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    _amount("total"),
    _amount("net"),
    _amount("vat"),
    Column("vat_rate", Integer, nullable=False),
    _currency(),
    _text("payment_reference", 25),
    Column("sheet", Json, nullable=False),
    UniqueConstraint("seller_id", "number", name="uq_invoices_number"),
    Index("ix_invoices_sponsorship", "sponsorship_id"),
    Index("ix_invoices_conference", "conference_id"),
)
"""`kind` is invoice or cancellation; `sheet` holds the rest of what is printed, as `document.sheet` made it that day."""

documents = Table(
    "documents",
    metadata,
    _id("invoice_id"),
    Column("content", LargeBinary, nullable=False),
    _text("sha256", 64),
    Column("rendered_at", UtcDateTime, nullable=False),
)

receivables = Table(
    "receivables",
    metadata,
    _id("invoice_id"),
    _ref("conference_id"),
    _ref("account_id"),
    _text("time_zone", 60),
    _amount("paid"),
    _amount("corrected"),
    _amount("written_off"),
    Column("ladder", Json, nullable=False),
    Column("promised_until", Date, nullable=True),
    _text("ended", 12),
    _text("state", 12),
    Index("ix_receivables_open", "account_id", "state"),
    Index("ix_receivables_conference", "conference_id"),
)

payments = Table(
    "payments",
    metadata,
    _id(),
    _ref("invoice_id"),
    _ref("conference_id"),
    _amount("amount"),
    _currency(),
    Column("booked_on", Date, nullable=False),
    _text("method", 20),
    Column("recorded_at", UtcDateTime, nullable=False),
    _text("recorded_by", 100),
    Index("ix_payments_invoice", "invoice_id"),
)

reminders = Table(
    "reminders",
    metadata,
    _id("invoice_id"),
    Column("stage", Integer, primary_key=True, autoincrement=False),
    Column("prepared_on", Date, nullable=False),
    _text("state", 12),
    Column("released_at", UtcDateTime, nullable=True),
    Column("released_on", Date, nullable=True),
    _text("released_by", 100),
)

promises = Table(
    "promises",
    metadata,
    _id(),
    _ref("invoice_id"),
    Column("until", Date, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    _text("recorded_by", 100),
    Index("ix_promises_invoice", "invoice_id"),
)

bank_confirmations = Table(
    "bank_confirmations",
    metadata,
    _id("account_id"),
    Column("until", Date, primary_key=True),
    Column("confirmed_at", UtcDateTime, nullable=False),
    _text("confirmed_by", 100),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    _ref("posting_id"),
    _ref("conference_id"),
    _ref("invoice_id"),
    _text("account", 20),
    _amount("amount"),
    _currency(),
    Column("booked_on", Date, nullable=False),
    _text("what", 20),
    Index("ix_ledger_invoice", "invoice_id"),
)

document_series = series_table(metadata)

conferences = Table(
    "conferences",
    metadata,
    _id("conference_id"),
    _text("slug", 100),
    _text("name"),
    _text("place"),
    _text("time_zone", 60),
    _currency(),
    Column("days", Json, nullable=False),
    Column("doors_at", UtcDateTime, nullable=False),
    _text("seller"),
    Column("admission_types", Json, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("called_off", Boolean, nullable=False),
)

voucher_lots = Table(
    "voucher_lots",
    metadata,
    _id("lot_id"),
    _ref("conference_id"),
    _ref("benefit_id"),
    Column("count", Integer, nullable=False),
    Index("ix_voucher_lots_benefit", "benefit_id"),
)

voucher_uses = Table(
    "voucher_uses",
    metadata,
    _id("lot_id"),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""One row for each time vouchers of a lot were used (positive) or came back (negative)."""

ticket_cash = Table(
    "ticket_cash",
    metadata,
    _id("order_id"),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _ref("conference_id"),
    _amount("amount"),
    _currency(),
    Index("ix_ticket_cash_conference", "conference_id"),
)
"""What tickets brought in (positive) and what went back (negative), by the number of its event."""

PROJECTION_TABLES = (conferences, voucher_lots, voucher_uses, ticket_cash)
