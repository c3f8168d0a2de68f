"""Makes Flask applications: one for people and machines outside, one for the other services."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import js_lib_htmx  # type: ignore[import-untyped]
from flask import Flask, Response, current_app, request, send_file
from jinja2 import ChoiceLoader, PackageLoader, StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import trace
from shared.errors import Unauthorized
from shared.runtime import Runtime
from shared.service import Service
from shared.web import forms, i18n, observe, operations, problems, security, staff

STATIC = Path(__file__).parent / "static"
HTMX = Path(next(iter(js_lib_htmx.__path__))) / "static" / "htmx" / "htmx.min.js"
MAX_BYTES = 2 * 1024 * 1024


def create_base_app(
    service: Service,
    runtime: Runtime,
    import_name: str,
    *,
    form_targets: Sequence[str] = (),
    max_bytes: int = MAX_BYTES,
) -> Flask:
    """An application with everything but its own routes.

    `import_name` is the service's `app` module: its `templates/` and `translations/de.po` are found from there. `form_targets` are
    origins outside that a form may lead to (a payment page); `max_bytes` is the largest request that is read.
    """
    app = _bare(service, runtime, import_name, max_bytes)
    app.jinja_loader = ChoiceLoader([cast(Any, app.jinja_loader), PackageLoader("shared.web")])
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=_asset, uses_fake_stripe=runtime.settings.uses_fake_stripe)
    app.add_url_rule("/static/htmx.js", "htmx", _htmx)
    problems.install(app)
    security.install(app, runtime.settings, form_targets)
    i18n.install(app)
    forms.install(app)
    staff.install(app)
    return app


def create_internal_app(service: Service, runtime: Runtime) -> Flask:
    """An application for the other services: each request needs a service token that is meant for this one.

    `/livez`, `/readyz` and `/metrics` need none. It is served on a port of its own and never through the front door.
    """
    app = _bare(service, runtime, __name__, 16 * MAX_BYTES)
    problems.install(app, always_json=True)
    signer, prefix = runtime.signer("service"), f"/internal/{service.name}"

    def needs_service_token() -> None:
        if not request.path.startswith("/internal"):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = signer.verify(token, runtime.clock.now()) if scheme == "Bearer" else {}
        if claims.get("to") != service.name or not request.path.startswith(prefix + "/"):
            raise Unauthorized("This is between services: a service token for this service is needed.")

    app.before_request(needs_service_token)
    operations.install(app, service, runtime)
    return app


def current_runtime() -> Runtime:
    """The runtime that the application at work was made with."""
    return cast(Runtime, current_app.extensions["stagedoor"])


def _bare(service: Service, runtime: Runtime, import_name: str, max_bytes: int) -> Flask:
    app = Flask(import_name, static_folder=str(STATIC), static_url_path="/static")
    app.extensions["stagedoor"] = runtime
    app.config.update(
        SECRET_KEY=hmac.new(runtime.settings.secret.encode(), b"stagedoor.session", hashlib.sha256).hexdigest(),
        MAX_CONTENT_LENGTH=max_bytes,
        MAX_FORM_MEMORY_SIZE=max_bytes,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if runtime.settings.trust_proxy == "yes":
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    inner = app.wsgi_app

    def traced(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with trace.joined(environ.get("HTTP_TRACEPARENT", "")):
            return inner(environ, start)

    app.wsgi_app = traced  # type: ignore[method-assign, assignment]
    observe.install(app, service, runtime)
    return app


def _htmx() -> Response:
    """htmx as its package brings it: no copy of it is kept here."""
    return send_file(HTMX, mimetype="text/javascript")


@cache
def _asset(name: str) -> str:
    """The address of a static file, with its fingerprint, so that a new version is seen at once."""
    path = HTMX if name == "htmx.js" else STATIC / name
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:10]}"
