"""Where the sponsor-invoice service is put together."""

from __future__ import annotations

from typing import Final

from services.sponsor_invoice import handlers, tables
from services.sponsor_invoice.checks import CHECKS
from shared.runtime import Runtime
from shared.service import Service
from shared.worker import Worker

SERVICE: Final = Service(
    name="sponsor_invoice",
    metadata=tables.metadata,
    migrations="services.sponsor_invoice.migrations",
    projections=handlers.PROJECTIONS,
    reactions=handlers.REACTIONS,
    projection_tables=tables.PROJECTION_TABLES,
    timers=handlers.TIMERS,
    errands=handlers.ERRANDS,
    checks=CHECKS,
)


def create_worker(runtime: Runtime) -> Worker:
    """Consumes, climbs the ladders of reminders, sets the sheets of invoices."""
    return Worker(SERVICE, runtime, handlers.Context(runtime.database(SERVICE)))
