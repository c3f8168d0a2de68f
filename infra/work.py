"""The worker process: the workers of one or all services, a few threads each, and what services ask each other.

Python runs one thread of a process at a time, so one process for all services is small, and one for each is quick.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waitress.server import create_server

from infra import memory
from infra.front_door import Wsgi, answer, tell_readiness
from infra.local_server import die_with_parent
from infra.services import module, refuse_newer
from shared.runtime import Runtime
from shared.worker import Worker

LOOK_AFTER = 0.5
"""Seconds between two looks whether all processes are still there."""
STEP_BACK = 10
"""How much nicer than the sale a service is for which nobody waits."""
logger = logging.getLogger(__name__)


class Inside:
    """A WSGI application over the `/internal` applications of the services in this process."""

    def __init__(self, runtime: Runtime, names: Sequence[str]) -> None:
        self._runtime = runtime
        self._apps: dict[str, Wsgi] = {name: module(name).create_internal(runtime) for name in names}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/readyz":
            return tell_readiness(self._runtime, list(self._apps), start_response)
        parts = path.split("/", 3)
        if path in ("/livez", "/metrics"):
            app = next(iter(self._apps.values()))
        elif len(parts) > 2 and parts[1] == "internal" and parts[2] in self._apps:
            app = self._apps[parts[2]]
        else:
            return answer(start_response, "404 Not Found", b"There is nothing here.\n")
        return app(environ, start_response)


def work(runtime: Runtime, names: Sequence[str], listen: str, apart: bool = False) -> int:
    """Work for these services until SIGTERM or SIGINT; serve their `/internal` at `listen` (host:port) meanwhile.

    `apart` gives each service a process of its own; this one serves `/internal`, and ends when one of them does. Returns the exit
    code. Raises `Corrupt` for a database that is newer than this code.
    """
    refuse_newer(runtime, names)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers: list[Worker] = [module(name).create_worker(runtime) for name in names]
    inside = Inside(runtime, names)
    memory.settle()
    children = [_fork(worker, runtime, stop) for worker in workers] if apart else []
    threads = [threading.Thread(target=worker.run, args=(stop,), name=worker.service.name) for worker in workers]
    server = create_server(inside, listen=listen, threads=8, ident="stagedoor")
    threading.Thread(target=server.run, name="internal", daemon=True).start()
    if apart:
        code = _look_after(children, stop)
    else:
        code = 0
        for thread in threads:
            thread.start()
        stop.wait()
        for thread in threads:
            thread.join(timeout=10)
    server.close()
    runtime.close()
    return code


def _fork(worker: Worker, runtime: Runtime, stop: threading.Event) -> int:
    """A process that works for one service. What was loaded is shared, and it ends with this one."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        ask = die_with_parent(signal.SIGTERM)
        if ask is not None:
            ask()
        if worker.service.pace:
            os.nice(STEP_BACK)
        if os.getppid() == parent:
            worker.run(stop)
            runtime.close()
        code = 0
    finally:
        os._exit(code)


def _look_after(children: Sequence[int], stop: threading.Event) -> int:
    """Wait until `stop`, or until one of them ended by itself: then all end, and whoever started us starts all anew."""
    left, code = set(children), 0
    while not stop.wait(LOOK_AFTER):
        ended = os.waitpid(-1, os.WNOHANG)[0]
        if ended in left:
            logger.error("the worker process %d ended by itself: all begin anew", ended)
            left.discard(ended)
            stop.set()
            code = 1
    for child in left:
        os.kill(child, signal.SIGTERM)
    for child in left:
        os.waitpid(child, 0)
    return code
