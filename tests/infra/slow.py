"""A web application that takes its time, under our own hooks, with room for two to wait: for tests of overload."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from infra import shedding
from infra.gunicorn_hooks import child_exit, when_ready

__all__ = ["application", "child_exit", "post_worker_init", "when_ready"]


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def post_worker_init(worker: Any) -> None:
    worker.wsgi = shedding.Shedding(worker.wsgi, worker.tpool._work_queue.qsize, most=2)
