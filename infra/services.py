"""The houses of the street: every service by its name. Only what composes an installation imports this."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType

from shared.errors import NotFound, Unavailable
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
    from shared.database.migrate import create_database, migrate

    for service in services(names):
        create_database(runtime.settings.database_of(service.name))
        migrate(runtime.database(service), service.migrations)
        runtime.log.create_topics(service.publishes)


def refuse_newer(runtime: Runtime, names: Sequence[str] = NAMES) -> None:
    """Raise `Corrupt` where a database of theirs is newer than this code. One that does not answer is asked when it is used."""
    from shared.database.migrate import refuse_newer as refuse

    for service in services(names):
        with suppress(Unavailable):
            refuse(runtime.database(service), service.migrations)
