"""Which badges were printed, and how they read then."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0012"
down_revision = "0011"
ID = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "badge_prints",
        sa.Column("admission_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False, index=True),
        sa.Column("content", sa.String(32), nullable=False),
        sa.Column("printed_at", UtcDateTime, nullable=False),
    )
