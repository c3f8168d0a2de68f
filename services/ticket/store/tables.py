"""The tables of the ticket service. Amounts in minor units, instants aware and in UTC."""

from __future__ import annotations

import sqlalchemy as sa

from shared.database.types import BigId, Json, UtcDateTime

metadata = sa.MetaData()
ID = sa.String(40)


def _moment(name: str) -> sa.Column[object]:
    """When something happened, or None if it has not."""
    return sa.Column(name, UtcDateTime, nullable=True)


conferences = sa.Table(
    "conferences",
    metadata,
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
    _moment("called_off_at"),
    sa.Column("cancellation", Json, nullable=False, server_default="[[0, 100]]"),
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("most_days", sa.Integer, nullable=False, server_default="0"),
)

legal_texts = sa.Table(
    "legal_texts",
    metadata,
    sa.Column("conference_id", ID, primary_key=True),
    sa.Column("kind", sa.String(30), primary_key=True),
    sa.Column("language", sa.String(2), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
)

tiers = sa.Table(
    "tiers",
    metadata,
    sa.Column("tier_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name_en", sa.String(100), nullable=False),
    sa.Column("name_de", sa.String(100), nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    _moment("starts_at"),
    _moment("ends_at"),
    sa.Column("cap", sa.Integer, nullable=True),
    sa.Column("taken", sa.Integer, nullable=False),
    _moment("opened_at"),
    _moment("closed_at"),
    sa.Column("closed_by", sa.String(10), nullable=True),
    sa.Column("warned", sa.String(40), nullable=False),
    sa.Index("ix_tiers_ladder", "conference_id", "admission_type", "position"),
)

quotas = sa.Table(
    "quotas",
    metadata,
    sa.Column("quota_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Column("admission_types", Json, nullable=False),
    sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="ck_quotas_never_oversold"),
)

orders = sa.Table(
    "orders",
    metadata,
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
    _moment("paid_at"),
    _moment("ended_at"),
    sa.Column("end_reason", sa.String(20), nullable=False),
    _moment("pay_by"),
    sa.Index("ix_orders_conference", "conference_id", "order_id"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("key", sa.String(300), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False),
    sa.Column("answer", Json, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)

admissions = sa.Table(
    "admissions",
    metadata,
    sa.Column("admission_id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Column("tier_id", ID, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("attendee", ID, nullable=False),
    sa.Column("vat_rate", sa.Integer, nullable=False),
    sa.Column("comp", sa.Boolean, nullable=False),
    sa.Column("by_voucher", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("student_check", sa.String(20), nullable=False, server_default=""),
    sa.Column("generation", sa.Integer, nullable=False, server_default="0"),
    _moment("cancelled_at"),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("person_id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("locale", sa.String(2), nullable=False),
    sa.Column("company", sa.String(200), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
)

asks = sa.Table(
    "asks",
    metadata,
    sa.Column("ask_id", ID, primary_key=True),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("who", sa.String(60), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False, index=True),
    sa.Index("ix_asks_who", "what", "who"),
)

link_requests = sa.Table(
    "link_requests",
    metadata,
    sa.Column("request_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    sa.Column("session_id", sa.String(100), nullable=True, unique=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    _moment("under_way_at"),
)

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("payment_id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("session_id", sa.String(100), nullable=False),
    sa.Column("intent_id", sa.String(100), nullable=False, unique=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("entry_id", BigId, primary_key=True, autoincrement=True),
    sa.Column("posting_id", ID, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("account", sa.String(10), nullable=False),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("payment_id", ID, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("booked_at", UtcDateTime, nullable=False),
    sa.Column("vat", Json, nullable=False, server_default="[]"),
    sa.Column("document", sa.String(40), nullable=False, server_default=""),
    sa.Column("stripe_id", sa.String(100), nullable=False, server_default=""),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("event_id", sa.String(100), primary_key=True),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("object_id", sa.String(100), nullable=False, index=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
)

voucher_lots = sa.Table(
    "voucher_lots",
    metadata,
    sa.Column("lot_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("sponsorship_id", ID, nullable=False),
    sa.Column("benefit_id", ID, nullable=False, index=True),
    sa.Column("made_at", UtcDateTime, nullable=False),
    _moment("revoked_at"),
    sa.Column("kind", sa.String(10), nullable=False, server_default="free"),
    sa.Column("value", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reserves", sa.Boolean, nullable=False, server_default=sa.false()),
    _moment("expires_at"),
    _moment("ended_at"),
    sa.Column("purpose", sa.String(20), nullable=False, server_default=""),
    sa.Column("tier_id", ID, nullable=False, server_default=""),
)

voucher_codes = sa.Table(
    "voucher_codes",
    metadata,
    sa.Column("code", sa.String(20), primary_key=True),
    sa.Column("lot_id", ID, nullable=False, index=True),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    _moment("revoked_at"),
)

waitlists = sa.Table(
    "waitlists",
    metadata,
    sa.Column("waitlist_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Index("ix_waitlists_type", "conference_id", "admission_type", unique=True),
)

waiting = sa.Table(
    "waiting",
    metadata,
    sa.Column("entry_id", ID, primary_key=True),
    sa.Column("waitlist_id", ID, nullable=False),
    sa.Column("conference_id", ID, nullable=False),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("secret", sa.String(40), nullable=False),
    sa.Column("joined_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("lot_id", ID, nullable=False, index=True),
    _moment("offer_expires_at"),
    _moment("ended_at"),
    sa.Index("ix_waiting_line", "conference_id", "state", "entry_id"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("invitation_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("lot_id", ID, nullable=False),
    sa.Column("code", sa.String(20), nullable=False),
    sa.Column("admission_type", sa.String(40), nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("secret", sa.String(40), nullable=False),
    sa.Column("invited_at", UtcDateTime, nullable=False),
    sa.Column("guests", sa.Integer, nullable=False),
    _moment("revoked_at"),
)

academic_domains = sa.Table(
    "academic_domains",
    metadata,
    sa.Column("conference_id", ID, primary_key=True),
    sa.Column("domain", sa.String(200), primary_key=True),
)

voucher_guesses = sa.Table(
    "voucher_guesses",
    metadata,
    sa.Column("conference_id", ID, primary_key=True),
    sa.Column("client", sa.String(64), primary_key=True),
    sa.Column("guess", sa.String(64), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)
