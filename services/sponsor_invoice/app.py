"""Where the sponsor-invoice service is put together."""

from __future__ import annotations

from typing import Final

from flask import Flask

from services.sponsor_invoice import handlers, internal, pages, tables
from services.sponsor_invoice.checks import CHECKS
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, create_internal_app
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
    pace=0.25,
)


def create_app(runtime: Runtime) -> Flask:
    """The pages under `/finance`."""
    app = create_base_app(SERVICE, runtime, __name__)
    app.register_blueprint(pages.blueprint(runtime, runtime.database(SERVICE)))
    return app


def create_internal(runtime: Runtime) -> Flask:
    """What the other services ask, under `/internal/sponsor_invoice`."""
    app = create_internal_app(SERVICE, runtime)
    app.register_blueprint(internal.blueprint(runtime.database(SERVICE), runtime.clock))
    return app


def create_worker(runtime: Runtime) -> Worker:
    """Consumes, climbs the ladders of reminders, sets the sheets of invoices."""
    return Worker(SERVICE, runtime, handlers.Context(runtime.database(SERVICE)))
