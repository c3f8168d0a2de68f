"""Migrations with Alembic: every service brings its own, from the first table on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from shared.database import Database
from shared.errors import Corrupt, Unavailable


def migrate(database: Database, migrations: str) -> None:
    """Bring the database to the newest migration. Raises `Corrupt` where it is newer than this code."""
    refuse_newer(database, migrations)
    command.upgrade(_config(database, migrations), "head")


def refuse_newer(database: Database, migrations: str) -> None:
    """Raise `Corrupt` where the database is newer than this code: working on it could spoil what it does not know."""
    for sentence in state_of(database, migrations):
        if "newer" in sentence:
            raise Corrupt(sentence)


def create_database(url: str) -> None:
    """Create the database of a PostgreSQL URL if it is missing; SQLite makes its file by itself. Raises `Unavailable`."""
    if not url.startswith("postgresql"):
        return
    wanted = sa.make_url(url)
    engine = sa.create_engine(wanted.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            known = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.execute(known, {"name": wanted.database}).first() is None:
                connection.execute(sa.text(f'CREATE DATABASE "{wanted.database}"'))
    except sa.exc.OperationalError as error:
        raise Unavailable(f"PostgreSQL does not answer: {error.orig}") from error


def state_of(database: Database, migrations: str) -> list[str]:
    """Sentences about a database that is behind this code, or newer than it; empty when they fit."""
    script = ScriptDirectory.from_config(_config(database, migrations))
    with database.reading() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    wanted = set(script.get_heads())
    if present == wanted:
        return []
    try:
        for revision in present:
            script.get_revision(revision)
    except CommandError:
        return [
            f"The database of {database.owner} is newer than this code: install the newer version, or restore an older back-up."
        ]
    return [f"The database of {database.owner} is not migrated: run `stagedoor migrate`."]


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


def is_empty(database: Database) -> bool:
    """Whether nothing was ever migrated there."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_heads() == ()
