"""The notification service's tables."""

from __future__ import annotations

import sqlalchemy as sa

from shared.database.types import Json, UtcDateTime

metadata = sa.MetaData()

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("message_id", sa.String(50), primary_key=True),
    sa.Column("conference_id", sa.String(50), nullable=False),
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("occurrence", sa.String(160), nullable=False),
    sa.Column("recipient", sa.String(80), nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("not_after", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("allowed_at", UtcDateTime),
    sa.Column("mime_id", sa.String(200), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("again_of", sa.String(50)),
    sa.Column("asked_by", sa.String(80), nullable=False),
    sa.UniqueConstraint("rule", "subject", "occurrence", name="uq_messages_ledger"),
    sa.Index("ix_messages_state", "state", "message_id"),
    sa.Index("ix_messages_conference", "conference_id", "rule", "state"),
    sa.Index("ix_messages_again_of", "again_of"),
)
"""The ledger. `facts` are what the event brought: ids, amounts and times, nothing about a person."""

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("message_id", sa.String(50), sa.ForeignKey("messages.message_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("mime_id", sa.String(200), nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
)
"""Each time a message went to the mail server: `outcome` is the state it led to, `sending` while nobody knows."""

letters = sa.Table(
    "letters",
    metadata,
    sa.Column("message_id", sa.String(50), sa.ForeignKey("messages.message_id"), primary_key=True),
    sa.Column("recipient", sa.String(80), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("locale", sa.String(5), nullable=False),
    sa.Column("headers", Json, nullable=False),
    sa.Column("subject_line", sa.String(300), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("attachments", Json, nullable=False),
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Index("ix_letters_recipient", "recipient"),
)
"""Mails as they were rendered, kept for viewing for 30 days or until the person is erased. `attachments` is a list of `filename`,
`content_type`, `size` and, where no mail server is set, `base64`."""

people = sa.Table(
    "people",
    metadata,
    sa.Column("person_id", sa.String(50), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("email_key", sa.String(320), nullable=False, unique=True),
    sa.Column("locale", sa.String(5), nullable=False),
    sa.Column("met_at", UtcDateTime, nullable=False),
)
"""People whom only this service knows: those who asked for reminders. `email_key` is the address to compare by."""

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("consent_id", sa.String(50), primary_key=True),
    sa.Column("conference_id", sa.String(50), nullable=False),
    sa.Column("person_id", sa.String(50), sa.ForeignKey("people.person_id"), nullable=False),
    sa.Column("topic", sa.String(40), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("asks", sa.Integer, nullable=False),
    sa.Column("confirmed_at", UtcDateTime),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.UniqueConstraint("conference_id", "topic", "person_id", name="uq_consents_once"),
)

asks = sa.Table(
    "asks",
    metadata,
    sa.Column("ask_id", sa.String(50), primary_key=True),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Index("ix_asks_client", "client", "asked_at"),
    sa.Index("ix_asks_address", "address", "asked_at"),
)
"""Who asked for reminders within a day, as keyed digests: for counting, not for reading."""

conferences = sa.Table(
    "conferences",
    metadata,
    sa.Column("conference_id", sa.String(50), primary_key=True),
    sa.Column("slug", sa.String(100), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("place", sa.String(300), nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("days", Json, nullable=False),
    sa.Column("doors_at", UtcDateTime, nullable=False),
    sa.Column("seller", sa.String(200), nullable=False),
    sa.Column("reply_to", sa.String(320), nullable=False),
    sa.Column("tier_names", Json, nullable=False),
    sa.Column("is_demo", sa.Boolean, nullable=False),
)
"""Projection: the newest facts of each conference. `tier_names` maps a tier's id to its names by language."""

endings = sa.Table(
    "endings",
    metadata,
    sa.Column("subject", sa.String(50), primary_key=True),
    sa.Column("ended_at", UtcDateTime, nullable=False),
)
"""Projection: tiers that closed and conferences that were called off."""

benefits = sa.Table(
    "benefits",
    metadata,
    sa.Column("benefit_id", sa.String(50), primary_key=True),
    sa.Column("contact", sa.String(80), nullable=False),
)
"""Projection: whom a sponsor's benefit belongs to."""

lots = sa.Table(
    "lots",
    metadata,
    sa.Column("lot_id", sa.String(50), primary_key=True),
    sa.Column("benefit_id", sa.String(50), nullable=False),
    sa.Column("conference_id", sa.String(50), nullable=False),
    sa.Index("ix_lots_benefit", "benefit_id"),
)
"""Projection: the voucher lots that were issued for benefits."""

PROJECTION_TABLES = (conferences, endings, benefits, lots)
