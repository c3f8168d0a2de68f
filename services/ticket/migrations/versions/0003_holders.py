"""Tickets change hands, calendars follow the conference, and links that were lost are asked for again."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0003"
down_revision = "0002"
ID = sa.String(40)


def upgrade() -> None:
    op.add_column("admissions", sa.Column("generation", sa.Integer, nullable=False, server_default="0"))
    op.add_column("conferences", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("conferences", sa.Column("most_days", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "asks",
        sa.Column("ask_id", ID, primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("who", sa.String(60), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_asks_asked_at", "asks", ["asked_at"])
    op.create_index("ix_asks_who", "asks", ["what", "who"])
    op.create_table(
        "link_requests",
        sa.Column("request_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
    )
