"""REST for machines, under /api/v1. Whoever has an order's secret may see and cancel it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Flask, request
from flask_smorest import Blueprint

from services.ticket import api_door, api_holders, views
from services.ticket.domain.errors import VoucherUnknown
from services.ticket.domain.voucher import prices_of, tidy_code
from services.ticket.handlers import OrderWish, cancel_order, place_order
from services.ticket.handlers.redeeming import count_guess, look_up_for
from services.ticket.schemas import (
    CancellationRequest,
    ConferencePage,
    ConferenceSchema,
    OrderPlaced,
    OrderRequest,
    OrderSchema,
    PriceRequest,
    PricesSchema,
)
from services.ticket.schemas_door import (
    CountSchema,
    FrameRequest,
    FrameSchema,
    GuestsSchema,
    OfflineListSchema,
    PointRequest,
    ScanRequest,
    ScansRequest,
    SearchRequest,
    UndoneSchema,
    UndoRequest,
    VerdictSchema,
    VerdictsSchema,
)
from services.ticket.schemas_holders import (
    DataSchema,
    HandedOnSchema,
    HeldAdmissionSchema,
    HolderRequest,
    NameRequest,
)
from services.ticket.store import conferences
from services.ticket.web import bearer, client, desk, order_by_secret, payment_link
from shared.errors import InvalidInput
from shared.money import total
from shared.web.rest import Problem, create_api

LONGEST_KEY = 200
SECRET = {
    "in": "header",
    "name": "Authorization",
    "required": False,
    "description": "`Bearer <secret>` of the order; `?secret=` does as well",
    "schema": {"type": "string"},
}
HOLDER = {**SECRET, "description": "`Bearer <secret>` of the holder's link or of the order; `?secret=` does as well"}
PASS = {**SECRET, "description": "`Bearer <pass>`: the last part of the address in a helper's QR code"}
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "the same key and body within 24 hours give the same answer; what was refused can be tried again",
    "schema": {"type": "string", "maxLength": LONGEST_KEY, "pattern": "^[\\x20-\\x7e]*$"},
}


def install(app: Flask) -> None:
    api = create_api(app, "Stagedoor tickets")
    api.register_blueprint(make_blueprint())


def make_blueprint() -> Any:
    """The routes as one table."""
    table = Blueprint("api", __name__, url_prefix="/api/v1", description="Conferences and orders")
    refused = [400, 404, 409, 410, 422, 429, 503]

    def route(rule: str, method: str, view: Any, answer: Any, status: int = 200, doc: Any = None) -> None:
        for code in refused:
            view = table.alt_response(code, schema=Problem, content_type="application/problem+json")(view)
        view = table.response(status, answer())(view)
        if doc:
            view = table.doc(parameters=doc)(view)
        table.route(rule, methods=[method])(view)

    route("/conferences", "GET", list_conferences, ConferencePage)
    route("/conferences/<slug>", "GET", show_conference, ConferenceSchema)
    route("/conferences/<slug>/orders", "POST", table.arguments(OrderRequest())(create_order), OrderPlaced, 201, [KEY])
    route("/conferences/<slug>/prices", "POST", table.arguments(PriceRequest())(ask_prices), PricesSchema)
    route("/orders/<reference>", "GET", show_order, OrderSchema, 200, [SECRET])
    route(
        "/orders/<reference>/cancellation",
        "POST",
        table.arguments(CancellationRequest(), required=False)(cancel),
        OrderSchema,
        200,
        [SECRET],
    )
    at = "/admissions/<admission_id>"
    rename = table.arguments(NameRequest())(api_holders.change_admission)
    transfer = table.arguments(HolderRequest())(api_holders.transfer)
    route(at, "GET", api_holders.show_admission, HeldAdmissionSchema, 200, [HOLDER])
    route(at, "PATCH", rename, HeldAdmissionSchema, 200, [HOLDER])
    route(f"{at}/transfer", "POST", transfer, HandedOnSchema, 200, [HOLDER])
    route(f"{at}/resend", "POST", api_holders.resend, HandedOnSchema, 200, [HOLDER])
    route(f"{at}/data", "GET", api_holders.show_data, DataSchema, 200, [HOLDER])
    door = "/door"
    many = table.arguments(ScansRequest())(api_door.check_in_many)
    guests = table.arguments(SearchRequest(), location="query")(api_door.find_guests)
    listed = table.arguments(PointRequest(), location="query")(api_door.offline_list)
    frame = table.arguments(FrameRequest(), location="query")(api_door.read_frame)
    route(f"{door}/scans", "POST", table.arguments(ScanRequest())(api_door.check_in), VerdictSchema, 200, [PASS])
    route(f"{door}/scans/batch", "POST", many, VerdictsSchema, 200, [PASS])
    route(f"{door}/undo", "POST", table.arguments(UndoRequest())(api_door.undo), UndoneSchema, 200, [PASS])
    route(
        f"{door}/count",
        "GET",
        table.arguments(PointRequest(), location="query")(api_door.show_count),
        CountSchema,
        200,
        [PASS],
    )
    route(f"{door}/guests", "GET", guests, GuestsSchema, 200, [PASS])
    route(f"{door}/list", "GET", listed, OfflineListSchema, 200, [PASS])
    route(f"{door}/frame", "POST", frame, FrameSchema, 200, [PASS])
    return table


def list_conferences() -> dict[str, Any]:
    """All conferences, by the day on which doors open."""
    with desk().context.database.reading() as connection:
        return {"items": conferences.list_conferences(connection), "next": None}


def show_conference(slug: str) -> dict[str, Any]:
    """A conference with its ladders, prices, and what is left."""
    with desk().context.database.reading() as connection:
        return views.shop(connection, slug, desk().now).as_json()


def create_order(wish: OrderWish, slug: str) -> dict[str, Any]:
    """Hold tickets at the price that is open now for 30 minutes. A free order is paid at once."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidInput(f"An Idempotency-Key has at most {LONGEST_KEY} printable ASCII characters.")
    wish = replace(wish, client=client())
    placed = place_order(desk().context.database, slug, wish, key, hashlib.sha256(request.get_data()).hexdigest())
    held = placed.status == "held"
    return {
        "reference": placed.reference,
        "secret": placed.secret,
        "status": placed.status,
        "total": placed.total,
        "hold_expires_at": placed.hold_expires_at,
        "payment_url": payment_link(desk().base_url, placed.reference, placed.secret) if held else None,
    }


