"""The fake on a port: a threaded server, and one thread that delivers what is due."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from infra.fake_stripe.desk import FakeStripe, desk

logger = logging.getLogger(__name__)

LONGEST_NAP = 0.5
"""Seconds between two looks at the clock: another process with the same file may have queued something."""


class _Handler(WSGIRequestHandler):
    """Keeps connections, as Stripe does. Writes no line per request: an address may hold a session's id."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        logger.debug("%s %s", code, self.path.split("?")[0])

    def log_error(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


class Server:
    """Serves an app of `create_app` on loopback until `stop`. Threads begin in `start`, never before."""

    def __init__(self, app: Flask, port: int = 0, host: str = "127.0.0.1") -> None:
        """Binds the port (0: a free one); OSError if it is in use."""
        self._fake = desk(app)
        # Bound here, because make_server would end the process if the port is taken.
        with socket.create_server((host, port), backlog=128) as bound:
            port = bound.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                host, port, app, threaded=True, request_handler=_Handler, fd=bound.fileno()
            )
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.url = f"http://{host}:{port}"

    def start(self) -> None:
        for target in (self._server.serve_forever, self._deliver):
            thread = threading.Thread(target=target, name=f"fake-stripe-{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Take no more requests, finish the delivery under way, close the file."""
        self._ended.set()
        self._fake.wake.set()
        if self._threads:
            self._server.shutdown()
        for thread in self._threads:
            thread.join(30)
        self._server.server_close()
        self._fake.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _deliver(self) -> None:
        while not self._ended.is_set():
            self._fake.wake.clear()
            try:
                tried = self._fake.deliver_due()
                nap = _nap(self._fake)
            except Exception:
                # A full disk or a broken transport must not end deliveries for ever.
                logger.exception("could not deliver; trying again")
                tried, nap = 0, LONGEST_NAP
            if not tried and not self._ended.is_set():
                self._fake.wake.wait(nap)


def _nap(fake: FakeStripe) -> float:
    due = fake.next_due_at()
    if due is None:
        return LONGEST_NAP
    return min(LONGEST_NAP, max(timedelta(0), due - fake.config.clock.now()).total_seconds())
