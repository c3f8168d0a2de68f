"""What other services, and a rehearsal, may ask catering: people, the order's mail, erasure, and where a conference stands."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from flask import Blueprint, request

from services.catering import counting, facts, kitchen, orderbook, sheets, store
from services.catering.facts import Conference
from services.catering.orderbook import Caterer
from shared.database import Database
from shared.errors import Gone, InvalidInput
from shared.runtime import Runtime

MOST_IDS = 500


def make_blueprint(runtime: Runtime, database: Database) -> Blueprint:
    blueprint = Blueprint("internal", __name__, url_prefix="/internal/catering")

    @blueprint.post("/people")
    def people() -> dict[str, Any]:
        """Name, address and language by id; null for who is unknown or erased."""
        ids = _ids()
        with database.reading() as connection:
            found = orderbook.load_people(connection, [_bare(id) for id in ids])
        return {"people": {id: _person(found.get(_bare(id))) for id in ids}}

    @blueprint.post("/erase")
    def erase() -> dict[str, Any]:
        ids = _ids()
        with database.transaction() as tx:
            kitchen.erase_people(tx, [_bare(id) for id in ids])
        return {"erased": ids}

    @blueprint.post("/mail")
    def mail() -> dict[str, Any]:
        """The newest sheet of an order: facts, the caterer's link, PDF and CSV. 410 where nobody is left to write to."""
        body = _body()
        if body.get("kind") != "meal_order":
            raise InvalidInput("Catering writes mails of the kind meal_order only.", kind=str(body.get("kind")))
        with database.reading() as connection:
            conference_id = orderbook.conference_of_order(connection, str(body.get("subject", "")))
            conference = facts.load_conference(connection, conference_id)
            order = orderbook.load_order(connection, conference_id)
            if order is None or conference.called_off:
                raise Gone("This order is void.", conference_id=conference_id)
            caterer = orderbook.load_caterer(connection, order)
            sheet = orderbook.newest_sheet(connection, order.order_id)
        pdf, csv = sheets.as_pdf(conference, sheet, caterer.locale), sheets.as_csv(conference, sheet, caterer.locale)
        return {
            "facts": sheets.as_facts(conference, sheet),
            "links": {"sheet": sheets.link(runtime, conference, order.order_id)},
            "attachments": [
                _attachment(sheets.file_name(conference, sheet, "pdf"), "application/pdf", pdf),
                _attachment(sheets.file_name(conference, sheet, "csv"), "text/csv", csv),
            ],
        }

    @blueprint.get("/conferences/<conference_id>")
    def conference(conference_id: str) -> dict[str, Any]:
        """Headcount now, the newest forecast, the order and the plates of each meal."""
        with database.reading() as connection:
            return _standing(connection, facts.load_conference(connection, conference_id), runtime)

    @blueprint.post("/conferences/<conference_id>/plan")
    def plan(conference_id: str) -> dict[str, Any]:
        """`series` and `excluded_editions`: what the forecast may learn from."""
        body = _body()
        excluded = body.get("excluded_editions", [])
        if not isinstance(excluded, list) or not all(isinstance(name, str) for name in excluded):
            raise InvalidInput("excluded_editions is a list of names.")
        with database.transaction() as tx:
            before = store.load_plan(tx.connection, conference_id)
            kitchen.plan_forecast(tx, conference_id, str(body.get("series", before.series)), excluded)
        return {"series": str(body.get("series", before.series)), "excluded_editions": excluded}

    @blueprint.post("/conferences/<conference_id>/caterer")
    def caterer(conference_id: str) -> dict[str, Any]:
        """`name`, `email`, `locale`: who gets the order."""
        body = _body()
        name, email = str(body.get("name", "")), str(body.get("email", ""))
        if not name or "@" not in email:
            raise InvalidInput("A caterer has a name and an e-mail address.")
        with database.transaction() as tx:
            kitchen.name_caterer(tx, conference_id, name, email, str(body.get("locale", "en")))
        return {"name": name}

    return blueprint


def _standing(connection: Any, conference: Conference, runtime: Runtime) -> dict[str, Any]:
    id = conference.conference_id
    headcount, order = counting.count(connection, id), orderbook.load_order(connection, id)
    made, now = store.last_forecast(connection, id), runtime.clock.now()
    expected = counting.expect(connection, conference, now)
    plates = counting.plates(connection, headcount, expected)
    return {
        "conference_id": id,
        "headcount": headcount.admissions,
        "forecast": {"at": sheets.iso(now), **asdict(expected)},
        "published": None if made is None else {"at": sheets.iso(made.forecast_at), **asdict(made.at_doors)},
        "meals": [
            {
                "meal_id": meal.meal_id,
                "name": meal.name,
                "serves_at": sheets.iso(meal.served_at),
                **asdict(headcount.of(meal.meal_id)),
                "take_rate": meal.take_rate,
                "expected_plates": plates[meal.meal_id],
                "ordered_plates": order.plates.get(meal.meal_id) if order is not None and order.is_locked else None,
            }
            for meal in store.list_meals(connection, id)
        ],
        "order": None
        if order is None
        else {
            "order_id": order.order_id,
            "status": order.status.value,
            "number": order.number,
            "deadline_at": sheets.iso(order.deadline_at),
            "headcount": order.headcount,
            "forecast": asdict(order.forecast),
            "plates": order.plates,
        },
    }


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.")
    return body


def _ids() -> list[str]:
    """Ids of people, with or without `catering:` before them."""
    ids = _body().get("ids")
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(isinstance(id, str) for id in ids):
        raise InvalidInput(f"ids is a list of at most {MOST_IDS} ids.")
    return ids


def _bare(id: str) -> str:
    return id.removeprefix("catering:")


def _person(caterer: Caterer | None) -> dict[str, str] | None:
    if caterer is None:
        return None
    return {"name": caterer.name, "email": caterer.email, "locale": caterer.locale}


def _attachment(filename: str, content_type: str, content: bytes) -> dict[str, str]:
    return {"filename": filename, "content_type": content_type, "base64": base64.b64encode(content).decode()}
