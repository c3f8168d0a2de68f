"""Documents as they were issued: never changed, kept for eight years. The sheet says all that is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa

from services.ticket.domain.documents import DocumentKind
from services.ticket.store.billing_tables import billing, document_series, documents
from services.ticket.store.tables import ledger, orders
from shared.database import Transaction
from shared.documents.series import Series, next_number
from shared.errors import NotFound
from shared.money import Money

KEPT_YEARS: Final = 8
_COLUMNS = [column for column in documents.c if column.name != "pdf"]
_OF_ORDER = (
    sa.select(*_COLUMNS)
    .where(documents.c.order_id == sa.bindparam("order_id"))
    .order_by(documents.c.issued_on, sa.func.length(documents.c.number), documents.c.number)
)
_ONE = sa.select(*_COLUMNS).where(documents.c.document_id == sa.bindparam("document_id"))
_PDF = sa.select(documents.c.pdf).where(documents.c.document_id == sa.bindparam("document_id"))
_SET_PDF = (
    sa.update(documents)
    .where(documents.c.document_id == sa.bindparam("b_document_id"), documents.c.pdf.is_(None))
    .values(pdf=sa.bindparam("pdf"))
)
_INSERT = sa.insert(documents)
_NAME_POSTINGS = (
    sa.update(ledger)
    .where(
        ledger.c.order_id == sa.bindparam("b_order_id"),
        ledger.c.kind == sa.bindparam("b_kind"),
        ledger.c.document == "",
    )
    .values(document=sa.bindparam("document"))
)
_FORGET_RECIPIENT = (
    sa.update(documents)
    .where(documents.c.document_id == sa.bindparam("b_document_id"))
    .values(pdf=None, sheet=sa.bindparam("sheet"))
)
_FORGET_BILLING = sa.delete(billing).where(billing.c.order_id == sa.bindparam("order_id"))
NOBODY = "—"
"""Stands for the recipient of a document that was kept as long as it must be."""
_SOLD = sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount), 0)).where(
    ledger.c.order_id == sa.bindparam("order_id"), ledger.c.account == "sales"
)
_POSTINGS = (
    sa.select(ledger, orders.c.reference)
    .join(orders, orders.c.order_id == ledger.c.order_id)
    .where(ledger.c.conference_id == sa.bindparam("conference_id"))
    .order_by(ledger.c.booked_at, ledger.c.entry_id)
)
_NUMBERS = (
    sa.select(documents.c.order_id, documents.c.number)
    .where(documents.c.conference_id == sa.bindparam("conference_id"))
    .order_by(documents.c.document_id)
)


@dataclass(frozen=True, slots=True)
class Document:
    document_id: str
    order_id: str
    conference_id: str
    kind: DocumentKind
    number: str
    issued_on: date
    corrects: str
    reason: str
    total: Money
    sheet: Mapping[str, Any]


def name_postings(tx: Transaction, order_id: str, kind: str, number: str) -> None:
    """The postings of this kind that name no document yet are about this one."""
    tx.execute(_NAME_POSTINGS, {"b_order_id": order_id, "b_kind": kind, "document": number})


def issue(tx: Transaction, series: Series, document: Document) -> Document:
    """Give it its number, last of all in a transaction: others wait for the counter."""
    number = next_number(tx, document_series, series)
    tx.execute(
        _INSERT,
        {
            "document_id": document.document_id,
            "order_id": document.order_id,
            "conference_id": document.conference_id,
            "kind": document.kind,
            "number": number,
            "issued_on": document.issued_on,
            "corrects": document.corrects,
            "reason": document.reason,
            "total": document.total.amount,
            "currency": document.total.currency,
            "sheet": dict(document.sheet),
        },
    )
    tx.schedule("forget_recipient", document.document_id, kept_until(document.issued_on))
    return load_document(tx.connection, document.document_id)


def kept_until(issued_on: date) -> datetime:
    """Eight years from the end of the year in which it was issued (section 147 of the German fiscal code)."""
    return datetime(issued_on.year + KEPT_YEARS + 1, 1, 1, tzinfo=UTC)


def forget_recipient(tx: Transaction, document_id: str) -> None:
    """Take the recipient off a document whose time is over; number, amounts and VAT stay, for they name nobody.

    Nothing happens where it went with a demo.
    """
    row = tx.execute(_ONE, {"document_id": document_id}).first()
    if row is None:
        return
    document = _document(row)
    place = {
        "lines": [NOBODY],
        "postcode": NOBODY,
        "city": NOBODY,
        "country": document.sheet["buyer"]["address"]["country"],
    }
    nobody = {"name": NOBODY, "address": place, "vat_id": "", "order_number": ""}
    tx.execute(_FORGET_RECIPIENT, {"b_document_id": document_id, "sheet": {**document.sheet, "buyer": nobody}})
    tx.execute(_FORGET_BILLING, {"order_id": document.order_id})


def documents_of(connection: sa.Connection, order_id: str) -> list[Document]:
    """In the order in which they were issued."""
    return [_document(row) for row in connection.execute(_OF_ORDER, {"order_id": order_id})]


def load_document(connection: sa.Connection, document_id: str) -> Document:
    """Raises `NotFound`."""
    row = connection.execute(_ONE, {"document_id": document_id}).first()
    if row is None:
        raise NotFound("There is no such document.")
    return _document(row)


def pdf_of(connection: sa.Connection, document_id: str) -> bytes | None:
    """None until it was set for the first time."""
    found = connection.execute(_PDF, {"document_id": document_id}).scalar()
    return None if found is None else bytes(found)


def keep_pdf(tx: Transaction, document_id: str, pdf: bytes) -> None:
    """The first one stays, whatever a later template would make of it."""
    tx.execute(_SET_PDF, {"b_document_id": document_id, "pdf": pdf})


def sold(connection: sa.Connection, order_id: str, currency: str) -> Money:
    """What the ledger calls sold to this order and not taken back."""
    return Money(-int(connection.execute(_SOLD, {"order_id": order_id}).scalar_one()), currency)


def postings_of(connection: sa.Connection, conference_id: str) -> list[Any]:
    """The ledger's rows of a conference with the order's reference, by booking."""
    return list(connection.execute(_POSTINGS, {"conference_id": conference_id}))


def numbers_by_order(connection: sa.Connection, conference_id: str) -> dict[str, list[str]]:
    numbers: dict[str, list[str]] = {}
    for row in connection.execute(_NUMBERS, {"conference_id": conference_id}):
        numbers.setdefault(row.order_id, []).append(row.number)
    return numbers


def _document(row: Any) -> Document:
    return Document(
        row.document_id,
        row.order_id,
        row.conference_id,
        row.kind,
        row.number,
        row.issued_on,
        row.corrects,
        row.reason,
        Money(row.total, row.currency),
        row.sheet,
    )
