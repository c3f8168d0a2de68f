"""The tables that every service has beside its own: what it said, what it heard, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from shared.database.types import BigId, Json, UtcDateTime


@dataclass(frozen=True, slots=True)
class FrameTables:
    """Said: outbox, sequences. Heard: inbox, positions, parked, dropped. Due: timers. The relay: relayed, leases."""

    outbox: sa.Table
    sequences: sa.Table
    inbox: sa.Table
    positions: sa.Table
    parked: sa.Table
    dropped: sa.Table
    timers: sa.Table
    relayed: sa.Table
    leases: sa.Table


def _columns() -> dict[str, list[sa.schema.SchemaItem]]:
    def key() -> list[sa.schema.SchemaItem]:
        return [
            sa.Column("topic", sa.String(100), nullable=False, primary_key=True),
            sa.Column("key", sa.String(100), nullable=False, primary_key=True),
        ]

    def counted() -> list[sa.schema.SchemaItem]:
        return [
            *key(),
            sa.Column("last", sa.BigInteger, nullable=False),
            sa.Column("digest", sa.BigInteger, nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
        ]

    def place() -> list[sa.schema.SchemaItem]:
        return [
            sa.Column("topic", sa.String(100), nullable=False, primary_key=True),
            sa.Column("partition", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
        ]

    return {
        "outbox": [
            sa.Column("id", BigId, primary_key=True, autoincrement=True),
            sa.Column("topic", sa.String(100), nullable=False),
            sa.Column("key", sa.String(100), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
            sa.Column("value", sa.LargeBinary, nullable=False),
        ],
        "sequences": counted(),
        "inbox": counted(),
        "positions": [
            *place(),
            sa.Column("next_offset", sa.BigInteger, nullable=False),
            sa.Column("message_at", UtcDateTime, nullable=True),
        ],
        "parked": [
            sa.Column("id", BigId, primary_key=True, autoincrement=True),
            sa.Column("topic", sa.String(100), nullable=False),
            sa.Column("key", sa.String(100), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
            sa.Column("value", sa.LargeBinary, nullable=False),
            sa.Column("reason", sa.String(10), nullable=False),
            sa.Column("error", sa.Text, nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
            sa.UniqueConstraint("topic", "key", "sequence", name="uq_parked"),
        ],
        "dropped": [
            *key(),
            sa.Column("sequence", sa.BigInteger, nullable=False, primary_key=True, autoincrement=False),
            sa.Column("actor", sa.String(100), nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
        ],
        "timers": [
            sa.Column("id", BigId, primary_key=True, autoincrement=True),
            sa.Column("kind", sa.String(50), nullable=False),
            sa.Column("subject", sa.String(150), nullable=False),
            sa.Column("due_at", UtcDateTime, nullable=False),
            sa.Column("facts", Json, nullable=False),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("tries", sa.Integer, nullable=False),
            sa.Column("waits", sa.Integer, nullable=False),
            sa.Column("claimed_until", UtcDateTime, nullable=True),
            sa.Column("stuck", sa.Boolean, nullable=False),
            sa.Column("error", sa.Text, nullable=False),
            sa.UniqueConstraint("kind", "subject", name="uq_timers"),
            sa.Index("ix_timers_due", "due_at"),
        ],
        "relayed": [*place(), sa.Column("offset", sa.BigInteger, nullable=False)],
        "leases": [
            sa.Column("name", sa.String(50), primary_key=True),
            sa.Column("holder", sa.String(100), nullable=False),
            sa.Column("until", UtcDateTime, nullable=False),
        ],
    }


def frame_tables(metadata: sa.MetaData) -> FrameTables:
    """The frame's tables in this metadata, added at the first call."""
    if "outbox" not in metadata.tables:
        for name, items in _columns().items():
            sa.Table(name, metadata, *items)
    return FrameTables(**{name: metadata.tables[name] for name in FrameTables.__slots__})


def create_frame_tables(op: Any) -> None:
    """Create them in a migration; `op` is Alembic's."""
    for table in frame_tables(sa.MetaData()).__class__.__slots__:
        items = _columns()[table]
        op.create_table(table, *[item for item in items if not isinstance(item, sa.Index)])
    op.create_index("ix_timers_due", "timers", ["due_at"])
