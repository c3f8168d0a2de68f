"""The tables of catering. Three are projections of what ticketing says; the others are decisions, and are never rebuilt."""

from __future__ import annotations

import sqlalchemy as sa

from shared.database.frame import frame_tables
from shared.database.types import BigId, Json, UtcDateTime

metadata = sa.MetaData()


def _id(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(60), primary_key=primary_key, nullable=False)


conferences = sa.Table(
    "conferences",
    metadata,
    _id("conference_id", primary_key=True),
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
transitions = sa.Table(
    "transitions",
    metadata,
    _id("tier_id", primary_key=True),
    _id("conference_id"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("closed_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Index("ix_transitions_conference", "conference_id"),
)
admissions = sa.Table(
    "admissions",
    metadata,
    _id("admission_id", primary_key=True),
    _id("conference_id"),
    sa.Column("standing", sa.Boolean, nullable=False),
    sa.Column("admission_type", sa.String(50), nullable=False),
    sa.Column("days", sa.String(500), nullable=False, comment="ISO dates, comma between"),
    sa.Column("add_ons", sa.String(500), nullable=False, comment="codes, comma between"),
    sa.Column(
        "issued_epoch", sa.BigInteger, nullable=False, comment="seconds since 1970: read and written by the 100,000"
    ),
    sa.Column("comp", sa.Boolean, nullable=False),
    sa.Index("ix_admissions_kinds", "conference_id", "standing", "admission_type", "days", "add_ons"),
)
PROJECTIONS = (conferences, transitions, admissions)

meals = sa.Table(
    "meals",
    metadata,
    _id("meal_id", primary_key=True),
    _id("conference_id"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("served_at", UtcDateTime, nullable=False),
    sa.Column("admission_types", Json, nullable=False),
    sa.Column("days", Json, nullable=False),
    sa.Column("add_on", sa.String(50), nullable=False),
    sa.Column("take_rate", sa.Integer, nullable=False),
    sa.Column("portion_factor", sa.Integer, nullable=False),
    sa.Index("ix_meals_conference", "conference_id"),
)
extra_eaters = sa.Table(
    "extra_eaters",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _id("conference_id"),
    _id("meal_id"),
    sa.Column("change", sa.Integer, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("entered_by", sa.String(100), nullable=False),
    sa.Column("entered_at", UtcDateTime, nullable=False),
    sa.Index("ix_extra_eaters_conference", "conference_id"),
)
headcounts = sa.Table(
    "headcounts",
    metadata,
    _id("conference_id", primary_key=True),
    sa.Column("admissions", sa.Integer, nullable=True, comment="none was said yet"),
    sa.Column("meals", Json, nullable=False),
    sa.Column("forecast_at", UtcDateTime, nullable=True),
)
plans = sa.Table(
    "plans",
    metadata,
    _id("conference_id", primary_key=True),
    sa.Column("series", sa.String(100), nullable=False),
    sa.Column("excluded_editions", Json, nullable=False),
)
forecasts = sa.Table(
    "forecasts",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _id("conference_id"),
    sa.Column("forecast_at", UtcDateTime, nullable=False),
    sa.Column("admissions", sa.Integer, nullable=False),
    *[sa.Column(name, sa.Integer, nullable=False) for name in ("p05", "p25", "p50", "p75", "p95")],
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Index("ix_forecasts_conference", "conference_id", "id"),
)
orders = sa.Table(
    "orders",
    metadata,
    _id("order_id", primary_key=True),
    _id("conference_id"),
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
sheets = sa.Table(
    "sheets",
    metadata,
    _id("order_id", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ordered_at", UtcDateTime, nullable=False),
    sa.Column("headcount", sa.Integer, nullable=False),
    sa.Column("forecast", Json, nullable=False),
    sa.Column("meals", Json, nullable=False, comment="as they were: name, served_at, plates, extra"),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=True),
)
editions = sa.Table(
    "editions",
    metadata,
    sa.Column("key", sa.String(100), primary_key=True, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("doors_on", sa.Date, nullable=False),
    sa.Column("days", Json, nullable=False, comment="[before, registered, cancelled]"),
    sa.Column("imported_by", sa.String(100), nullable=False),
    sa.Column("imported_at", UtcDateTime, nullable=False),
)
people = sa.Table(
    "people",
    metadata,
    _id("person_id", primary_key=True),
    _id("conference_id"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("locale", sa.String(5), nullable=False),
)
frame_tables(metadata)
