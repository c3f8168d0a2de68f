"""What gunicorn calls at the turns of its workers' lives."""

from __future__ import annotations

import os
from typing import Any

from infra import memory, shedding


def when_ready(_server: Any) -> None:
    """The application is composed, and no worker was forked yet."""
    memory.settle()


def child_exit(_server: Any, worker: Any) -> None:
    """Count the metrics of a worker that ended once, and not as one that still lives."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    """The worker has its application and its threads: from now on too many at once are turned away."""
    waiting = worker.tpool._work_queue.qsize  # gunicorn tells nobody else how many connections wait for a thread
    worker.wsgi = shedding.Shedding(worker.wsgi, waiting)
