"""Footprint: `stagedoor run` in a throw-away home: memory at rest after first pages were seen, and the time of a second start."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from infra.local_server import LOOPBACK, free_ports
from tests.bench.parts import STACKS, note, report
from tests.bench.street import PROJECT, children_of

OPEN = "Stagedoor is open at"
REST_SECONDS = 10.0
"""How long it is left alone before its memory is looked at, and its use of the cores after."""
LONGEST_START = 180.0
BAR_MB, BAR_SECONDS = 400, 6.0
PAGES = ("/", "/feed", "/mail/outbox", "/staff", "/finance", "/catering")


def main() -> None:
    for stack in STACKS:
        with tempfile.TemporaryDirectory(prefix="stagedoor-bench-") as folder:
            Path(folder).chmod(0o711)
            _measure(stack, Path(folder))


def _measure(stack: str, folder: Path) -> None:
    (port,) = free_ports(1)
    note(f"footprint/{stack}: the first start ...")
    with contextlib.ExitStack() as ending:
        first = _Run(stack, folder / "var", port)
        ending.callback(first.stop)
        first_s = first.await_open()
    note(f"footprint/{stack}: the second start ...")
    with contextlib.ExitStack() as ending:
        second = _Run(stack, folder / "var", port)
        ending.callback(second.stop)
        second_s = second.await_open()
        _look_at_pages(f"http://{LOOPBACK}:{port}")
        time.sleep(REST_SECONDS)
        memory = second.memory()
        cpu = second.cpu_share(REST_SECONDS)
        stop_s = second.stop()
    ours = sum(megabytes for name, megabytes in memory.items() if name not in ("kafka", "postgres"))
    figures = {
        "pss_mb": round(sum(memory.values())),
        "pss_of": {name: round(megabytes) for name, megabytes in sorted(memory.items())},
        "ours_mb": round(ours),
        "rest_cpu_percent": round(cpu * 100, 1),
        "first_start_s": round(first_s, 1),
        "second_start_s": round(second_s, 1),
        "stop_s": round(stop_s, 1),
    }
    bars = {}
    if stack == "local":
        bars = {
            f"pss <= {BAR_MB} MB": sum(memory.values()) <= BAR_MB,
            f"second start <= {BAR_SECONDS:.0f} s": second_s <= BAR_SECONDS,
        }
    report("footprint", stack, figures, bars)


def _look_at_pages(base: str) -> None:
    """So that every process of the web has shown something, as people would see it who are not signed in."""
    with urllib.request.urlopen(f"{base}/api/v1/conferences", timeout=30) as answer:
        slugs = [item["slug"] for item in json.load(answer)["items"]]
    for path in [*PAGES, *(f"/{slug}" for slug in slugs)] * 4:
        try:
            with urllib.request.urlopen(f"{base}{path}", timeout=30) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            error.close()


class _Run:
    """One `stagedoor run`."""

    def __init__(self, stack: str, home: Path, port: int) -> None:
        self._began = time.monotonic()
        self._open = threading.Event()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", "run", "--port", str(port), "--stack", stack],
            env={**environ, "STAGEDOOR_HOME": str(home)},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(OPEN):
                self._seconds = time.monotonic() - self._began
                self._open.set()

    def await_open(self) -> float:
        """Seconds from the command to the line that says that it is open."""
        if not self._open.wait(LONGEST_START):
            self.stop()
            raise SystemExit("It did not open.")
        return self._seconds

    def memory(self) -> dict[str, float]:
        """Megabytes (PSS) by kind of process, of everything that runs for this start."""
        found: dict[str, float] = {}
        for pid in self._processes():
            name = _kind(pid)
            found[name] = found.get(name, 0.0) + _pss(pid)
        return found

    def cpu_share(self, seconds: float) -> float:
        """The share of a core that it uses while nobody asks for anything."""
        before = self._cpu()
        time.sleep(seconds)
        return (self._cpu() - before) / seconds

    def stop(self) -> float:
        """Seconds until all of it was gone."""
        began = time.monotonic()
        if self._process.poll() is not None:
            return 0.0
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(90)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return time.monotonic() - began

    def _processes(self) -> list[int]:
        return [self._process.pid, *children_of(self._process.pid)]

    def _cpu(self) -> float:
        ticks = 0
        for pid in self._processes():
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def _kind(pid: int) -> str:
    """What a process is, by its command line."""
    command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    kinds = {
        "kafka.Kafka": "kafka",
        "postgres": "postgres",
        "infra.kafka": "starter",
        "infra.fake_stripe": "stripe",
        "supervisord": "supervisor",
        "gunicorn": "web",
        "worker": "worker",
    }
    return next((name for word, name in kinds.items() if word in command), "run")


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
