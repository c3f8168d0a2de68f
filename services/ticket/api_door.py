"""REST for devices at the door: the bearer is a helper's pass, as it stands in their QR code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from flask import request

from services.ticket import doorkeeping
from services.ticket.domain.door import question_of
from services.ticket.domain.student import StudentCheck
from services.ticket.handlers.admitting import undo_check_in
from services.ticket.keys import code_of
from services.ticket.store import check_ins, conferences
from services.ticket.store.doors import DoorPass
from services.ticket.web import bearer, desk
from shared.errors import InvalidInput, NotFound
from shared.web.i18n import language

MOST_PIXELS: Final = 640 * 640
"""A picture of a code needs no more; a browser makes it smaller before it sends it."""


def check_in(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a scan; a green one lets the ticket in. The same `scan_id` again gets the same verdict."""
    helper = doorkeeping.helper_of(bearer())
    return _judge(helper, wish)


def check_in_many(wish: Mapping[str, Any]) -> dict[str, Any]:
    """What was scanned without network, in its order: each one is entered by itself, and none twice."""
    helper = doorkeeping.helper_of(bearer())
    return {"verdicts": [_judge(helper, each) for each in wish["scans"]]}


def undo(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Nobody went in after all."""
    helper = doorkeeping.helper_of(bearer())
    with desk().context.database.transaction(f"door:{helper.pass_id}") as tx:
        return {"scan_id": undo_check_in(tx, helper, wish["admission_id"], wish["point"])}


def show_count(query: Mapping[str, Any]) -> dict[str, Any]:
    """How many are in, of how many."""
    helper = _at(query["point"])
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        return doorkeeping.count(connection, conference, query["point"])


def find_guests(query: Mapping[str, Any]) -> dict[str, Any]:
    """Valid tickets by name, company or reference, at most 20."""
    helper = _at(query["point"])
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        found = check_ins.find_guests(connection, helper.conference_id, query["point"], query["search"])
    return {"items": [_guest(row, conference) for row in found]}


def offline_list(query: Mapping[str, Any]) -> dict[str, Any]:
    """All valid tickets with the hashes of their codes: names, but nothing that a ticket could be made of."""
    helper, salt = _at(query["point"]), desk().runtime.ids.secret()
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, helper.conference_id)
        rows = check_ins.all_guests(connection, helper.conference_id, query["point"])
        disputed = check_ins.disputed_orders(connection, helper.conference_id)
    items = []
    for row in rows:
        code = code_of(desk(), row.admission_id, row.generation)
        has_name = bool((row.name or "").strip())
        question = question_of(StudentCheck(row.student_check), has_name, row.order_id in disputed)
        items.append(
            {
                **_guest(row, conference),
                "code_hash": hashlib.sha256(f"{salt}{code}".encode()).hexdigest(),
                "question": str(question),
            }
        )
    return {
        "conference_id": conference.conference_id,
        "time_zone": conference.time_zone,
        "days": conference.days,
        "point": query["point"],
        "made_at": desk().now,
        "salt": salt,
        "items": items,
    }


def read_frame(query: Mapping[str, Any]) -> dict[str, Any]:
    """Find the QR code in a picture, sent as one byte of grey a pixel, row by row: for browsers that cannot themselves."""
    doorkeeping.helper_of(bearer())
    width, height = query["width"], query["height"]
    if width * height > MOST_PIXELS:
        raise InvalidInput(f"Send a smaller picture: at most {MOST_PIXELS} pixels.")
    body = request.get_data(cache=False)
    if len(body) != width * height:
        raise InvalidInput("Send one byte for each pixel, as many as width times height.")
    import zxingcpp  # a megabyte that only the door needs

    found = zxingcpp.read_barcodes(
        memoryview(body).cast("B", shape=(height, width)), zxingcpp.barcode_formats_from_str("QRCode")
    )
    return {"code": next((each.text for each in found if each.text), None)}


def _judge(helper: DoorPass, wish: Mapping[str, Any]) -> dict[str, Any]:
    judged = doorkeeping.judge_scan(
        helper,
        wish["scan_id"],
        wish["point"],
        code=wish.get("code", ""),
        admission_id=wish.get("admission_id", ""),
        scanned_at=wish.get("scanned_at"),
        answers=wish.get("answers"),
        let_in=wish["let_in"],
    )
    return doorkeeping.as_json(judged)


def _at(point: str) -> DoorPass:
    """The helper who asks, where this point is theirs. Raises `NotFound`."""
    helper = doorkeeping.helper_of(bearer())
    with desk().context.database.reading() as connection:
        if all(each.code != point for each in doorkeeping.points_for(connection, helper)):
            raise NotFound("Your pass has no such check-in point.")
    return helper


def _guest(row: Any, conference: Any) -> dict[str, Any]:
    return {
        "admission_id": row.admission_id,
        "admission_type": row.admission_type,
        "type_name": conference.admission_type(row.admission_type).name(language()),
        "reference": row.reference,
        "name": row.name or "",
        "company": row.company or "",
        "days": conference.days_of(row.admission_type),
        "checked_in_at": row.scanned_at,
    }
