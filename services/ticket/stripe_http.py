"""Connections to Stripe that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3

TIMEOUT_SECONDS = 10


class Connections(stripe.HTTPClient):
    """By whatever proxy the environment named at the start. The library's own client reads
    the environment anew for each request, and takes three times as long."""

    name = "urllib3"

    def __init__(self, api_base: str) -> None:
        super().__init__()
        address = urlsplit(api_base)
        proxy = getproxies().get(address.scheme, "")
        settings: dict[str, Any] = {"ca_certs": stripe.ca_bundle_path, "timeout": TIMEOUT_SECONDS, "maxsize": 8}
        self._pool = (
            urllib3.ProxyManager(proxy, **settings)
            if proxy and not proxy_bypass(address.netloc)
            else urllib3.PoolManager(**settings)
        )

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        try:
            answer = self._pool.request(
                method.upper(), url, body=post_data, headers=headers, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise stripe.APIConnectionError(type(error).__name__, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.data.decode(), answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()
