"""The one place where errors become answers: RFC 9457 problem+json for machines, a page that says what to do for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from shared import trace
from shared.errors import StagedoorError, Unavailable
from shared.logs import get_logger
from shared.web.i18n import N_, gettext

logger = get_logger(__name__)

TITLES = {
    400: N_("This request cannot be understood"),
    401: N_("Please sign in"),
    403: N_("You may not do this"),
    404: N_("There is nothing here"),
    405: N_("This cannot be done here"),
    409: N_("It is not possible any more"),
    410: N_("This is over"),
    413: N_("This is too large"),
    415: N_("This form of data is not understood"),
    422: N_("Something is missing or wrong"),
    429: N_("Too many tries"),
    500: N_("Something went wrong on our side"),
    503: N_("We have to ask for a little patience"),
}
SENTENCES = {
    400: N_("The page may have been open for too long. Go back, load it again and send it once more."),
    404: N_("The address may be mistyped, or what was here is gone."),
    405: N_("Go back and use the button or form on the page."),
    413: N_("Send a smaller file."),
    500: N_("It has been logged and will be looked at. Please try again in a few minutes."),
    503: N_("A part we depend on does not answer at the moment. Please try again in a minute."),
}


def install(app: Flask, *, always_json: bool = False) -> None:
    """Answer every error of `shared.errors`, every HTTP error and every accident in one way."""

    def answer(error: Exception) -> Response:
        return respond(error, as_json=always_json or wants_json())

    app.register_error_handler(StagedoorError, answer)
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer)


def wants_json() -> bool:
    """Whether a machine asks: under /api and /internal always, elsewhere where JSON is preferred to a page."""
    if request.path == "/feed" or request.path.startswith(("/api/", "/internal/", "/feed/")):
        return True
    accepts = request.accept_mimetypes
    best = accepts.best_match(["text/html", "application/json", "application/problem+json"], default="text/html")
    return best != "text/html" and accepts[best] > accepts["text/html"]


def respond(error: Exception, *, as_json: bool) -> Response:
    """The answer to an error. What only operators should read is logged, not shown."""
    if isinstance(error, HTTPException) and error.response is not None:
        return cast(Response, error.response)
    problem = describe(error)
    status = problem["status"]
    if status >= 500:
        logger.error("request_failed", status=status, error=str(error), exc_info=not isinstance(error, Unavailable))
    body = json.dumps(problem, default=str) if as_json else _page(problem)
    response = Response(body, status, mimetype="application/problem+json" if as_json else "text/html")
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after", "www-authenticate"):
                response.headers[name] = value
    retry_after = problem.get("retry_after", 5 if status == 503 else None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def describe(error: Exception) -> dict[str, Any]:
    """An error as RFC 9457 members: type, title, status, detail, then its facts."""
    if isinstance(error, StagedoorError):
        status, code, facts = error.status, error.code, error.facts
        detail = gettext(str(error)) if status < 500 else gettext(SENTENCES.get(status, SENTENCES[500]))
    elif isinstance(error, HTTPException):
        status = error.code or 500
        code = HTTPStatus(status).phrase.lower().replace(" ", "_")
        data: Mapping[str, Any] = getattr(error, "data", None) or {}
        errors = data.get("errors") or data.get("messages")
        facts = {"errors": flatten(errors)} if errors else {}
        detail = str(data.get("message") or gettext(SENTENCES.get(status, error.description or "")))
    else:
        status, code, facts = 500, "internal", {}
        detail = gettext(SENTENCES[500])
    title = gettext(TITLES.get(status, HTTPStatus(status).phrase))
    members = {"type": f"urn:stagedoor:{code}", "title": title, "status": status, "detail": detail}
    return {**members, **{name: value for name, value in facts.items() if name not in members}}


def flatten(errors: Any, path: str = "") -> dict[str, list[str]]:
    """Nested validation messages as `{"attendees.0.email": ["..."]}`; where they were found (json, query) is left out."""
    if isinstance(errors, Mapping):
        found: dict[str, list[str]] = {}
        for name, inner in errors.items():
            part = "" if not path and name in ("json", "query", "form", "files", "headers") else str(name)
            found.update(flatten(inner, f"{path}.{part}".strip(".")))
        return found
    return {path: [str(sentence) for sentence in (errors if isinstance(errors, list) else [errors])]}


def _page(problem: Mapping[str, Any]) -> str:
    g.setdefault("language", "en")
    number = trace.current()[3:35] if problem["status"] >= 500 else ""
    return render_template("error.html", problem=problem, number=number)
