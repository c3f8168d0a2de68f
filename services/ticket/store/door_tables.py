"""Tables of the door: check-in points, the passes of helpers, one row for each scan, and which badges were printed."""

import sqlalchemy as sa

from services.ticket.store.tables import ID, metadata
from shared.database.types import UtcDateTime

check_in_points = sa.Table(
    "check_in_points",
    metadata,
    sa.Column("conference_id", ID, primary_key=True),
    sa.Column("code", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
)

door_passes = sa.Table(
    "door_passes",
    metadata,
    sa.Column("pass_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("points", sa.JSON, nullable=False),
    sa.Column("made_by", sa.String(60), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
)

check_ins = sa.Table(
    "check_ins",
    metadata,
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
    sa.Index("ix_check_ins_conference", "conference_id", "scanned_at"),
)

badge_prints = sa.Table(
    "badge_prints",
    metadata,
    sa.Column("admission_id", ID, primary_key=True),
    sa.Column("conference_id", ID, nullable=False, index=True),
    sa.Column("content", sa.String(32), nullable=False),
    sa.Column("printed_at", UtcDateTime, nullable=False),
)

sa.Index(
    "ix_check_ins_once",
    check_ins.c.admission_id,
    check_ins.c.point,
    unique=True,
    sqlite_where=check_ins.c.admits,
    postgresql_where=check_ins.c.admits,
)
