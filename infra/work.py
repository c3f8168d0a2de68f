"""The worker process: the workers of one or all services, a few threads each, and what services ask each other."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from waitress.server import create_server

from infra.services import module
from shared.runtime import Runtime
from shared.worker import Worker


class Inside:
    """A WSGI application over the `/internal` applications of the services in this process."""

    def __init__(self, runtime: Runtime, names: Sequence[str]) -> None:
        self._apps = {name: module(name).create_internal(runtime) for name in names}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/livez":
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
            return [b"alive\n"]
        parts = environ.get("PATH_INFO", "").split("/", 3)
        app = self._apps.get(parts[2]) if len(parts) > 2 and parts[1] == "internal" else None
        if app is None:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        return app(environ, start_response)  # type: ignore[no-any-return]


def work(runtime: Runtime, names: Sequence[str], listen: str) -> None:
    """Work for these services until SIGTERM or SIGINT; serve their `/internal` at `listen` (host:port) meanwhile."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers: list[Worker] = [module(name).create_worker(runtime) for name in names]
    server = create_server(Inside(runtime, names), listen=listen, threads=8, ident="stagedoor")
    threads = [threading.Thread(target=worker.run, args=(stop,), name=worker.service.name) for worker in workers]
    threads.append(threading.Thread(target=server.run, name="internal", daemon=True))
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads[:-1]:
        thread.join(timeout=10)
    server.close()
    runtime.close()


def listening_address(internal_url: str) -> str:
    """`host:port` of the address at which services reach each other."""
    parts = urlsplit(internal_url)
    return f"{parts.hostname}:{parts.port or 8001}"
