"""REST for machines: flask-smorest with this project's errors and money."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Flask, Response

from shared.money import Money
from shared.web import problems


class Problem(ma.Schema):
    """RFC 9457 problem details, with the facts of the error beside them."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(metadata={"description": "urn:stagedoor:<code>; the code is stable"})
    title = ma.fields.String()
    status = ma.fields.Integer()
    detail = ma.fields.String(metadata={"description": "what happened and what to do"})
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))


class MoneySchema(ma.Schema):
    """`{"amount": 19900, "currency": "EUR"}` outside, a `Money` in Python."""

    amount = ma.fields.Integer(required=True, strict=True, metadata={"description": "minor units (cents)"})
    currency = ma.fields.String(required=True, validate=ma.validate.Regexp(r"^[A-Z]{3}$"))

    @ma.post_load
    def made(self, data: dict[str, Any], **_options: Any) -> Money:
        return Money(**data)


def money_field(**options: Any) -> ma.fields.Nested:
    """A field that holds money."""
    return ma.fields.Nested(MoneySchema, **options)


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Errors become answers in `shared.web.problems`, here as everywhere."""

    ERROR_SCHEMA = Problem

    def handle_http_exception(self, error: Any) -> Response:
        return problems.respond(error, as_json=problems.wants_json())

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Machines bring no cookies, so their requests need no CSRF token: no view here may trust a cookie."""
        super().register_blueprint(blueprint, **options)
        self._app.extensions["csrf"].exempt(blueprint)


def create_api(app: Flask, title: str, version: str = "v1", prefix: str = "/api/v1") -> Api:
    """An API whose description is at `<prefix>/openapi.json`; add to it with `register_blueprint`."""
    app.config.update(
        API_TITLE=title,
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=prefix,
        OPENAPI_JSON_PATH="openapi.json",
    )
    return Api(app)
