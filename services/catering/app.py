"""Catering, composed: its pages, what other services may ask it, and its worker."""

from __future__ import annotations

from flask import Flask

from services.catering import counting, internal, pages
from services.catering.handlers import ERRANDS, PROJECTIONS, REACTIONS, TIMERS
from services.catering.tables import PROJECTIONS as PROJECTION_TABLES
from services.catering.tables import metadata
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, create_internal_app
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
    checks=(counting.check_headcounts,),
    speaking_pace=0.25,
)


def create_app(runtime: Runtime) -> Flask:
    """/catering for staff, /catering/sheet/... for the caterer."""
    app = create_base_app(SERVICE, runtime, __name__)
    app.register_blueprint(pages.make_blueprint(runtime, runtime.database(SERVICE)))
    return app


def create_internal(runtime: Runtime) -> Flask:
    """/internal/catering/..., for the other services and for rehearsals."""
    app = create_internal_app(SERVICE, runtime)
    app.register_blueprint(internal.make_blueprint(runtime, runtime.database(SERVICE)))
    return app


def create_worker(runtime: Runtime) -> Worker:
    """Consumes what ticketing says, forecasts, proposes and orders."""
    return Worker(SERVICE, runtime, None)
