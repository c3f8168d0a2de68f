"""Catering's first tables, beside the frame's.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from shared.database.frame import create_frame_tables
from shared.database.types import BigId, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame_tables(op)
    op.create_table(
        "conferences",
        sa.Column("conference_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("doors_at", UtcDateTime, nullable=False),
        sa.Column("admission_types", Json, nullable=False),
        sa.Column("tiers", Json, nullable=False),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("called_off", sa.Boolean, nullable=False),
    )
    op.create_table(
        "transitions",
        sa.Column("tier_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
    )
    op.create_index("ix_transitions_conference", "transitions", ["conference_id"])
    op.create_table(
        "admissions",
        sa.Column("admission_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("standing", sa.Boolean, nullable=False),
        sa.Column("admission_type", sa.String(50), nullable=False),
        sa.Column("days", sa.String(500), nullable=False, comment="ISO dates, comma between"),
        sa.Column("add_ons", sa.String(500), nullable=False, comment="codes, comma between"),
        sa.Column(
            "issued_epoch", sa.BigInteger, nullable=False, comment="seconds since 1970: read and written by the 100,000"
        ),
        sa.Column("comp", sa.Boolean, nullable=False),
    )
    op.create_index(
        "ix_admissions_kinds", "admissions", ["conference_id", "standing", "admission_type", "days", "add_ons"]
    )
    op.create_table(
        "meals",
        sa.Column("meal_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("served_at", UtcDateTime, nullable=False),
        sa.Column("admission_types", Json, nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("add_on", sa.String(50), nullable=False),
        sa.Column("take_rate", sa.Integer, nullable=False),
        sa.Column("portion_factor", sa.Integer, nullable=False),
    )
    op.create_index("ix_meals_conference", "meals", ["conference_id"])
    op.create_table(
        "extra_eaters",
        sa.Column("id", BigId, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("meal_id", sa.String(60), nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("entered_by", sa.String(100), nullable=False),
        sa.Column("entered_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_extra_eaters_conference", "extra_eaters", ["conference_id"])
    op.create_table(
        "headcounts",
        sa.Column("conference_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("admissions", sa.Integer, nullable=True, comment="none was said yet"),
        sa.Column("meals", Json, nullable=False),
        sa.Column("forecast_at", UtcDateTime, nullable=True),
    )
    op.create_table(
        "plans",
        sa.Column("conference_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("series", sa.String(100), nullable=False),
        sa.Column("excluded_editions", Json, nullable=False),
    )
    op.create_table(
        "forecasts",
        sa.Column("id", BigId, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("forecast_at", UtcDateTime, nullable=False),
        sa.Column("admissions", sa.Integer, nullable=False),
        sa.Column("p05", sa.Integer, nullable=False),
        sa.Column("p25", sa.Integer, nullable=False),
        sa.Column("p50", sa.Integer, nullable=False),
        sa.Column("p75", sa.Integer, nullable=False),
        sa.Column("p95", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
    )
    op.create_index("ix_forecasts_conference", "forecasts", ["conference_id", "id"])
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("deadline_at", UtcDateTime, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("headcount", sa.Integer, nullable=False),
        sa.Column("forecast", Json, nullable=False),
        sa.Column("plates", Json, nullable=False),
        sa.Column("fixed", Json, nullable=False),
        sa.Column("drifted", Json, nullable=False),
        sa.Column("tolerance", sa.Integer, nullable=False),
        sa.Column("caterer", sa.String(100), nullable=False),
        sa.UniqueConstraint("conference_id", name="uq_orders_conference"),
    )
    op.create_table(
        "sheets",
        sa.Column("order_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("ordered_at", UtcDateTime, nullable=False),
        sa.Column("headcount", sa.Integer, nullable=False),
        sa.Column("forecast", Json, nullable=False),
        sa.Column("meals", Json, nullable=False, comment="as they were: name, served_at, plates, extra"),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=True),
    )
    op.create_table(
        "editions",
        sa.Column("key", sa.String(100), primary_key=True, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("doors_on", sa.Date, nullable=False),
        sa.Column("days", Json, nullable=False, comment="[before, registered, cancelled]"),
        sa.Column("imported_by", sa.String(100), nullable=False),
        sa.Column("imported_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(60), primary_key=True, nullable=False),
        sa.Column("conference_id", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(5), nullable=False),
    )
