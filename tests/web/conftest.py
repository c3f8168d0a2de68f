"""A small service with pages of its own, around a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, jsonify, render_template_string, request

from shared.clock import SimulatedClock
from shared.config import load
from shared.errors import Conflict, InvalidInput, Unavailable
from shared.ids import seeded_ids
from shared.log import open_log
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, safe_next
from shared.web.staff import Staff, sign, staff_only

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def make_runtime(home: Path, **settings: str) -> Runtime:
    environ = {"STAGEDOOR_HOME": str(home), "STAGEDOOR_SECRET": "a secret of tests", **settings}
    read = load(environ)
    return Runtime(settings=read, clock=SimulatedClock(NOW), ids=seeded_ids(1), log=open_log(read.log_at))


def make_app(runtime: Runtime) -> Flask:
    service = Service("console", sa.MetaData(), "tests.web.no_migrations")
    app = create_base_app(service, runtime, __name__)

    @app.get("/greeting")
    def greeting() -> str:
        return render_template_string(
            "{% extends 'page.html' %}{% block content %}<h1>{{ _('Sign in') }}</h1>"
            "<form method='post'><input name='csrf_token' value='{{ csrf_token() }}'></form>{% endblock %}"
        )

    @app.post("/greeting")
    def greeted() -> str:
        return "hello " + request.form.get("name", "")

    @app.get("/sold-out", endpoint="page-sold-out")
    @app.get("/api/v1/sold-out")
    def sold_out() -> str:
        raise Conflict("Two are left at this price.", left=2)

    @app.get("/api/v1/wrong")
    def wrong() -> str:
        raise InvalidInput("Some values are wrong.", errors={"email": ["no address"]})

    @app.get("/away")
    def away() -> str:
        raise Unavailable("The database at 10.0.0.7 cannot be reached.")

    @app.get("/accident")
    def accident() -> str:
        raise RuntimeError("a secret detail")

    @app.get("/teapot")
    def teapot() -> str:
        abort(418)

    @app.get("/go")
    def go() -> Response:
        return jsonify(to=safe_next(request.args.get("next")))

    @app.route("/staff-only/<conference_id>", methods=["GET", "POST"])
    @staff_only("organiser")
    def organising(conference_id: str) -> str:
        return render_template_string("{% extends 'staff.html' %}{% block content %}{{ _('Sign out') }}{% endblock %}")

    return app


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return make_runtime(tmp_path)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return make_app(runtime)


def sign_in(app: Flask, runtime: Runtime, roles: dict[str, list[str]]) -> str:
    """The staff cookie's value."""
    return sign(runtime.signer("staff"), Staff("stf_1", roles), NOW)
