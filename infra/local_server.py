"""A server of somebody else's as a child process: started, asked until it answers, stopped, killed, started again.

The child has a session of its own, so that Ctrl-C reaches only us and we stop it in order. Should we die first, the
kernel tells it to stop (Linux; "we" are the thread that called `start`, so that one must stay). Nothing is started on
import or on construction.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Self

from shared.errors import Unavailable

LOOPBACK = "127.0.0.1"
PAUSE = 0.05
PR_SET_PDEATHSIG = 1


class LocalServer:
    """What the Kafka and PostgreSQL starters share. A subclass says how to prepare, start and ask its server."""

    name = "server"
    stop_signal = signal.SIGTERM
    start_seconds = 60.0
    stop_seconds = 20.0

    def __init__(self, data_dir: Path | str) -> None:
        self.data_dir = Path(data_dir).absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    # A subclass answers these.

    def prepare(self) -> None:
        """Make ready what the first start needs: programs, ports, an empty store. Raises `Unavailable` with what is missing."""

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return os.environ

    def user(self) -> str | None:
        """The user to run as; None for our own."""
        return None

    def as_user(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that make a child run as `user()`."""
        name = self.user()
        return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []} if name else {}

    def answers(self) -> bool:
        """Whether the server does its work now."""
        raise NotImplementedError

    @property
    def log_path(self) -> Path:
        """Where the server's own messages are."""
        return self.data_dir / f"{self.name.lower()}.log"

    # What callers use.

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start and wait until the server answers. Raises `Unavailable` with the end of its log when it does not."""
        if self.pid is not None:
            return
        self.prepare()
        deadline = time.monotonic() + self.start_seconds
        self._launch()
        while not self.answers():
            if self.pid is None and not self._may_try_again(deadline):
                raise Unavailable(f"{self.name} ended while starting. Its log {self.log_path} ends:\n{self._log_end()}")
            if time.monotonic() > deadline:
                self.kill()
                raise Unavailable(
                    f"{self.name} does not answer after {self.start_seconds:.0f} s. "
                    f"Its log {self.log_path} ends:\n{self._log_end()}"
                )
            time.sleep(PAUSE)

    def _may_try_again(self, deadline: float) -> bool:
        """Hook: a subclass whose server needs a second try after `kill` launches again and returns True."""
        return False

    def _launch(self) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environment(),
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),
                **self.as_user(),
            )
        self._owner = os.getpid()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop in order; after `stop_seconds` the hard way. Does nothing in a fork's child or when nothing runs."""
        atexit.unregister(self.stop)
        if self._process is None or self._owner != os.getpid():
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop where it runs, and start again on the same data and ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _log_end(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def run_in_foreground(server: LocalServer, announce: Callable[[], str]) -> int:
    """Start, print `announce()`, wait for SIGTERM or SIGINT, stop. Returns the exit status: 1 when the server ended by itself."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    try:
        server.start()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    print(announce(), flush=True)
    while not asked.wait(0.5):
        if server.pid is None:
            print(f"{server.name} ended by itself; see {server.log_path}.", file=sys.stderr)
            return 1
    server.stop()
    return 0


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def die_with_parent(number: int) -> Callable[[], None] | None:
    """What the child does before it becomes the server: ask the kernel for a signal when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)

    return ask
