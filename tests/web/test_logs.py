"""Logs: one JSON object a line, in the trace of the request, without what people typed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from shared import logs


@pytest.fixture
def as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_request_is_one_line_without_its_secrets(
    app: Flask, capsys: pytest.CaptureFixture[str], as_they_were: None
) -> None:
    logs.configure("info")
    trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
    app.test_client().get("/staff-only/con_secret?email=ada@example.org", headers={"traceparent": trace})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (request,) = [line for line in lines if line["event"] == "request"]
    assert request["route"] == "/staff-only/<conference_id>" and request["status"] == 302
    assert request["traceparent"] == trace and request["level"] == "info" and request["service"] == "console"
    assert all("ada@" not in json.dumps(line) and "con_secret" not in json.dumps(line) for line in lines)


def test_nothing_is_printed_until_a_process_asks_for_logs(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.test_client().get("/greeting")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")
