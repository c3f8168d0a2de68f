"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from shared.clock import utc

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""An autoincrement key (SQLite gives numbers to INTEGER keys only)."""

Json = sa.JSON()


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime in UTC, in and out. A naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else utc(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
