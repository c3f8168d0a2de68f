"""What the benchmarks share: throw-away stacks, percentiles, and the line they print."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.kafka.local import KafkaServer
from infra.postgres.local import PostgresServer
from infra.services import NAMES
from shared.clock import SystemClock
from shared.config import load
from shared.ids import RandomIds
from shared.log import open_log
from shared.runtime import Runtime

STACKS = ("local", "cluster")


@dataclass(frozen=True)
class Place:
    """Where a benchmark runs: `environ` are the settings of a stack, `kafka` its bootstrap servers or empty."""

    stack: str
    home: Path
    environ: dict[str, str]
    kafka: str

    def runtime(self) -> Runtime:
        settings = load(self.environ)
        log = open_log(settings.log_at)
        return Runtime(settings=settings, clock=SystemClock(), ids=RandomIds(), log=log)


@contextlib.contextmanager
def place(stack: str) -> Iterator[Place]:
    """A stack on throw-away parts, with servers that keep what they acknowledge (no careless settings)."""
    with tempfile.TemporaryDirectory(prefix="stagedoor-bench-") as folder, contextlib.ExitStack() as ending:
        home = Path(folder)
        home.chmod(0o711)
        environ = {"STAGEDOOR_HOME": str(home / "var"), "STAGEDOOR_SECRET": "a secret of the benchmarks"}
        bootstrap = ""
        if stack == "cluster":
            kafka = KafkaServer(home / "kafka")
            ending.callback(kafka.stop)
            kafka.start()
            postgres = PostgresServer(home / "postgres")
            ending.callback(postgres.stop)
            postgres.start()
            postgres.create_databases(NAMES)
            bootstrap = kafka.bootstrap
            environ["STAGEDOOR_LOG_URL"] = f"kafka://{bootstrap}"
            environ["STAGEDOOR_DATABASE_URL"] = postgres.url_template
        yield Place(stack, home, environ, bootstrap)


def report(bench: str, stack: str, figures: Mapping[str, Any], bars: Mapping[str, bool]) -> None:
    """Print the line; `bars` says of each bar whether it was reached."""
    missed = [bar for bar, reached in bars.items() if not reached]
    print(json.dumps({"bench": bench, "stack": stack, **figures, "falls_short": missed}), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies, in their unit."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def peak_megabytes() -> float:
    """The most memory this process ever held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def note(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
