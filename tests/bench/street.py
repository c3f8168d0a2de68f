"""The real programs for a benchmark: two web processes, the worker, the fake Stripe, and a conference on sale."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from infra.local_server import LOOPBACK, free_ports
from infra.rehearsal.scenery import conference_plan
from infra.services import NAMES, module, prepare, services
from services.ticket.domain.conference import ConferencePlan
from services.ticket.handlers import open_conference
from shared.clock import SystemClock
from shared.config import Settings, load
from shared.runtime import Runtime
from tests.bench.parts import Place

SLUG = "bench"
CAPACITY = 1_000_000
PATIENCE = 60.0
"""Seconds within which programs must answer, and what was set off must be done."""
PROJECT = Path(__file__).parents[2]


@dataclass
class Street:
    """What runs for one benchmark. `runtime` looks into the same databases and log, from this process."""

    runtime: Runtime
    web: tuple[str, int]
    internal_url: str
    environ: dict[str, str]
    log_folder: Path
    ending: contextlib.ExitStack
    children: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, *command: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program of ours; it is stopped at the end of the benchmark."""
        with (self.log_folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **self.environ, **(environ or {})},
                cwd=PROJECT,
                stdout=log,
                stderr=log,
            )
        self.ending.callback(_end, child)
        self.children[name] = child.pid
        return child

    def cpu_seconds(self, name: str) -> float:
        """What this program and its children have used of the cores so far."""
        own = self.children[name]
        return sum(_cpu_of(pid) for pid in (own, *children_of(own)))

    def start_stripe(self) -> None:
        port, data = self.environ["STAGEDOOR_STRIPE_API"].rpartition(":")[2], str(self.log_folder / "stripe.db")
        self.start("stripe", "infra.fake_stripe", "--port", port, "--data", data)
        await_answer(f"http://{LOOPBACK}:{port}/livez")

    def start_web(self) -> None:
        self.start("web", "infra.cli", "web", "--listen", f"{self.web[0]}:{self.web[1]}")
        await_answer(f"http://{self.web[0]}:{self.web[1]}/readyz")

    def start_worker(self, program: str = "infra.cli") -> subprocess.Popen[bytes]:
        """As the stack has it on one machine: a process for each service on the cluster."""
        apart = ["--apart"] if self.runtime.settings.log_at.startswith("kafka") else []
        child = self.start("worker", program, "worker", "--listen", self.internal_url.removeprefix("http://"), *apart)
        await_answer(f"{self.internal_url}/livez")
        return child

    @contextlib.contextmanager
    def bare(self, **environ: str) -> Iterator[tuple[str, int]]:
        """The bare twin, with as many processes and threads as the web has: its address, while it runs."""
        (port,) = free_ports(1)
        options = ("--bind", f"{LOOPBACK}:{port}", "--workers", "2", "--threads", "8", "--worker-class", "gthread")
        application = "tests.bench.bare:make_application()"
        server = self.start("bare", "gunicorn", *options, "--no-control-socket", application, environ=environ)
        await_answer(f"http://{LOOPBACK}:{port}/livez")
        yield LOOPBACK, port
        server.terminate()
        server.wait(20)

    def is_drained(self) -> bool:
        """Whether everything that was said was heard, and nothing is due now."""
        for service in services():
            database = self.runtime.database(service)
            timers = database.frame.timers
            now = database.clock.now()
            with database.reading() as connection:
                if connection.execute(sa.select(database.frame.outbox.c.id).limit(1)).first() is not None:
                    return False
                due = sa.select(timers.c.id).where(timers.c.due_at <= now, timers.c.stuck.is_(False)).limit(1)
                if connection.execute(due).first() is not None:
                    return False
                positions = database.frame.positions
                read = {(row.topic, row.partition): row.next_offset for row in connection.execute(sa.select(positions))}
            ends = self.runtime.log.ends(service.consumes) if service.consumes else {}
            if any(read.get((place.topic, place.partition), 0) < end for place, end in ends.items()):
                return False
        return True


@contextlib.contextmanager
def street(where: Place, capacity: int = CAPACITY) -> Iterator[Street]:
    """Databases migrated and a conference of this capacity opened; no program runs yet."""
    web, internal, stripe = free_ports(3)
    settings = load(
        {
            **where.environ,
            "STAGEDOOR_BASE_URL": f"http://{LOOPBACK}:{web}",
            "STAGEDOOR_INTERNAL_URL": f"http://{LOOPBACK}:{internal}",
            "STAGEDOOR_STRIPE_API": f"http://{LOOPBACK}:{stripe}",
            "STAGEDOOR_LOG_LEVEL": "warning",
        }
    )
    given = {f"STAGEDOOR_{item.name.upper()}": str(getattr(settings, item.name)) for item in fields(Settings)}
    environ = {name: value for name, value in given.items() if value}
    runtime = Runtime.from_environment(environ)
    metrics = where.home / "metrics"
    metrics.mkdir()
    environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    with contextlib.ExitStack() as ending:
        ending.callback(runtime.close)
        prepare(runtime, NAMES)
        with runtime.database(module("ticket").SERVICE).transaction() as tx:
            open_conference(tx, _plan(capacity))
        yield Street(runtime, (LOOPBACK, web), settings.internal_url, environ, where.home, ending)


def _plan(capacity: int) -> ConferencePlan:
    doors_on = SystemClock().now().date() + timedelta(days=120)
    return conference_plan(slug=SLUG, name="Bench", doors_on=doors_on, capacity=capacity, early_bird_cap=capacity)


def await_answer(url: str, patience: float = PATIENCE) -> None:
    """Wait until this address answers 200."""
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            pass
        if time.monotonic() > until:
            raise SystemExit(f"{url} does not answer after {patience:.0f} s.")
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    """All processes below this one."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    found = [int(each) for each in text.split()]
    return [*found, *(below for each in found for below in children_of(each))]


def _cpu_of(pid: int) -> float:
    try:
        fields_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields_[11]) + int(fields_[12])) / os.sysconf("SC_CLK_TCK")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
