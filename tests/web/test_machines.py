"""What machines meet: the REST frame, and the way between services."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_smorest import Blueprint

from shared.database.frame import frame_tables
from shared.errors import Gone, NotFound, Unauthorized
from shared.internal import InternalClient, wsgi_transport
from shared.money import Money
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_internal_app
from shared.web.rest import create_api, money_field


class Wanted(ma.Schema):
    email = ma.fields.Email(required=True)
    total = money_field(required=True)


def make_blueprint() -> Any:
    blueprint = Blueprint("orders", __name__, url_prefix="/api/v1")

    @blueprint.route("/orders", methods=["POST"])
    @blueprint.arguments(Wanted)
    @blueprint.response(201, Wanted)
    def order(wanted: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(wanted["total"], Money)
        return {**wanted, "total": wanted["total"] + Money(100, "EUR")}

    return blueprint


@pytest.fixture
def shop(app: Flask) -> Flask:
    create_api(app, "A shop").register_blueprint(make_blueprint())
    return app


def test_money_comes_and_goes_in_minor_units(shop: Flask) -> None:
    body = {"email": "ada@example.org", "total": {"amount": 19900, "currency": "EUR"}}
    answer = shop.test_client().post("/api/v1/orders", json=body)
    assert answer.status_code == 201 and answer.json["total"] == {"amount": 20000, "currency": "EUR"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no", "total": {"amount": 1, "currency": "EUR"}}, "email"),
        ({"email": "a@example.org", "total": {"amount": 1.5, "currency": "EUR"}}, "total.amount"),
        ({"email": "a@example.org", "total": {"amount": 1, "currency": "euro"}}, "total.currency"),
        ({"email": "a@example.org"}, "total"),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_the_field(shop: Flask, body: dict[str, Any], field: str) -> None:
    answer = shop.test_client().post("/api/v1/orders", json=body)
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert list(answer.json["errors"]) == [field]  # type: ignore[index]


def test_a_body_that_is_no_json_is_a_problem(shop: Flask) -> None:
    answer = shop.test_client().post("/api/v1/orders", data="{", content_type="application/json")
    assert answer.status_code == 400 and answer.mimetype == "application/problem+json"


def test_the_api_describes_itself(shop: Flask) -> None:
    described = shop.test_client().get("/api/v1/openapi.json").json
    assert described["openapi"] == "3.1.0" and "/api/v1/orders" in described["paths"]  # type: ignore[index]


def internal(runtime: Runtime) -> tuple[Flask, InternalClient]:
    service = Service("catering", sa.MetaData(), "tests.web.no_migrations")
    frame_tables(service.metadata)
    app = create_internal_app(service, runtime)

    @app.get("/internal/catering/people/<person>")
    def people(person: str) -> dict[str, str]:
        if person == "erased":
            raise Gone("This person was erased.")
        return {"name": person}

    return app, InternalClient("catering", runtime.signer("service"), runtime.clock, wsgi_transport(app))


def test_a_service_is_let_in_with_a_token_that_is_meant_for_the_other(runtime: Runtime) -> None:
    app, client = internal(runtime)
    assert client.get("/people/Ada") == {"name": "Ada"}
    with pytest.raises(Gone):
        client.get("/people/erased")
    with pytest.raises(NotFound):
        client.get("/nowhere")
    elsewhere = InternalClient("ticket", runtime.signer("service"), runtime.clock, wsgi_transport(app))
    with pytest.raises(Unauthorized):
        elsewhere.get("/people/Ada")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp5"])
def test_who_has_no_token_learns_nothing(runtime: Runtime, header: str) -> None:
    app, _client = internal(runtime)
    for path in ("/internal/catering/people/Ada", "/internal/ticket/people/Ada", "/internal/nowhere"):
        answer = app.test_client().get(path, headers={"Authorization": header})
        assert answer.status_code == 401 and answer.mimetype == "application/problem+json"


def test_a_staff_token_is_no_service_token(runtime: Runtime) -> None:
    app, _client = internal(runtime)
    token = runtime.signer("staff").sign({"to": "catering", "id": "stf_1", "roles": {}})
    assert (
        app.test_client().get("/internal/catering/people/Ada", headers={"Authorization": f"Bearer {token}"}).status_code
        == 401
    )
