"""`python -m infra.fake_stripe --port N --data FILE --webhook-url URL`: the fake as a process of its own.

Secrets come from the environment: STAGEDOOR_STRIPE_WEBHOOK_SECRET (needed with --webhook-url) and, if only one key shall
be taken, STAGEDOOR_STRIPE_API_KEY. It says `Fake Stripe is open at http://127.0.0.1:N` and ends on SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from infra.fake_stripe.app import create_app
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.serve import Server


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.fake_stripe", description="A stand-in for Stripe, for tests."
    )
    parser.add_argument("--port", type=int, required=True, help="port on loopback; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--data", required=True, help="SQLite file that keeps its state, or :memory:")
    parser.add_argument("--webhook-url", help="where webhooks go; none are sent without it")
    parser.add_argument("--public-url", help="where browsers reach the payment page, if not where the API is called")
    given = parser.parse_args(arguments)

    secret = os.environ.get("STAGEDOOR_STRIPE_WEBHOOK_SECRET", "")
    if given.webhook_url and not secret:
        return _refuse("--webhook-url needs a secret in STAGEDOOR_STRIPE_WEBHOOK_SECRET.")
    if given.data != ":memory:":
        Path(given.data).parent.mkdir(parents=True, exist_ok=True)
    try:
        config = FakeStripeConfig(
            data=given.data,
            api_key=os.environ.get("STAGEDOOR_STRIPE_API_KEY") or None,
            webhook_url=given.webhook_url,
            webhook_secret=secret or "whsec_unused",
            public_url=given.public_url,
        )
        server = Server(create_app(config), given.port, given.host)
    except ValueError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"Port {given.port} on {given.host} cannot be taken ({error}): choose another with --port.")

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with server:
        print(f"Fake Stripe is open at {server.url}", flush=True)
        ended.wait()
    return 0


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
