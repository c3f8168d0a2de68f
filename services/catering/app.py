"""Catering, composed: its pages, what other services may ask it, and its worker."""

from __future__ import annotations

from services.catering.handlers import ERRANDS, PROJECTIONS, REACTIONS, TIMERS
from services.catering.tables import PROJECTIONS as PROJECTION_TABLES
from services.catering.tables import metadata
from shared.runtime import Runtime
from shared.service import Service
from shared.worker import Worker

SERVICE = Service(
    name="catering",
    metadata=metadata,
    migrations="services.catering.migrations",
    projections=PROJECTIONS,
    reactions=REACTIONS,
    projection_tables=PROJECTION_TABLES,
    timers=TIMERS,
    errands=ERRANDS,
)


def create_worker(runtime: Runtime) -> Worker:
    """Consumes what ticketing says, forecasts, proposes and orders."""
    return Worker(SERVICE, runtime, None)
