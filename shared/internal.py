"""How one service asks another: JSON over HTTP to `/internal/<service>`, with a short-lived signed service token.

Never inside a transaction, and never through the front door.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from shared import trace
from shared.clock import Clock
from shared.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound, StagedoorError, Unauthorized, Unavailable
from shared.identity import SERVICE_TOKEN, Signer

Transport = Callable[[str, str, bytes | None, Mapping[str, str]], tuple[int, bytes]]
"""(method, path, body, headers) -> (status, body). Raises `Unavailable` where nobody answers."""

_ERRORS: dict[int, type[StagedoorError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: InvalidInput,
}


class InternalClient:
    """Talks to one service as another one."""

    def __init__(self, service: str, signer: Signer, clock: Clock, transport: Transport) -> None:
        self._service = service
        self._signer = signer
        self._clock = clock
        self._transport = transport

    def get(self, path: str) -> dict[str, Any]:
        """The JSON at `/internal/<service><path>`. Raises as `post`."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON answer. Raises the error of `shared.errors` that the status stands for; `Unavailable` for 5xx and silence."""
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        token = self._signer.sign({"to": self._service}, self._clock.now() + SERVICE_TOKEN)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
        if trace.current():
            headers["traceparent"] = trace.current()
        status, answer = self._transport(method, f"/internal/{self._service}{path}", body, headers)
        if 200 <= status < 300:
            return dict(json.loads(answer)) if answer else {}
        error = _ERRORS.get(status, Unavailable if status >= 500 or status == 429 else InvalidInput)
        raise error(f"{self._service} answered {status} to {method} {path}.", status=status)


def http_transport(base_url: str, timeout: float = 10.0) -> Transport:
    """Over the network, to `base_url`."""

    def send(method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        request = urllib.request.Request(base_url + path, data=body, headers=dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            raise Unavailable(f"{base_url} does not answer: {error}") from error

    return send


def wsgi_transport(app: Any) -> Transport:
    """Into an application in this process, for rehearsals and tests."""

    def send(method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        from werkzeug.test import Client

        answer = Client(app).open(path, method=method, data=body, headers=dict(headers))
        return answer.status_code, answer.get_data()

    return send
