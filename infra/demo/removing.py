"""The demo goes: each service forgets what it decided about it, the topics say that it is called off, and pages leave it out."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from services.catering import removal as catering
from services.notification import removal as notification
from services.sponsor_invoice import removal as sponsor_invoice
from services.ticket import removal as ticket
from shared.database import Database, Transaction
from shared.runtime import Runtime

REMOVE: tuple[tuple[str, Callable[[Transaction, str], int]], ...] = (
    ("ticket", ticket.remove_conference),
    ("sponsor_invoice", sponsor_invoice.remove_conference),
    ("catering", catering.remove_conference),
    ("notification", notification.remove_conference),
)
"""The console keeps nothing but projections."""


def remove_demo(runtime: Runtime) -> str:
    """What `infra.demo.remove_demo` promises."""
    databases = {name: _database(runtime, name) for name, _ in REMOVE}
    demos = sorted({each for database in databases.values() for each in _demos(database)})
    removed = 0
    for conference_id in demos:
        for name, remove in REMOVE:
            with databases[name].transaction("command line") as tx:
                removed += remove(tx, conference_id)
    if not removed:
        return "There is no demo conference here."
    return f"The demo conference is gone, and {removed} rows with it. The topics keep what was said of it, and name nobody."


def _demos(database: Database) -> list[str]:
    """Ids of the demo conferences that a service knows, also of one that was removed before: what was half done is finished."""
    table = database.metadata.tables["conferences"]
    with database.reading() as connection:
        return list(connection.execute(sa.select(table.c.conference_id).where(table.c.is_demo.is_(True))).scalars())


def _database(runtime: Runtime, name: str) -> Database:
    from infra.services import module

    return runtime.database(module(name).SERVICE)
