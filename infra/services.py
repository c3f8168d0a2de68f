"""The houses of the street: every service by its name. Only what composes an installation imports this."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType

import sqlalchemy as sa

from shared.database import Database, schema
from shared.database.schema import create_database, state_of
from shared.errors import NotFound, Unavailable
from shared.events import TOPICS
from shared.runtime import Runtime
from shared.service import Service

NAMES = ("ticket", "sponsor_invoice", "notification", "catering", "console")


def module(name: str) -> ModuleType:
    """The composition root of a service: `SERVICE`, `create_app`, `create_internal`, `create_worker`.

    Raises `NotFound` for a name that is none.
    """
    if name not in NAMES:
        raise NotFound(f"There is no service {name!r}: there are {', '.join(NAMES)}.")
    return importlib.import_module(f"services.{name}.app")


def services(names: Sequence[str] = NAMES) -> list[Service]:
    """The declarations of these services."""
    return [module(name).SERVICE for name in names]


def prepare(runtime: Runtime, names: Sequence[str] = NAMES) -> None:
    """Migrate their databases and create the topics they write. Raises `Unavailable`, or `Corrupt` for a newer database."""
    for service in services(names):
        create_database(runtime.settings.database_of(service.name))
        database = runtime.database(service)
        if state_of(database, service.migrations):
            from shared.database.migrate import migrate  # loads Alembic, which most starts do not need

            migrate(database, service.migrations)
        runtime.log.create_topics(service.publishes)


def refuse_newer(runtime: Runtime, names: Sequence[str] = NAMES) -> None:
    """Raise `Corrupt` where a database of theirs is newer than this code. One that does not answer is asked when it is used."""
    for service in services(names):
        with suppress(Unavailable):
            schema.refuse_newer(runtime.database(service), service.migrations)


def is_prepared(runtime: Runtime, names: Sequence[str] = NAMES) -> bool:
    """Whether `prepare` would change nothing. It loads no service, so that a second start is quick.

    Raises `Unavailable`.
    """
    for name in names:
        url = runtime.settings.database_of(name)
        database = Database(url, sa.MetaData(), name, runtime.clock, runtime.ids)
        try:
            if state_of(database, f"services.{name}.migrations"):
                return False
        finally:
            database.close()
    owned = [topic.name for topic in TOPICS.values() if topic.owner in names]
    return not runtime.log.check_topics(owned)
