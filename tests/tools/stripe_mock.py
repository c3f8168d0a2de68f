"""stripe-mock: Stripe's own judge of requests. It refuses what Stripe's OpenAPI would refuse, and keeps no state.

`with running_stripe_mock() as url:` builds it once with Go into tests/tools/bin (not in git), starts it on a free port of
loopback and ends it. Without Go it fails with a sentence that says so; it never skips. Tests take the fixture
`stripe_mock_url`, which is one for the whole session.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MODULE = "github.com/stripe/stripe-mock@latest"
FOLDER = Path(__file__).with_name("bin")
BUILD_SECONDS, START_SECONDS = 600, 60


def built_stripe_mock() -> Path:
    """The program; built if it is not there yet. Two test runs at once do not disturb each other."""
    program = FOLDER / "stripe-mock"
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        raise RuntimeError("stripe-mock is built with Go: install Go 1.21 or newer, so that `go` is on the PATH.")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        done = subprocess.run(
            [go, "install", MODULE],
            env=os.environ | {"GOBIN": scratch},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(f"`go install {MODULE}` failed:\n{done.stderr}")
        (Path(scratch) / "stripe-mock").replace(program)
    return program


@contextmanager
def running_stripe_mock() -> Iterator[str]:
    """The address of a stripe-mock of one's own."""
    program = built_stripe_mock()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen([str(program), "-http-addr", f"127.0.0.1:{port}"], stdout=said, stderr=said)
        try:
            _wait_until_open(port, running, said.fileno())
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _wait_until_open(port: int, running: subprocess.Popen[bytes], said: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if running.poll() is not None or time.monotonic() > give_up:
                text = os.pread(said, 4000, 0).decode(errors="replace")
                raise RuntimeError(f"stripe-mock did not open port {port}: {text}") from error
            time.sleep(0.05)


@pytest.fixture(scope="session")
def stripe_mock_url() -> Iterator[str]:
    with running_stripe_mock() as url:
        yield url
