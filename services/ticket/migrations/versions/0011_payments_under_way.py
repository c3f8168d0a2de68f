"""Payments that take days: since when the buyer has been done."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("under_way_at", UtcDateTime, nullable=True))
