"""Migrations with Alembic: every service brings its own, from the first table on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from shared.database import Database
from shared.database.schema import create_database, refuse_newer, state_of

__all__ = ["create_database", "differences", "migrate", "run_env"]


def migrate(database: Database, migrations: str) -> None:
    """Bring the database to the newest migration. Raises `Corrupt` where it is newer than this code."""
    if not state_of(database, migrations):
        return
    refuse_newer(database, migrations)
    command.upgrade(_config(database, migrations), "head")


def differences(database: Database) -> list[Any]:
    """What the migrated database and the tables in the code disagree on; empty when they agree."""
    with database.reading() as connection:
        settings = {"compare_type": False, "target_metadata": database.metadata}
        return list(compare_metadata(MigrationContext.configure(connection, opts=settings), database.metadata))


def run_env() -> None:
    """The body of every service's `env.py`."""
    database: Database = context.config.attributes["database"]
    with database.engine.connect() as connection, connection.begin():
        context.configure(connection=connection, target_metadata=database.metadata, render_as_batch=True)
        context.run_migrations()


def _config(database: Database, migrations: str) -> Config:
    package = importlib.import_module(migrations)
    config = Config()
    config.set_main_option("script_location", str(Path(str(package.__path__[0]))))
    config.attributes["database"] = database
    return config
