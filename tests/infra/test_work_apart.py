"""`stagedoor worker --apart`: a process for each service, which live and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local_server import LOOPBACK, free_ports
from infra.services import NAMES
from tests.bench.street import children_of

PROJECT = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"waited in vain until {what}"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Ended, even if whoever adopted it has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    [port] = free_ports(1)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
    environ |= {"STAGEDOOR_HOME": str(tmp_path), "STAGEDOOR_SECRET": "a secret of the tests"}
    program = [sys.executable, "-m", "infra.cli"]
    subprocess.run([*program, "migrate"], env=environ, cwd=PROJECT, check=True)
    listen = f"{LOOPBACK}:{port}"
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(
            [*program, "worker", "--apart", "--listen", listen], env=environ, cwd=PROJECT, stdout=log, stderr=log
        )

    def answers() -> bool:
        assert child.poll() is None, (tmp_path / "log").read_text()
        try:
            with urllib.request.urlopen(f"http://{listen}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    wait_until(answers, "it answers")
    yield child
    child.kill()
    child.wait()


def test_each_service_has_a_process_and_all_end_in_order(worker: subprocess.Popen[bytes]) -> None:
    children = children_of(worker.pid)
    assert len(children) == len(NAMES)
    worker.terminate()
    assert worker.wait(PATIENCE) == 0
    assert all(map(is_gone, children))


def test_when_one_is_killed_all_end_so_that_the_supervisor_starts_all_anew(worker: subprocess.Popen[bytes]) -> None:
    children = children_of(worker.pid)
    os.kill(children[0], signal.SIGKILL)
    assert worker.wait(PATIENCE) == 1
    assert all(map(is_gone, children))


def test_when_the_parent_is_killed_nobody_works_on(worker: subprocess.Popen[bytes]) -> None:
    children = children_of(worker.pid)
    worker.kill()
    worker.wait()
    wait_until(lambda: all(map(is_gone, children)), "all are gone")
