"""Vouchers of several kinds, with a time and a share of the quota of their own; guesses are counted."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0002"
down_revision = "0001"
ID = sa.String(40)


def upgrade() -> None:
    with op.batch_alter_table("admissions") as table:
        table.add_column(sa.Column("by_voucher", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE admissions SET by_voucher = comp")
    with op.batch_alter_table("voucher_lots") as table:
        table.add_column(sa.Column("kind", sa.String(10), nullable=False, server_default="free"))
        table.add_column(sa.Column("value", sa.BigInteger, nullable=False, server_default="0"))
        table.add_column(sa.Column("reserves", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("expires_at", UtcDateTime, nullable=True))
        table.add_column(sa.Column("ended_at", UtcDateTime, nullable=True))
        table.add_column(sa.Column("purpose", sa.String(20), nullable=False, server_default=""))
        table.add_column(sa.Column("tier_id", ID, nullable=False, server_default=""))
    with op.batch_alter_table("voucher_codes") as table:
        table.add_column(sa.Column("revoked_at", UtcDateTime, nullable=True))
    op.create_table(
        "voucher_guesses",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("client", sa.String(64), primary_key=True),
        sa.Column("guess", sa.String(64), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_voucher_guesses_at", "voucher_guesses", ["at"])
