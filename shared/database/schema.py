"""How far a database is migrated, seen without Alembic: what serves requests and does work need not load it."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from shared.database import Database
from shared.errors import Corrupt, Unavailable

STATEMENT = re.compile(r'^(down_)?revision(?::[^=]+)? = (?:"(\w+)"|None)$', re.MULTILINE)
_present = sa.text("SELECT version_num FROM alembic_version")


def refuse_newer(database: Database, migrations: str) -> None:
    """Raise `Corrupt` where the database is newer than this code: working on it could spoil what it does not know."""
    for sentence in state_of(database, migrations):
        if "newer" in sentence:
            raise Corrupt(sentence)


def state_of(database: Database, migrations: str) -> list[str]:
    """Sentences about a database that is behind this code, or newer than it; empty when they fit."""
    known, wanted = _revisions(migrations)
    present = _heads(database)
    if present == wanted:
        return []
    if present - known:
        return [
            f"The database of {database.owner} is newer than this code: install the newer version, or restore an older back-up."
        ]
    return [f"The database of {database.owner} is not migrated: run `stagedoor migrate`."]


def is_empty(database: Database) -> bool:
    """Whether nothing was ever migrated there."""
    return not _heads(database)


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


def _heads(database: Database) -> frozenset[str]:
    with database.reading() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return frozenset()
        return frozenset(connection.execute(_present).scalars())


@cache
def _revisions(migrations: str) -> tuple[frozenset[str], frozenset[str]]:
    """The revisions of a package of migrations, and those that no other follows."""
    folder = Path(str(importlib.import_module(migrations).__path__[0])) / "versions"
    found = [match for path in folder.glob("[0-9]*.py") for match in STATEMENT.findall(path.read_text())]
    known = frozenset(name for down, name in found if not down)
    return known, known - {name for down, name in found if down}
