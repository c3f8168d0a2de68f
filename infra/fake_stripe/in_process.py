"""The fake without sockets: an HTTP client for the real `stripe` library that calls the WSGI app in this process.

    app = create_app(config)
    client = StripeClient("sk_test_x", base_addresses={"api": "http://stripe.invalid"}, http_client=WsgiHTTPClient(app))

The one module here that imports `stripe`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import stripe
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from infra.fake_stripe.app import FAULT_HEADER


class WsgiHTTPClient(stripe.HTTPClient):
    """Calls the app; a lost response or a refused connection is raised as `stripe.APIConnectionError`."""

    name = "wsgi"

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        data = post_data.encode() if isinstance(post_data, str) else post_data
        base, _, rest = url.partition("/v1/")
        builder = EnvironBuilder(
            method=method.upper(), base_url=base, path=f"/v1/{rest}", headers=Headers(dict(headers or {})), data=data
        )
        body, status, answered = run_wsgi_app(self._app, builder.get_environ(), buffered=True)
        fault = answered.get(FAULT_HEADER)
        if fault is not None:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"The connection closed without an answer ({fault}).", should_retry=True
            )
        text = b"".join(body).decode()
        # Headers look names up whatever their case, which is what the library expects of a mapping here.
        return text, int(status.split(" ", 1)[0]), cast(Mapping[str, str], answered)

    def _sleep_time_seconds(self, num_retries: int) -> float:
        """Nobody is at the other end who could need a pause."""
        return 0.0

    def close(self) -> None:
        """Nothing is open."""
