"""Numbers without gaps: one counter per seller, prefix and year, taken in the transaction that issues the document.

A series belongs to the seller and the service, not to a conference. Each service puts `series_table(metadata)` among
its own tables; it is never rebuilt. Two issuers wait for each other until the first commits; a roll-back gives the
number back, so none is missing and none is used twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table

from shared.database.upsert import insert
from shared.errors import InvalidInput


class HasConnection(Protocol):
    """What is needed of a `shared.database` transaction."""

    @property
    def connection(self) -> Connection: ...


@dataclass(frozen=True, slots=True)
class Series:
    """`prefix` tells apart what one seller numbers apart: services, or invoices from their corrections."""

    seller_id: str
    prefix: str
    year: int
    """Of the day of issue, in the seller's time zone."""

    def __post_init__(self) -> None:
        if not self.seller_id or not self.prefix or not 2000 <= self.year <= 9999:
            raise InvalidInput("A number series needs a seller, a prefix and a year.")


def series_table(metadata: MetaData, name: str = "document_series") -> Table:
    """One row per series with the last number given out."""
    return Table(
        name,
        metadata,
        Column("seller_id", String(64), primary_key=True),
        Column("prefix", String(32), primary_key=True),
        Column("year", Integer, primary_key=True),
        Column("last", Integer, nullable=False),
    )


def next_number(tx: HasConnection, table: Table, series: Series) -> str:
    """The next number of a series, such as 'SP-2027-00042'.

    The counter's row stays locked until the caller's transaction ends: on PostgreSQL by the upsert itself, on SQLite
    by BEGIN IMMEDIATE. Take it last, so that others wait for as short a time as can be.
    """
    values = {"seller_id": series.seller_id, "prefix": series.prefix, "year": series.year}
    return format_number(series, tx.connection.execute(_next(table), values).scalar_one())


def format_number(series: Series, n: int) -> str:
    """'SP-2027-00042'; from the hundred thousandth on it grows longer."""
    return f"{series.prefix}-{series.year}-{n:05}"


@lru_cache(maxsize=64)
def _next(table: Table) -> Any:
    """Counts up and reads in one statement, also when the row is not there yet. Built once per table."""
    return (
        insert(table)
        .values(last=1)
        .on_conflict_do_update(
            index_elements=[table.c.seller_id, table.c.prefix, table.c.year], set_={"last": table.c.last + 1}
        )
        .returning(table.c.last)
    )
