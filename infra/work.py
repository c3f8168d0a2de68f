"""The worker process: the workers of one or all services, a few threads each, and what services ask each other."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waitress.server import create_server

from infra import memory
from infra.front_door import Wsgi, answer, tell_readiness
from infra.services import module, refuse_newer
from shared.runtime import Runtime
from shared.worker import Worker


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


def work(runtime: Runtime, names: Sequence[str], listen: str) -> None:
    """Work for these services until SIGTERM or SIGINT; serve their `/internal` at `listen` (host:port) meanwhile.

    Raises `Corrupt` for a database that is newer than this code.
    """
    refuse_newer(runtime, names)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers: list[Worker] = [module(name).create_worker(runtime) for name in names]
    server = create_server(Inside(runtime, names), listen=listen, threads=8, ident="stagedoor")
    threads = [threading.Thread(target=worker.run, args=(stop,), name=worker.service.name) for worker in workers]
    threads.append(threading.Thread(target=server.run, name="internal", daemon=True))
    memory.settle()
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads[:-1]:
        thread.join(timeout=10)
    server.close()
    runtime.close()
