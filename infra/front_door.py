"""The front door of one machine: one address for people, the path decides which service answers.

`infra/proxy` says the same to the proxy of a cluster. What begins with `/internal` has no way in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from infra.services import NAMES, module, services
from shared.runtime import Runtime

PREFIXES = {
    "staff": "console",
    "feed": "console",
    "finance": "sponsor_invoice",
    "catering": "catering",
    "mail": "notification",
}
"""First part of the path -> service; every other path is the ticket service's."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FrontDoor:
    """A WSGI application over those of the services, which carry their prefixes themselves."""

    def __init__(self, runtime: Runtime, payments: Any = None) -> None:
        """`payments` replaces the ticket service's way to Stripe, for a stage."""
        self._runtime = runtime
        given: dict[str, dict[str, Any]] = {"ticket": {"payments": payments}}
        self.apps: dict[str, Any] = {name: module(name).create_app(runtime, **given.get(name, {})) for name in NAMES}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        first = environ.get("PATH_INFO", "/").split("/", 2)[1] if "/" in environ.get("PATH_INFO", "") else ""
        if first == "internal":
            return answer(start_response, "404 Not Found", b"There is nothing here.\n")
        if first == "readyz":
            return tell_readiness(self._runtime, NAMES, start_response)
        app: Wsgi = self.apps[PREFIXES.get(first, "ticket")]
        return app(environ, start_response)


def tell_readiness(runtime: Runtime, names: Sequence[str], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """200 when all these services can work, else 503 and why, a sentence a line."""
    problems = [sentence for service in services(names) for sentence in runtime.ready(service)]
    status = "503 Service Unavailable" if problems else "200 OK"
    return answer(start_response, status, ("\n".join(problems) or "ready").encode() + b"\n")


def answer(start_response: Callable[..., Any], status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
