"""The opening of one start, a process of its own so that what it loads is gone again: servers up, databases migrated, the
first demo, programs started, everything answering; then it says where."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException

from supervisor.xmlrpc import SupervisorTransport

from infra.services import is_prepared, module, prepare
from shared import logs
from shared.errors import StagedoorError, Unavailable
from shared.runtime import Runtime

PATIENCE = 90.0


def main(stack: str, port: int) -> int:
    """Returns 0 when everything answers."""
    logs.configure("critical")  # what is not up yet and the requests of a demo are no news: errors are said below
    runtime = Runtime.from_environment()
    try:
        if stack == "cluster":
            _say("Starting Kafka and PostgreSQL ...")
            _await_servers(runtime)
        names = os.environ["SUPERVISOR_PROGRAMS"].split()
        is_ready = is_prepared(runtime)
        is_first = not is_ready and _is_first(runtime)
        if not is_first:  # the fake Stripe keeps its own time: it must not look at the demo's past while that is played
            _start([name for name in names if name == "stripe"])
        if not is_ready:
            prepare(runtime)
        if is_first:
            _say("Making a demo conference, as if it had been on sale for some weeks ...")
            from infra.demo import play_demo

            play_demo(runtime)
        _start(names)
        _await(lambda: _answers(f"{runtime.settings.base_url}/readyz"), "the web server")
        if runtime.settings.uses_fake_stripe:
            _await(lambda: _answers(f"{runtime.settings.stripe_api}/livez"), "the fake Stripe")
        _await(lambda: _answers(f"{runtime.settings.internal_url}/livez"), "the worker")
        _banner(runtime)
        return 0
    except StagedoorError as error:
        print(f"Stagedoor cannot open: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        runtime.close()


def _await_servers(runtime: Runtime) -> None:
    from shared.database.schema import create_database

    def up() -> bool:
        try:
            create_database(runtime.settings.database_of("ticket"))
            runtime.log.create_topics([])
        except Unavailable:
            return False
        return True

    _await(up, "Kafka and PostgreSQL")


def _is_first(runtime: Runtime) -> bool:
    """Whether nothing was ever started here: the ticket service has no database yet."""
    from shared.database.schema import is_empty

    return is_empty(runtime.database(module("ticket").SERVICE))


def _start(names: list[str]) -> None:
    from xmlrpc.client import Fault, ServerProxy

    transport = SupervisorTransport(None, None, f"unix://{os.environ['SUPERVISOR_SOCKET']}")
    with closing(transport):
        server = ServerProxy("http://127.0.0.1", transport=transport)
        for name in ("stripe", "worker", "web"):
            if name in names:
                try:
                    server.supervisor.startProcess(name, False)
                except Fault as fault:
                    if "ALREADY_STARTED" not in fault.faultString:
                        raise Unavailable(f"{name} does not start: {fault.faultString}") from fault


def _await(ready: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise Unavailable(f"{what} does not answer after {PATIENCE:.0f} s")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except (OSError, HTTPException):
        return False


def _banner(runtime: Runtime) -> None:
    base = runtime.settings.base_url
    _say(f"Stagedoor is open at {base}")
    link = module("console").first_link(runtime)
    _say(f"  Staff:      {link or base + '/staff'}")
    if not runtime.settings.smtp_url:
        _say(f"  Mailbox:    {base}/mail/outbox")
    _say(f"  Event feed: {base}/feed")
    _say("Ctrl-C ends it; the next start goes on where it was.")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2])))
