"""Throw-away parts of a rehearsal: databases and a log that nobody else uses, gone when it ends, whatever the environment says."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.services import NAMES
from shared.config import Settings
from shared.errors import InvalidInput
from shared.log import Log, open_log

MEMORY = Path("/dev/shm")  # noqa: S108
ENOUGH = 2 * 1024**3
"""Bytes that must be free in memory's file system before it is used."""
BASE_URL = "http://rehearsal.invalid"


@dataclass(frozen=True)
class Parts:
    settings: Settings
    log: Log


def refuse_a_live_key(environ: Mapping[str, str]) -> None:
    """Raises `InvalidInput` where a live key of Stripe is set: it has no business near a rehearsal."""
    if environ.get("STAGEDOOR_STRIPE_KEY", "").startswith(("sk_live", "rk_live")):
        raise InvalidInput(
            "A rehearsal never runs where a live key of Stripe is set: take STAGEDOOR_STRIPE_KEY away first."
        )


@contextmanager
def throw_away(stack: str) -> Iterator[Parts]:
    """Parts for one rehearsal on `local` (SQLite, embedded log) or `cluster` (PostgreSQL, Kafka, both started here)."""
    refuse_a_live_key(os.environ)
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp(prefix="stagedoor-rehearsal-", dir=_quick_place()))
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        if stack == "cluster":
            folder.chmod(0o711)  # PostgreSQL's own user passes through
            log_url, database_url = _start_servers(folder, ending)
        else:
            log_url, database_url = f"embedded://{folder}/log.db", f"sqlite:///{folder}/{{service}}.db"
        settings = make_settings(folder, log_url, database_url, f"rehearsal-{secrets.token_hex(4)}-")
        log = open_log(settings.log_at, settings.topic_prefix)
        yield Parts(settings, log)


def make_settings(folder: Path, log_url: str, database_url: str, prefix: str) -> Settings:
    """Settings that come from nowhere but here: fake Stripe, no mail server, secrets of their own."""
    return Settings(
        home=str(folder),
        base_url=BASE_URL,
        internal_url=BASE_URL,
        log_url=log_url,
        database_url=database_url,
        topic_prefix=prefix,
        secret=secrets.token_urlsafe(32),
        stripe_webhook_secret=f"whsec_{secrets.token_urlsafe(24)}",
    )


def _start_servers(folder: Path, ending: ExitStack) -> tuple[str, str]:
    from infra.kafka.local import KafkaServer
    from infra.postgres.local import PostgresServer

    kafka = ending.enter_context(KafkaServer(folder / "kafka"))
    postgres = ending.enter_context(PostgresServer(folder / "postgres", careless=True))
    postgres.create_databases(NAMES)
    return f"kafka://{kafka.bootstrap}", postgres.url_template


def _quick_place() -> Path | None:
    """Memory, where there is room: what is thrown away need not survive a power cut. Else the usual temporary folder."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        return MEMORY
    return None
