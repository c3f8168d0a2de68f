"""Overload that says so: while more requests wait in a web process than it can answer in time, those whose turn comes get a 503.

They have waited longest, and a 503 costs next to nothing: the queue is short again at once, and who came later is served.

Without it each would wait until its browser gives up, and be worked on all the same. What Stripe says, and who asks whether we
live, is never turned away; nothing was changed for whoever is, and the browser keeps what was typed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import Any, Final

from prometheus_client import Counter

MOST_WAITING: Final = 300
"""At a hundred requests a second and process, these wait three seconds."""
ALWAYS: Final = ("/livez", "/readyz", "/metrics", "/stripe/webhook")
RETRY_AFTER: Final = (3, 9)
"""Seconds; drawn, so that those who were turned away do not come back together."""
SHED = Counter("stagedoor_web_shed", "Requests that were turned away because too many waited.")
WORDS: Final = {
    "en": ("Too many at once", "Very many people are here just now. Nothing was changed: please try again in a few seconds."),
    "de": (
        "Zu viele auf einmal",
        "Gerade sind sehr viele hier. Nichts wurde geändert: Bitte versuchen Sie es in ein paar Sekunden noch einmal.",
    ),
}  # fmt: skip


class Shedding:
    """Before an application; `waiting` says how many requests wait for a thread now."""

    def __init__(self, application: Any, waiting: Callable[[], int], most: int = MOST_WAITING) -> None:
        self._application = application
        self._waiting = waiting
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._waiting() <= self._most or environ.get("PATH_INFO", "") in ALWAYS:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        SHED.inc()
        return _turn_away(environ, start_response)


def _turn_away(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    language = "de" if str(environ.get("HTTP_ACCEPT_LANGUAGE", "")).lower().startswith("de") else "en"
    title, sentence = WORDS[language]
    if str(environ.get("PATH_INFO", "")).startswith("/api/"):
        kind = "application/problem+json"
        problem = {"type": "urn:stagedoor:unavailable", "title": title, "status": 503, "detail": sentence}
        body = json.dumps(problem, ensure_ascii=False).encode()
    else:
        kind = "text/html; charset=utf-8"
        head = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        size = '<meta name="viewport" content="width=device-width, initial-scale=1">'
        body = f"{head}{size}<main><h1>{title}</h1><p>{sentence}</p></main></html>".encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Content-Language", language),
        ("Retry-After", str(random.randint(*RETRY_AFTER))),
        ("Cache-Control", "no-store"),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]
