"""Taking away what a demo conference left here. The invoices of a real one are kept for as long as the law says."""

from __future__ import annotations

from sqlalchemy import Column, delete, select

from services.sponsor_invoice import tables as t
from shared.database import Transaction


def remove_conference(tx: Transaction, conference_id: str) -> int:
    """Delete its sponsorships, invoices and packages, and sponsors, sellers and people whom nothing else names. Returns how many.

    Projections stay: they say what the topics say, and pages leave a removed demo out.
    """
    ours = t.sponsorships.c.conference_id == conference_id
    sponsorship_ids = _ids(tx, t.sponsorships.c.id, ours)
    invoice_ids = _ids(tx, t.invoices.c.id, t.invoices.c.conference_id == conference_id)
    sponsor_ids = set(_ids(tx, t.sponsorships.c.sponsor_id, ours)) - set(_ids(tx, t.sponsorships.c.sponsor_id, ~ours))
    seller_ids = set(_ids(tx, t.sponsorships.c.seller_id, ours)) - set(_ids(tx, t.sponsorships.c.seller_id, ~ours))
    account_ids = _ids(tx, t.sellers.c.account_id, t.sellers.c.id.in_(seller_ids))
    contact_ids = _ids(tx, t.sponsors.c.contact_id, t.sponsors.c.id.in_(sponsor_ids))
    timers = tx.database.frame.timers
    doomed = [
        delete(timers).where(timers.c.subject.in_(invoice_ids)),
        *(
            delete(table).where(table.c.invoice_id.in_(invoice_ids))
            for table in (t.documents, t.receivables, t.payments, t.reminders, t.promises, t.ledger)
        ),
        delete(t.benefits).where(t.benefits.c.sponsorship_id.in_(sponsorship_ids)),
        delete(t.bank_confirmations).where(t.bank_confirmations.c.account_id.in_(account_ids)),
        delete(t.document_series).where(t.document_series.c.seller_id.in_(seller_ids)),
        *(
            delete(table).where(table.c.conference_id == conference_id)
            for table in (t.invoices, t.sponsorships, t.packages)
        ),
        delete(t.sellers).where(t.sellers.c.id.in_(seller_ids)),
        delete(t.sponsors).where(t.sponsors.c.id.in_(sponsor_ids)),
        delete(t.people).where(t.people.c.id.in_(contact_ids)),
    ]
    return sum(tx.execute(statement).rowcount for statement in doomed)


def _ids(tx: Transaction, column: Column[str], condition: object) -> list[str]:
    return list(tx.execute(select(column).where(condition)).scalars())  # type: ignore[arg-type]
