"""Everything the fake Stripe gets from outside."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.fake_stripe.dial import Dial
from shared.clock import Clock, SystemClock
from shared.ids import Ids, RandomIds

Transport = Callable[[str, bytes, Mapping[str, str]], int]
"""Posts a body to a URL with headers and returns the status; an OSError means that nobody answered."""

API_VERSION = "2026-10-28.endive"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Stripe counts a redirect as a failed delivery, so it is not followed."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def post_over_http(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The default transport, on loopback; a status that is not 2xx is returned, not raised."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with opener.open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@dataclass(frozen=True, kw_only=True)
class FakeStripeConfig:
    """`data` is a file or ':memory:'. `api_key` None takes every test key. No `webhook_url`: events, but no webhooks.

    `public_url` is where the payment page is reached, None: where the API was called. `seed` steers the dial's draws;
    with a simulated clock and seeded ids a run repeats exactly. `retry_after` are the seconds between a webhook's tries;
    after the last it is given up, as Stripe does after three days. `sleep` waits for `answer_delay_seconds`.
    """

    data: str = ":memory:"
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)
    seed: int = 0
    api_key: str | None = None
    webhook_url: str | None = None
    webhook_secret: str = "whsec_test_fake"
    webhook_types: frozenset[str] | None = None
    transport: Transport = post_over_http
    retry_after: tuple[float, ...] = (5, 30, 120, 600, 3600, 7200, 21600, 43200, 86400, 86400)
    public_url: str | None = None
    dial: Dial = field(default_factory=Dial)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("The fake Stripe takes test keys only: api_key must begin with sk_test_ or rk_test_.")
