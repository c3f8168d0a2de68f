"""The fake on a port: the real client over loopback, a shop that gets webhooks by HTTP, and the process itself."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from infra.fake_stripe.__main__ import main
from infra.fake_stripe.app import create_app
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.serve import Server
from shared.clock import SystemClock
from tests.fake_stripe.conftest import GOOD, SECRET

WAIT = 30
"""Seconds after which a test gives up; nothing is measured by it."""


def params(minutes: int = 31) -> Any:
    price = {"currency": "eur", "unit_amount": 29900, "product_data": {"name": "Regular"}}
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "http://127.0.0.1:9/paid",
        "cancel_url": "http://127.0.0.1:9/back",
        "expires_at": int((SystemClock().now() + timedelta(minutes=minutes)).timestamp()),
    }


def client(url: str, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_1", base_addresses={"api": url}, max_network_retries=retries)


def post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=WAIT) as answer:
        return json.loads(answer.read())


@contextmanager
def shop() -> Iterator[tuple[str, queue.Queue[tuple[bytes, str]]]]:
    """A shop's webhook address, and what arrived there; the first delivery is answered 500."""
    arrived: queue.Queue[tuple[bytes, str]] = queue.Queue()
    refused = threading.Event()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if refused.is_set() else 500)
            self.end_headers()
            if refused.is_set():
                arrived.put((body, self.headers["Stripe-Signature"]))
            refused.set()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", arrived
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_session_is_paid_over_http_and_the_shop_is_told_also_after_a_500(tmp_path: Path) -> None:
    with shop() as (hook, arrived):
        config = FakeStripeConfig(
            data=str(tmp_path / "stripe.db"), webhook_url=hook, webhook_secret=SECRET, retry_after=(0.05, 0.05)
        )
        with Server(create_app(config)) as server:
            session = client(server.url).v1.checkout.sessions.create(params())
            assert session.url == f"{server.url}/c/pay/{session.id}"
            post(f"{server.url}/test/sessions/{session.id}/pay", {"card": GOOD})
            events = [
                stripe.Webhook.construct_event(body, signature, SECRET)
                for body, signature in (arrived.get(timeout=WAIT) for _ in range(4))
            ]
    assert {event.type for event in events} == {
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    }  # fmt: skip


def test_a_lost_response_closes_the_connection_and_the_librarys_retry_finds_the_first_answer() -> None:
    with Server(create_app(FakeStripeConfig())) as server:
        post(f"{server.url}/test/dial", {"next_answers": ["lost_response"]})
        with pytest.raises(stripe.APIConnectionError):
            client(server.url).v1.checkout.sessions.create(params(), {"idempotency_key": "k1"})
        post(f"{server.url}/test/dial", {"next_answers": ["lost_response"]})
        made = client(server.url, retries=2).v1.checkout.sessions.create(params())
        listed = client(server.url).v1.checkout.sessions.list().data
        assert (len(listed), listed[0].id) == (2, made.id)
        post(f"{server.url}/test/dial", {"down": "refuse"})
        with pytest.raises(stripe.APIConnectionError):
            client(server.url).v1.checkout.sessions.list()


def test_many_clients_at_once_with_one_key_make_one_session_and_pay_it_once() -> None:
    with Server(create_app(FakeStripeConfig())) as server:
        asked = params()

        def create(_: int) -> str:
            made = client(server.url, retries=20).v1.checkout.sessions.create(asked, {"idempotency_key": "k1"})
            return made.id

        with ThreadPoolExecutor(8) as pool:
            (id,) = set(pool.map(create, range(16)))

        def pay(_: int) -> int:
            request = urllib.request.Request(
                f"{server.url}/test/sessions/{id}/pay",
                b'{"card": "4242424242424242"}',
                {"Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=WAIT) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(pay, range(8)))
        assert sorted(answers) == [200] + [400] * 7
        assert len(client(server.url).v1.charges.list().data) == 1


@contextmanager
def process(data: Path, *more: str, env: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m infra.fake_stripe` on a free port, and its address; ended at the end."""
    command = [sys.executable, "-m", "infra.fake_stripe", "--port", "0", "--data", str(data), *more]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | (env or {}))
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line.startswith("Fake Stripe is open at http://127.0.0.1:"), line
        yield running, line.split()[-1]
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def test_the_process_ends_cleanly_on_sigterm_and_remembers(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "stripe.db"
    with process(data) as (running, url):
        session = client(url).v1.checkout.sessions.create(params())
        running.send_signal(signal.SIGTERM)
        assert running.wait(WAIT) == 0
    with process(data) as (running, url):
        assert client(url).v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_process_killed_after_the_answer_has_lost_nothing(tmp_path: Path) -> None:
    data = tmp_path / "stripe.db"
    with process(data) as (running, url):
        made = client(url).v1.checkout.sessions.create(params(), {"idempotency_key": "k1"})
        running.kill()
        running.wait(WAIT)
    with sqlite3.connect(data) as connection:
        assert connection.execute("SELECT count(*) FROM objects").fetchone() == (1,)
    with process(data) as (running, url):
        assert [session.id for session in client(url).v1.checkout.sessions.list().data] == [made.id]


def test_a_bad_start_says_what_to_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGEDOOR_STRIPE_WEBHOOK_SECRET", raising=False)
    data = str(tmp_path / "stripe.db")
    assert main(["--port", "0", "--data", data, "--webhook-url", "http://127.0.0.1:9/"]) == 2
    assert "STAGEDOOR_STRIPE_WEBHOOK_SECRET" in capsys.readouterr().err
    monkeypatch.setenv("STAGEDOOR_STRIPE_API_KEY", "sk_live_1")
    assert main(["--port", "0", "--data", data]) == 2
    assert "test keys only" in capsys.readouterr().err
    monkeypatch.delenv("STAGEDOOR_STRIPE_API_KEY")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1]), "--data", data]) == 2
    assert "--port" in capsys.readouterr().err
