"""What staff do about one order's money and papers: its documents, more time to pay, a difference of cents let off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request, url_for

from services.ticket.handlers.transfers import extend_pay_by, forgive_rest
from services.ticket.pages.orders import made_pdf
from services.ticket.store import documents, orders
from services.ticket.web import desk, go
from shared.errors import InvalidInput, NotFound
from shared.web.forms import Form
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str


def install(app: Flask) -> None:
    at = "/organise/<conference_id>/orders/<order_id>"
    staff = staff_only("organiser", "finance")
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (f"{at}/documents/<document_id>", "organise_document", "GET", staff(download_document)),
        (f"{at}/pay-by", "organise_pay_by", "POST", staff(extend)),
        (f"{at}/forgive", "organise_forgive", "POST", staff(forgive)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method])


def download_document(conference_id: str, order_id: str, document_id: str) -> Answer:
    """Raises `NotFound` for a document of another order, or of another conference's."""
    _check(conference_id, order_id)
    with desk().context.database.reading() as connection:
        document = documents.load_document(connection, document_id)
    if document.order_id != order_id:
        raise NotFound("There is no such document.")
    return made_pdf("/documents", {"document_id": document_id}, f"{document.number}.pdf")


def extend(conference_id: str, order_id: str) -> Answer:
    staff, form = the_staff(), Form(request.form)
    _check(conference_id, order_id)
    until = form.day("until")
    if until is None:
        raise InvalidInput("Until which day may it be paid?", errors=form.errors)
    with desk().context.database.transaction(staff.actor) as tx:
        extend_pay_by(tx, staff.id, conference_id, order_id, until)
    return go(url_for("organise_order", conference_id=conference_id, order_id=order_id))


def forgive(conference_id: str, order_id: str) -> Answer:
    staff = the_staff()
    _check(conference_id, order_id)
    with desk().context.database.transaction(staff.actor) as tx:
        forgive_rest(tx, staff.id, conference_id, order_id)
    return go(url_for("organise_order", conference_id=conference_id, order_id=order_id))


def _check(conference_id: str, order_id: str) -> None:
    """Raises `NotFound` for an order of another conference, which these roles may not reach."""
    with desk().context.database.reading() as connection:
        if orders.load_order(connection, order_id).conference_id != conference_id:
            raise NotFound("There is no such order.")
