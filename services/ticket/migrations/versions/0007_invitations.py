"""Invitations with their personal links."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0007"
down_revision = "0006"
ID = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("invitation_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("lot_id", ID, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("admission_type", sa.String(40), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("secret", sa.String(40), nullable=False),
        sa.Column("invited_at", UtcDateTime, nullable=False),
        sa.Column("guests", sa.Integer, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
    )
    op.create_index("ix_invitations_conference_id", "invitations", ["conference_id"])
