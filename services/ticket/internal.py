"""For the other services: who somebody is, what a mail says, forgetting people. And PDFs for our own web processes."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, Flask, request

from services.ticket import mail, views
from services.ticket.badges import as_facts, set_badges, set_guest_list
from services.ticket.domain.transfer import order_reference
from services.ticket.handlers import erase_people
from services.ticket.papers import document_pdf, receipt_pdf
from services.ticket.store import orders, transfers
from services.ticket.tickets import FORMATS, tickets_pdf
from services.ticket.web import desk
from shared.documents.reference import payment_reference
from shared.errors import Gone, InvalidInput
from shared.money import Money

MOST_IDS = 500


def install(app: Flask) -> None:
    table = Blueprint("ticket_internal", __name__, url_prefix="/internal/ticket")
    table.add_url_rule("/people", "people", people, methods=["POST"])
    table.add_url_rule("/bought", "bought", bought, methods=["POST"])
    table.add_url_rule("/mail", "mail", facts_of_mail, methods=["POST"])
    table.add_url_rule("/erase", "erase", erase, methods=["POST"])
    table.add_url_rule("/tickets", "tickets", tickets, methods=["POST"])
    table.add_url_rule("/documents", "documents", set_document, methods=["POST"])
    table.add_url_rule("/transfers", "open_transfers", open_transfers, methods=["POST"])
    table.add_url_rule("/badges", "badges", badges, methods=["POST"])
    table.add_url_rule("/guests", "guests", guest_list, methods=["POST"])
    app.register_blueprint(table)


def people() -> dict[str, Any]:
    """`{"ids": [...]}`, at most 500 -> name, email and locale of each; null for who is erased or unknown."""
    ids = _ids()
    with desk().context.database.reading() as connection:
        known = orders.people_by_id(connection, ids)
    found = {
        each: {"name": person.name, "email": person.email, "locale": person.locale}
        if (person := known.get(each))
        else None
        for each in ids
    }
    return {"people": found}


def bought() -> dict[str, Any]:
    """`{"conference_id": ..., "emails": [...]}`, at most 500 -> those of them that hold a paid order or admission there."""
    given = request.get_json() or {}
    emails = given.get("emails")
    if not isinstance(emails, list) or len(emails) > MOST_IDS or not all(isinstance(each, str) for each in emails):
        raise InvalidInput(f'Send {{"conference_id": ..., "emails": [...]}} with at most {MOST_IDS} addresses.')
    with desk().context.database.reading() as connection:
        known = orders.emails_of_paid(connection, str(given.get("conference_id", "")), {e.lower() for e in emails})
    return {"bought": [each for each in emails if each.lower() in known]}


def facts_of_mail() -> dict[str, Any]:
    """`{"kind": ..., "subject": id}` -> facts, links, attachments. 410 where the mail has lost its subject."""
    given = request.get_json()
    kind, subject = str(given.get("kind", "")), str(given.get("subject", ""))
    if kind not in mail.KINDS:
        raise InvalidInput(f"There is no mail of kind {kind!r}: there are {', '.join(sorted(mail.KINDS))}.")
    return mail.KINDS[kind](desk(), subject)


def open_transfers() -> dict[str, Any]:
    """`{"reference": ..., "amount": {...}, "name": ...}`, any of them -> orders that a transfer may still pay, at most 50.

    For the matching: a reference as it stands on the statement (ISO 11649 or bare), an amount to the cent, a part of a name.
    """
    given = request.get_json() or {}
    reference, name, amount = (given.get(each) for each in ("reference", "name", "amount"))
    try:
        money = Money(int(amount["amount"]), str(amount["currency"])) if amount else None
    except (TypeError, KeyError, ValueError):
        raise InvalidInput('An amount is {"amount": 19900, "currency": "EUR"}.') from None
    if not (reference or name or money):
        raise InvalidInput("Look for a reference, an amount or a name.")
    with desk().context.database.reading() as connection:
        rows = transfers.find_open(
            connection, reference=order_reference(str(reference or "")), amount=money, name=str(name or "").strip()
        )
    return {"orders": [_open_transfer(row) for row in rows]}


def _open_transfer(row: Any) -> dict[str, Any]:
    return {
        "order_id": row.order_id,
        "conference_id": row.conference_id,
        "reference": row.reference,
        "payment_reference": payment_reference(row.reference),
        "status": row.state,
        "total": {"amount": row.total, "currency": row.currency},
        "missing": {"amount": max(row.total - row.came, 0), "currency": row.currency},
        "pay_by": row.pay_by.isoformat() if row.pay_by else None,
        "buyer": row.name,
        "company": row.company,
    }


def badges() -> dict[str, Any]:
    """`{"conference_id": ..., "which": "all", "new" or an admission id, "language": "en"}` -> the PDF, and what is on it."""
    given = request.get_json() or {}
    with desk().context.database.reading() as connection:
        pdf, chosen = set_badges(
            connection, str(given.get("conference_id")), str(given.get("which", "all")), _language(given)
        )
    return {"base64": base64.b64encode(pdf).decode(), "printed": as_facts(chosen)}


def guest_list() -> dict[str, Any]:
    """`{"conference_id": ..., "language": "en"}` -> who comes, from A to Z, as PDF."""
    given = request.get_json() or {}
    with desk().context.database.reading() as connection:
        pdf = set_guest_list(connection, str(given.get("conference_id")), _language(given))
    return {"base64": base64.b64encode(pdf).decode()}


def _language(given: dict[str, Any]) -> str:
    return "de" if given.get("language") == "de" else "en"


def erase() -> dict[str, Any]:
    """`{"ids": [...]}` -> those who were known and are forgotten now."""
    with desk().context.database.transaction() as tx:
        return {"erased": erase_people(tx, _ids())}


def tickets() -> dict[str, Any]:
    """`{"order_id": ...}` or `{"admission_id": ...}`, and a `format` -> the PDF, base64. 410 where it admits nobody."""
    given = request.get_json()
    format = str(given.get("format") or FORMATS[0])
    if format not in FORMATS:
        raise InvalidInput(f"A ticket comes as {' or '.join(FORMATS)}.")
    admission_id, order_id = given.get("admission_id"), given.get("order_id")
    with desk().context.database.reading() as connection:
        if admission_id is not None:
            order_id = orders.order_of_admission(connection, str(admission_id))
        view = views.order(connection, str(order_id))
    seats = [each for each in view.order.admissions if admission_id is None or each.admission_id == admission_id]
    wanted = [each for each in seats if view.order.admits(each)]
    if not wanted:
        raise Gone("This order admits nobody.")
    return {"base64": base64.b64encode(tickets_pdf(desk(), view, wanted, format)).decode()}


def set_document() -> dict[str, Any]:
    """`{"document_id": ...}`, or `{"receipt_of": order id}` -> the PDF, base64. For our own pages: it sets type."""
    given = request.get_json()
    if document_id := given.get("document_id"):
        pdf = document_pdf(desk(), str(document_id))
    else:
        with desk().context.database.reading() as connection:
            view = views.order(connection, str(given.get("receipt_of", "")))
        pdf = receipt_pdf(view)
    return {"base64": base64.b64encode(pdf).decode()}


def _ids() -> list[str]:
    ids = (request.get_json() or {}).get("ids")
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(isinstance(each, str) for each in ids):
        raise InvalidInput(f'Send {{"ids": [...]}} with at most {MOST_IDS} ids.')
    return ids
