"""The console's tables: facts from the topics (projections), and its own accounts."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from shared.database.frame import frame_tables
from shared.database.types import Json, UtcDateTime

metadata: Final = sa.MetaData()


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(100), primary_key=True, nullable=False)


def _ref(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(100), nullable=False, index=True)


def _text(name: str, length: int = 200) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=True)


# Facts of ticketing. What an event does not say is NULL in its row and leaves the older value alone.

conferences = sa.Table(
    "conferences",
    metadata,
    _id("conference_id"),
    _text("slug"),
    _text("name"),
    _text("place"),
    _text("time_zone"),
    _text("currency", 3),
    _count("capacity"),
    sa.Column("doors_at", UtcDateTime, nullable=True),
    sa.Column("admission_types", sa.JSON(none_as_null=True), nullable=True, comment="{code: {en, de}}"),
    sa.Column("is_demo", sa.Boolean, nullable=True),
    sa.Column("called_off", sa.Boolean, nullable=True),
)
tiers = sa.Table(
    "tiers",
    metadata,
    _id("tier_id"),
    _ref("conference_id"),
    sa.Column("place", sa.Integer, nullable=True, comment="its step in the conference's ladders"),
    _text("admission_type"),
    _text("name_en"),
    _text("name_de"),
    _count("price"),
    sa.Column("starts_at", UtcDateTime, nullable=True),
    sa.Column("ends_at", UtcDateTime, nullable=True),
    _count("cap"),
    sa.Column("opened_at", UtcDateTime, nullable=True),
    sa.Column("closed_at", UtcDateTime, nullable=True),
    _text("closed_by", 20),
    sa.Column("warned_at", UtcDateTime, nullable=True, comment="when 'ends soon' was last said"),
)
quotas = sa.Table("quotas", metadata, _id("quota_id"), _ref("conference_id"), _text("name"), _count("capacity"))
orders = sa.Table(
    "orders",
    metadata,
    _id("order_id"),
    _ref("conference_id"),
    _text("reference", 60),
    sa.Column("state", sa.String(20), nullable=False, comment="held, placed, paid, lapsed, cancelled"),
    _count("total"),
    sa.Column("until", UtcDateTime, nullable=True, comment="end of the hold, or pay by"),
    sa.Column("said_at", UtcDateTime, nullable=False),
)
admissions = sa.Table(
    "admissions",
    metadata,
    _id("admission_id"),
    sa.Column("conference_id", sa.String(100), nullable=False),
    _text("tier_id", 100),
    _text("admission_type"),
    _count("price"),
    sa.Column("comp", sa.Boolean, nullable=True),
    sa.Column("issued_on", sa.Date, nullable=True, comment="in UTC"),
    sa.Column("standing", sa.Boolean, nullable=True),
    sa.Column("left_on", sa.Date, nullable=True, comment="when it was cancelled; means nothing while it stands"),
    sa.Column("checked_in", sa.Boolean, nullable=True),
    sa.Index("ix_admissions_days", "conference_id", "standing", "issued_on"),
)
money = sa.Table(
    "money",
    metadata,
    _id("fact_id"),
    _ref("conference_id"),
    sa.Column("kind", sa.String(20), nullable=False, comment="tickets, refund, sponsors"),
    sa.Column("amount", sa.BigInteger, nullable=False, comment="minor units; what went out is negative"),
    sa.Column("at", UtcDateTime, nullable=False),
)
claims = sa.Table(
    "claims",
    metadata,
    _id("claim_id"),
    _ref("conference_id"),
    sa.Column("kind", sa.String(20), nullable=False, comment="refund, dispute"),
    sa.Column("state", sa.String(40), nullable=False, comment="open, done, or how a dispute ended"),
    _count("amount"),
)
voucher_lots = sa.Table(
    "voucher_lots", metadata, _id("lot_id"), _ref("conference_id"), _text("admission_type"), _count("count")
)
voucher_uses = sa.Table(
    "voucher_uses",
    metadata,
    _id("lot_id"),
    _id("order_id"),
    _ref("conference_id"),
    sa.Column("used", sa.BigInteger, nullable=False),
)
waiting = sa.Table(
    "waiting",
    metadata,
    _id("entry_id"),
    _ref("conference_id"),
    _text("admission_type"),
    sa.Column("state", sa.String(20), nullable=False, comment="waits, offered, lapsed"),
    sa.Column("until", UtcDateTime, nullable=True),
)

# Facts of sponsorship

sponsorships = sa.Table(
    "sponsorships",
    metadata,
    _id("sponsorship_id"),
    _ref("conference_id"),
    _text("sponsor", 300),
    _text("package"),
    _count("price"),
    sa.Column("in_kind", sa.Boolean, nullable=True),
    sa.Column("signed_on", sa.Date, nullable=True),
)
invoices = sa.Table(
    "invoices",
    metadata,
    _id("invoice_id"),
    _ref("conference_id"),
    _text("sponsor", 300),
    _text("number", 60),
    sa.Column("issued_on", sa.Date, nullable=True),
    sa.Column("due_on", sa.Date, nullable=True),
    _count("total"),
    sa.Column("paid_on", sa.Date, nullable=True),
    sa.Column("stage", sa.Integer, nullable=True, comment="the last reminder that went out"),
)
settlements = sa.Table(
    "settlements",
    metadata,
    _id("fact_id"),
    _ref("invoice_id"),
    _ref("conference_id"),
    sa.Column("kind", sa.String(20), nullable=False, comment="payment, correction, written_off"),
    sa.Column("amount", sa.BigInteger, nullable=False),
)
benefits = sa.Table(
    "benefits",
    metadata,
    _id("benefit_id"),
    _ref("conference_id"),
    _text("kind", 60),
    _count("count"),
    sa.Column("standing", sa.Boolean, nullable=False),
)
bank = sa.Table("bank", metadata, _id("account_id"), sa.Column("until", sa.Date, nullable=False))
transfers = sa.Table(
    "transfers",
    metadata,
    _id("transfer_id"),
    _ref("conference_id"),
    sa.Column("kind", sa.String(20), nullable=False, comment="matched, refund"),
    _text("order_reference", 60),
    _count("amount"),
    sa.Column("booked_on", sa.Date, nullable=False),
)

# Facts of catering and notification

headcounts = sa.Table(
    "headcounts", metadata, _id("conference_id"), _count("admissions"), sa.Column("meals", Json, nullable=False)
)
forecasts = sa.Table(
    "forecasts",
    metadata,
    _id("conference_id"),
    sa.Column("forecast_at", UtcDateTime, primary_key=True, nullable=False),
    _count("admissions"),
    *(_count(name) for name in ("p05", "p25", "p50", "p75", "p95")),
    _text("reason", 40),
)
meal_orders = sa.Table(
    "meal_orders",
    metadata,
    _id("conference_id"),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, nullable=False, comment="0: the proposal"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("deadline_at", UtcDateTime, nullable=True),
    _count("headcount"),
    *(_count(name) for name in ("p05", "p50", "p95")),
    sa.Column("plates", Json, nullable=False, comment="{meal_id: plates}"),
)
drifts = sa.Table(
    "drifts",
    metadata,
    _id("order_id"),
    _id("meal_id"),
    _ref("conference_id"),
    _count("ordered"),
    _count("expected"),
    _count("tolerance"),
)
messages = sa.Table(
    "messages",
    metadata,
    _id("message_id"),
    _ref("conference_id"),
    _text("rule", 60),
    sa.Column("state", sa.String(20), nullable=False, comment="sent, failed"),
    _text("reason", 300),
    sa.Column("at", UtcDateTime, nullable=False),
)
audit = sa.Table(
    "audit",
    metadata,
    _id("event_id"),
    _ref("conference_id"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("service", sa.String(40), nullable=False),
    sa.Column("staff_id", sa.String(100), nullable=False),
    sa.Column("action", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Index("ix_audit_at", "at", "event_id"),
)
PROJECTION_TABLES: Final = tuple(metadata.sorted_tables)

# The console's own: never rebuilt

accounts = sa.Table(
    "accounts",
    metadata,
    _id("staff_id"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=True, unique=True, comment="lower case; gone when revoked"),
    sa.Column("password", sa.String(300), nullable=False, comment="argon2id"),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
)
roles = sa.Table(
    "roles",
    metadata,
    _id("staff_id"),
    _id("conference_id"),
    sa.Column("role", sa.String(20), primary_key=True, nullable=False),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, nullable=False),
    _ref("staff_id"),
    sa.Column("begun_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)
invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, nullable=False),
    sa.Column("roles", Json, nullable=False, comment="{conference_id or *: [role]}"),
    sa.Column("invited_by", sa.String(100), nullable=False, comment="empty for the first one"),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)
tries = sa.Table(
    "tries",
    metadata,
    _id("try_id"),
    sa.Column("who", sa.String(64), nullable=False, index=True, comment="a digest of the address, or of the client"),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)
api_tokens = sa.Table(
    "api_tokens",
    metadata,
    _id("token_id"),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("made_by", sa.String(100), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
)
frame_tables(metadata)
