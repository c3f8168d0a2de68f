"""The door: check-in points, helpers' passes, scans."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import UtcDateTime

revision = "0010"
down_revision = "0009"
ID = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "check_in_points",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "door_passes",
        sa.Column("pass_id", ID, primary_key=True),
        sa.Column("conference_id", ID, nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
    )
    op.create_table(
        "check_ins",
        sa.Column("scan_id", sa.String(60), primary_key=True),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("admission_id", ID, nullable=False, index=True),
        sa.Column("point", sa.String(40), nullable=False),
        sa.Column("pass_id", ID, nullable=False),
        sa.Column("scanned_at", UtcDateTime, nullable=False),
        sa.Column("heard_at", UtcDateTime, nullable=False),
        sa.Column("colour", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("let_in", sa.Boolean, nullable=False),
        sa.Column("admits", sa.Boolean, nullable=False),
        sa.Column("undone_at", UtcDateTime),
        sa.Column("undone_by", ID, nullable=False),
    )
    op.create_index("ix_check_ins_conference", "check_ins", ["conference_id", "scanned_at"])
    op.create_index(
        "ix_check_ins_once",
        "check_ins",
        ["admission_id", "point"],
        unique=True,
        sqlite_where=sa.text("admits"),
        postgresql_where=sa.text("admits"),
    )
