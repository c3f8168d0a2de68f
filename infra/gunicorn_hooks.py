"""What gunicorn calls at the turns of its workers' lives."""

from __future__ import annotations

import os
from typing import Any

from infra import memory


def when_ready(_server: Any) -> None:
    """The application is composed, and no worker was forked yet."""
    memory.settle()


def child_exit(_server: Any, worker: Any) -> None:
    """Count the metrics of a worker that ended once, and not as one that still lives."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
