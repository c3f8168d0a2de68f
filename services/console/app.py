"""The console, composed: its pages and the event feed, its worker, and the link that makes the first account."""

from __future__ import annotations

from typing import Final

from flask import Flask

from services.console import accounts, tables
from services.console.door import make_door
from services.console.feed import make_feed
from services.console.handlers import PROJECTIONS, REACTIONS
from services.console.pages import make_pages
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, create_internal_app
from shared.worker import Worker

SERVICE: Final = Service(
    name="console",
    metadata=tables.metadata,
    migrations="services.console.migrations",
    projections=PROJECTIONS,
    reactions=REACTIONS,
    projection_tables=tables.PROJECTION_TABLES,
    pace=0.25,
)


def create_app(runtime: Runtime) -> Flask:
    """Pages under /staff, the feed under /feed."""
    database = runtime.database(SERVICE)
    app = create_base_app(SERVICE, runtime, __name__)
    app.url_map.strict_slashes = False
    for blueprint in (make_door(runtime, database), make_pages(runtime, database), make_feed(runtime, database)):
        app.register_blueprint(blueprint)
    return app


def create_internal(runtime: Runtime) -> Flask:
    """Only what every service answers: the console knows nobody's guests."""
    return create_internal_app(SERVICE, runtime)


def create_worker(runtime: Runtime) -> Worker:
    """Writes down what all services say."""
    return Worker(SERVICE, runtime, None)


def first_link(runtime: Runtime) -> str | None:
    """Where the first account is made, good once and for 24 hours; None when there is one. Needs a migrated database."""
    secret = accounts.invite_first(runtime.database(SERVICE))
    return f"{runtime.settings.base_url}/staff/join/{secret}" if secret else None
