"""`stagedoor worker`, but mails wait until SIGUSR1: they are queued while propagation is measured, and sent after."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from infra import work as program
from infra.services import NAMES, module
from shared import logs
from shared.runtime import Runtime
from shared.worker import Worker


class _Held:
    """The notification service's composition, its errands held until the gate opens."""

    def __init__(self, gate: threading.Event) -> None:
        self._gate = gate
        self.create_internal = module("notification").create_internal

    def create_worker(self, runtime: Runtime) -> Worker:
        worker: Worker = module("notification").create_worker(runtime)
        for part in worker.parts:
            if part.name.startswith("errands"):
                part.step = self._when_open(part.step)
        return worker

    def _when_open(self, step: Callable[[], int]) -> Callable[[], int]:
        return lambda: step() if self._gate.is_set() else 0


def main(listen: str, apart: bool) -> int:
    gate = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: gate.set())
    held = _Held(gate)
    found: Callable[[str], Any] = lambda name: held if name == "notification" else module(name)  # noqa: E731
    vars(program)["module"] = found
    runtime = Runtime.from_environment()
    logs.configure(runtime.settings.log_level)
    return program.work(runtime, NAMES, listen, apart)


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--listen") + 1], "--apart" in sys.argv))
