"""What the other services, and a rehearsal, may ask notification: its people, erasure, how many mails there are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from services.notification import people, store
from services.notification.counting import count_mails
from shared.database import Database
from shared.errors import InvalidInput
from shared.events import PersonErased

MOST_IDS = 500
PREFIX = "notification:"


def make_blueprint(database: Database) -> Blueprint:
    routes = Blueprint("internal", __name__, url_prefix="/internal/notification")

    @routes.post("/people")
    def find_people() -> dict[str, Any]:
        """`{"ids": [...]}` -> name, email and locale of each; null for who is unknown or erased."""
        ids = _ids()
        with database.reading() as connection:
            found = people.find_people(connection, [_bare(each) for each in ids])
        return {"people": {each: found[_bare(each)] for each in ids}}

    @routes.post("/erase")
    def erase() -> dict[str, Any]:
        """`{"ids": [...]}` -> those who were known and are forgotten, with their consents and their letters."""
        with database.transaction() as tx:
            known = people.erase(tx, [_bare(each) for each in _ids()])
            for person_id in known:
                store.forget_letters_to(tx, PREFIX + person_id)
            tx.publish(*(PersonErased(person=PREFIX + person_id) for person_id in known))
        return {"erased": known}

    @routes.get("/conferences/<conference_id>/mails")
    def mails(conference_id: str) -> dict[str, Any]:
        """`mails` sent by rule, `doubled` (keys of the ledger mailed twice by themselves), `states` of all messages."""
        with database.reading() as connection:
            return count_mails(connection, conference_id)

    return routes


def _ids() -> list[str]:
    body = request.get_json(silent=True)
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(isinstance(each, str) for each in ids):
        raise InvalidInput(f'Send {{"ids": [...]}} with at most {MOST_IDS} ids.')
    return ids


def _bare(person_id: str) -> str:
    return person_id.removeprefix(PREFIX)
