"""The first tables: the ledger of mails, the letters, the people who asked, and the facts heard."""

from __future__ import annotations

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
        "asks",
        sa.Column("ask_id", sa.String(50), primary_key=True),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_asks_address", "asks", ["address", "asked_at"])
    op.create_index("ix_asks_client", "asks", ["client", "asked_at"])
    op.create_table(
        "benefits",
        sa.Column("benefit_id", sa.String(50), primary_key=True),
        sa.Column("contact", sa.String(80), nullable=False),
    )
    op.create_table(
        "conferences",
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
    op.create_table(
        "endings",
        sa.Column("subject", sa.String(50), primary_key=True),
        sa.Column("ended_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "lots",
        sa.Column("lot_id", sa.String(50), primary_key=True),
        sa.Column("benefit_id", sa.String(50), nullable=False),
        sa.Column("conference_id", sa.String(50), nullable=False),
    )
    op.create_index("ix_lots_benefit", "lots", ["benefit_id"])
    op.create_table(
        "messages",
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
        sa.Column("allowed_at", UtcDateTime, nullable=True),
        sa.Column("mime_id", sa.String(200), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("again_of", sa.String(50), nullable=True),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.UniqueConstraint("rule", "subject", "occurrence", name="uq_messages_ledger"),
    )
    op.create_index("ix_messages_again_of", "messages", ["again_of"])
    op.create_index("ix_messages_conference", "messages", ["conference_id", "rule", "state"])
    op.create_index("ix_messages_state", "messages", ["state", "message_id"])
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(50), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False, unique=True),
        sa.Column("locale", sa.String(5), nullable=False),
        sa.Column("met_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("message_id", sa.String(50), sa.ForeignKey("messages.message_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("mime_id", sa.String(200), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(50), primary_key=True),
        sa.Column("conference_id", sa.String(50), nullable=False),
        sa.Column("person_id", sa.String(50), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("asks", sa.Integer, nullable=False),
        sa.Column("confirmed_at", UtcDateTime, nullable=True),
        sa.Column("withdrawn_at", UtcDateTime, nullable=True),
        sa.UniqueConstraint("conference_id", "topic", "person_id", name="uq_consents_once"),
    )
    op.create_table(
        "letters",
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
    )
    op.create_index("ix_letters_recipient", "letters", ["recipient"])


def downgrade() -> None:
    raise NotImplementedError("The first migration is not taken back: drop the database.")
