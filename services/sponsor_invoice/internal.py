"""What the other services ask: people, mails, forgetting, and the figures of a conference."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Connection, Row

from services.sponsor_invoice import handlers, store, views
from services.sponsor_invoice import owed as owed_store
from services.sponsor_invoice.domain.aging import days_overdue
from services.sponsor_invoice.owed import Owed
from services.sponsor_invoice.store import PERSON
from shared.clock import Clock
from shared.database import Database
from shared.errors import Gone, InvalidInput, NotFound, Unavailable
from shared.money import Money

MOST_PEOPLE = 500


def blueprint(database: Database, clock: Clock) -> Blueprint:
    """Routes under `/internal/sponsor_invoice`."""
    routes = Blueprint("sponsor_invoice", __name__, url_prefix="/internal/sponsor_invoice")

    @routes.post("/people")
    def people() -> dict[str, Any]:
        """`{"ids": ["per_...", at most 500]}` -> `{"people": {"per_...": {"name", "email", "locale"} or null}}`."""
        ids = _ids()
        with database.reading() as connection:
            known = store.load_people(connection, {id.removeprefix(PERSON) for id in ids})
        found = {id: known.get(id.removeprefix(PERSON)) for id in ids}
        return {
            "people": {
                id: {"name": person.name, "email": person.email, "locale": person.locale} if person else None
                for id, person in found.items()
            }
        }

    @routes.post("/mail")
    def mail() -> dict[str, Any]:
        """`{"kind": "invoice" or "reminder", "subject": "inv_..."}` -> facts, links, attachments.

        410 when there is nothing to write any more (paid, cancelled, written off); 503 while the sheet is being set.
        """
        asked = request.get_json()
        kind, invoice_id = asked.get("kind"), str(asked.get("subject", ""))
        if kind not in ("invoice", "reminder"):
            raise NotFound(f"There is no mail of the kind {kind!r} here.")
        with database.reading() as connection:
            owed = owed_store.load(connection, invoice_id)
            row = owed_store.invoice_row(connection, invoice_id)
            facts = _facts(connection, owed, row)
            if kind == "reminder":
                facts |= _reminder_facts(owed, clock)
            elif owed.receivable.state == "cancelled":
                raise Gone("This invoice was cancelled.")
            sheet = views.document(connection, invoice_id)
        if sheet is None:
            raise Unavailable("The sheet of this invoice is being set.")
        attachment = {
            "filename": f"{owed.invoice.number}.pdf",
            "content_type": "application/pdf",
            "base64": base64.b64encode(sheet).decode(),
        }
        return {"facts": facts, "links": {}, "attachments": [attachment]}

    @routes.post("/erase")
    def erase() -> dict[str, Any]:
        """`{"ids": [...]}` -> how many were here. Each is said as PersonErased."""
        ids = _ids()
        with database.transaction() as tx:
            return {"erased": handlers.erase_people(tx, ids)}

    @routes.get("/conferences/<conference_id>")
    def conference(conference_id: str) -> dict[str, Any]:
        """Counts: issued, paid, overdue_reminders, uncollected; `ledger_sum` in minor units."""
        with database.reading() as connection:
            counts = views.summary(connection, conference_id)
            return {**counts, "ledger_sum": views.ledger_sum(connection)}

    return routes


def _facts(connection: Connection, owed: Owed, row: Row[Any]) -> dict[str, Any]:
    invoice, seller = owed.invoice, row.sheet["seller"]
    conference = store.conference(connection, invoice.conference_id)
    return {
        "conference": conference.name,
        "sponsor": invoice.sponsor,
        "number": invoice.number,
        "total": _money(invoice.total),
        "open": _money(owed.receivable.open),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "seller": seller["name"],
        "payee": seller["bank"]["holder"],
        "iban": seller["bank"]["iban"],
        "bic": seller["bank"]["bic"],
        "payment_reference": invoice.payment_reference,
    }


def _reminder_facts(owed: Owed, clock: Clock) -> dict[str, Any]:
    released = [step.stage for step in owed.dunning.reminders if step.state == "released"]
    if owed.dunning.ended or not owed.receivable.open or not released:
        raise Gone("Nothing of this invoice is to be reminded of.")
    return {
        "stage": str(released[-1]),
        "days_overdue": str(days_overdue(owed.invoice.due_on, owed.today(clock.now()))),
    }


def _money(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}


def _ids() -> list[str]:
    asked = request.get_json()
    ids = asked.get("ids") if isinstance(asked, dict) else None
    if not isinstance(ids, list) or len(ids) > MOST_PEOPLE or not all(isinstance(id, str) for id in ids):
        raise InvalidInput(f"Ask for a list of at most {MOST_PEOPLE} ids.")
    return ids
