"""What the sponsor-invoice service does, as one list: use cases, what it hears, what falls due.

Use cases (each in one transaction; staff call them through `pages.py`):
    selling.py     define_seller, define_package, enter_sponsor, sign_sponsorship, cancel_invoice, erase_people
    collecting.py  record_payment, confirm_bank, release_reminder, promise, write_off
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from services.sponsor_invoice import tables as t
from services.sponsor_invoice.collecting import (
    climb_ladder,
    confirm_bank,
    promise,
    record_payment,
    release_reminder,
    write_off,
)
from services.sponsor_invoice.document import paper_of
from services.sponsor_invoice.owed import invoice_row
from services.sponsor_invoice.projections import count_cash, count_vouchers, record_conferences
from services.sponsor_invoice.selling import (
    cancel_invoice,
    define_package,
    define_seller,
    enter_sponsor,
    erase_people,
    sign_sponsorship,
)
from shared.database import Database
from shared.database.upsert import insert
from shared.events import Event
from shared.events.ticketing import (
    ConferenceCalledOff,
    ConferenceChanged,
    ConferenceOpened,
    OrderPaid,
    PaymentRefunded,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReleased,
)
from shared.service import Errand, ErrandHandler, Projection, Reaction, TimerHandler

__all__ = [
    "ERRANDS",
    "PROJECTIONS",
    "REACTIONS",
    "TIMERS",
    "Context",
    "cancel_invoice",
    "confirm_bank",
    "define_package",
    "define_seller",
    "enter_sponsor",
    "erase_people",
    "promise",
    "record_payment",
    "release_reminder",
    "sign_sponsorship",
    "write_off",
]


@dataclass(frozen=True, slots=True)
class Context:
    """What the errands work with."""

    database: Database


_KEEP = insert(t.documents).on_conflict_do_nothing()


def set_document(errand: Errand, context: Context) -> None:
    """Set the sheet of an invoice and keep its bytes for good: whoever asks later gets the same ones."""
    from shared.documents.einvoice import render_invoice  # typst and lxml: in the worker only

    with context.database.reading() as connection:
        row = invoice_row(connection, errand.subject)
        corrected = invoice_row(connection, row.corrects_id) if row.corrects_id else None
        kept = connection.execute(
            select(t.documents.c.sha256).where(t.documents.c.invoice_id == errand.subject)
        ).first()
    content = None if kept else render_invoice(paper_of(row, corrected)).pdf
    with context.database.transaction() as tx:
        if content is not None:
            tx.execute(
                _KEEP,
                {
                    "invoice_id": errand.subject,
                    "content": content,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "rendered_at": tx.now,
                },
            )
        errand.done(tx)


PROJECTIONS: Final[Mapping[type[Event], Projection]] = {
    ConferenceOpened: record_conferences,
    ConferenceChanged: record_conferences,
    ConferenceCalledOff: record_conferences,
    VoucherIssued: count_vouchers,
    VoucherRedeemed: count_vouchers,
    VoucherReleased: count_vouchers,
    OrderPaid: count_cash,
    PaymentRefunded: count_cash,
}

REACTIONS: Final[Mapping[type[Event], Reaction]] = {}

TIMERS: Final[Mapping[str, TimerHandler]] = {"climb_ladder": climb_ladder}

ERRANDS: Final[Mapping[str, ErrandHandler]] = {"set_document": set_document}
