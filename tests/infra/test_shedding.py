"""Overload is said politely and in time, to whom it concerns, and never to Stripe or to who asks whether we live."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from werkzeug.test import Client, TestResponse

from infra.local_server import LOOPBACK, free_ports
from infra.shedding import ALWAYS, RETRY_AFTER, Shedding

CALM, BUSY = 10, 11


def application(_environ: object, start_response: object) -> list[bytes]:
    assert callable(start_response)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def got(path: str, waiting: int, language: str = "en") -> TestResponse:
    client = Client(Shedding(application, lambda: waiting, most=CALM))
    return client.get(path, headers={"Accept-Language": language})


def test_nobody_is_turned_away_while_it_is_calm() -> None:
    assert got("/searchlight/", CALM).status_code == 200


@pytest.mark.parametrize("path", ALWAYS)
def test_what_stripe_says_and_who_asks_whether_we_live_is_always_heard(path: str) -> None:
    assert got(path, BUSY).status_code == 200


def test_a_machine_gets_a_problem_and_a_person_a_page_in_their_language() -> None:
    problem = got("/api/v1/conferences", BUSY)
    assert (problem.status_code, problem.mimetype) == (503, "application/problem+json")
    assert RETRY_AFTER[0] <= int(problem.headers["Retry-After"]) <= RETRY_AFTER[1]
    page = got("/searchlight/", BUSY, "de-DE,de;q=0.9")
    assert (page.status_code, page.headers["Content-Language"]) == (503, "de")
    assert "Nichts wurde geändert" in page.text and 'lang="de"' in page.text


@pytest.fixture
def slow_server() -> Iterator[str]:
    """gunicorn with one thread, an application that takes 0.2 s, and room for two to wait."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}", "--workers", "1", "--threads", "1"]
    command += ["--worker-class", "gthread", "--no-control-socket", "--config", "python:tests.infra.slow"]
    server = subprocess.Popen([*command, "tests.infra.slow:application"], stderr=subprocess.DEVNULL)
    address = f"http://{LOOPBACK}:{port}/"
    for _ in range(200):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            break
        except OSError:
            time.sleep(0.05)
    yield address
    server.terminate()
    server.wait(20)


def test_a_crowd_is_answered_at_once_and_those_within_the_limit_are_served(slow_server: str) -> None:
    answers: list[tuple[int, float]] = []

    def ask() -> None:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(slow_server, timeout=30) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        answers.append((status, time.monotonic() - began))

    crowd = [threading.Thread(target=ask) for _ in range(20)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    statuses = [status for status, _ in answers]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) < 10, "who waited behind two others was told so"