def ask_prices(wish: dict[str, Any], slug: str) -> dict[str, Any]:
    """What attendees of these types would cost now, with a voucher or without: the `expected_total` of an order."""
    context, code = desk().context, tidy_code(wish["voucher"] or "")
    types = wish["admission_types"]
    with context.database.reading() as connection:
        shop = views.shop(connection, slug, desk().now)
    known = {offer.admission_type.code: offer.price for offer in shop.offers}
    voucher = None
    if code:
        try:
            with context.database.reading() as connection:
                voucher = look_up_for(connection, shop.conference.conference_id, code, types, desk().now, client())
        except VoucherUnknown:
            count_guess(context.database, slug, client(), code)
            raise
    shown = {offer.admission_type.code for offer in shop.shown} | ({voucher.lot.admission_type} if voucher else set())
    if unknown := [each for each in types if each not in shown]:
        raise InvalidInput("This conference has no such ticket.", errors={"admission_types": unknown})
    prices = prices_of(types, known, voucher, shop.conference.currency)
    return {"prices": prices, "total": total(prices, shop.conference.currency)}


def show_order(reference: str) -> dict[str, Any]:
    """An order by its secret."""
    return _order(order_by_secret(reference, bearer()), bearer(), desk().now)


def cancel(wish: dict[str, Any] | None, reference: str) -> dict[str, Any]:
    """Give an order back, or some of its tickets: a held one is let go; of a paid one goes back what the conference promises."""
    order_id = order_by_secret(reference, bearer())
    cancel_order(desk().context.database, order_id, admission_ids=(wish or {}).get("admissions"))
    return _order(order_id, bearer(), desk().now)


def _order(order_id: str, secret: str, now: datetime) -> dict[str, Any]:
    with desk().context.database.reading() as connection:
        return views.order(connection, order_id).as_json(desk().base_url, secret, now)
