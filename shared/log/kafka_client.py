"""What the parts of the Kafka log share: settings, the way errors are told, and clients that are kept for the next call."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import Corrupt, Unavailable

REQUEST_TIMEOUT_MS = 10_000


def settings(bootstrap: str, client_id: str) -> dict[str, Any]:
    """Settings of every client. `bootstrap` is `host:port[,host:port]`."""
    return {
        "bootstrap_servers": bootstrap.split(","),
        "client_id": client_id,
        "bootstrap_timeout_ms": 5_000,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "reconnect_backoff_max_ms": 1_000,
    }


@contextmanager
def reported(bootstrap: str) -> Iterator[None]:
    """Tell kafka-python's errors in our words: `Corrupt` for a position beyond the end, `Unavailable` for all else."""
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise Corrupt(
            f"A position lies beyond the end of its partition ({error}): the log is older than the database. "
            "Run `stagedoor recover`."
        ) from error
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka at {bootstrap} cannot be used now: {error or type(error).__name__}.") from error


class Kept:
    """Clients of one kind that are lent to one thread at a time and kept for the next; made where none is free.

    One that met an error is closed, so that the next call begins with a fresh connection. A fork's child makes its own.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._free: list[Any] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @contextmanager
    def lend(self, wanted: Callable[[Any], bool] = bool) -> Iterator[Any]:
        """A client for the block: one that is `wanted`, else another that is free, else a new one."""
        client = self._take(wanted) or self._make()
        try:
            yield client
        except BaseException:
            close_quietly(client)
            raise
        with self._lock:
            self._free.append(client)

    def _take(self, wanted: Callable[[Any], bool]) -> Any:
        if self._pid != os.getpid():
            self._pid, self._lock, self._free = os.getpid(), threading.Lock(), []
        with self._lock:
            if not self._free:
                return None
            best = next((index for index, client in enumerate(self._free) if wanted(client)), -1)
            return self._free.pop(best)

    def close(self) -> None:
        with self._lock:
            clients, self._free = self._free, []
        if self._pid == os.getpid():
            for client in clients:
                close_quietly(client)


def close_quietly(client: Any) -> None:
    """Closing says goodbye to a broker that may be away; what it says then is of no use to anybody."""
    with suppress(Exception):
        client.close()
