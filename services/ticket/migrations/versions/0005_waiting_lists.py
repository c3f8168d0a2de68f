"""Waiting lists of admission types, and who stands in them."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0005"
down_revision = "0004"
ID = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "waitlists",
        sa.Column("waitlist_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
    )
    op.create_index("ix_waitlists_type", "waitlists", ["conference_id", "admission_type"], unique=True)
    op.create_table(
        "waiting",
        sa.Column("entry_id", ID, primary_key=True),
        sa.Column("waitlist_id", ID, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("secret", sa.String(40), nullable=False),
        sa.Column("joined_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("lot_id", ID, nullable=False),
        sa.Column("offer_expires_at", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
    )
    op.create_index("ix_waiting_lot_id", "waiting", ["lot_id"])
    op.create_index("ix_waiting_line", "waiting", ["conference_id", "state", "entry_id"])
