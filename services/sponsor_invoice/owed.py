"""What is owed for one invoice: its receivable and its ladder of reminders, loaded under one lock and saved together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, select, update

from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain.dunning import Dunning, Reminder
from services.sponsor_invoice.domain.invoice import Invoice, Receivable
from services.sponsor_invoice.domain.ledger import Posting
from services.sponsor_invoice.store import PERSON
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.events.ticketing import VatAmount
from shared.money import Money


@dataclass(slots=True)
class Owed:
    """One receivable with its dunning. `account_id` is the bank account it is to be paid to, `zone` its conference's."""

    receivable: Receivable
    dunning: Dunning
    account_id: str
    zone: ZoneInfo

    @property
    def invoice(self) -> Invoice:
        return self.receivable.invoice

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()


def add_invoice(
    tx: Transaction,
    invoice: Invoice,
    *,
    seller_id: str,
    account_id: str,
    sheet: dict[str, Any],
    corrects_id: str | None = None,
    reason: str = "",
) -> None:
    """Write it down, for good. `corrects_id` makes it the Stornorechnung of another."""
    tx.execute(
        t.invoices.insert(),
        {
            "id": invoice.id,
            "number": invoice.number,
            "kind": "cancellation" if corrects_id else "invoice",
            "corrects_id": corrects_id,
            "reason": reason,
            "conference_id": invoice.conference_id,
            "sponsorship_id": invoice.sponsorship_id,
            "seller_id": seller_id,
            "account_id": account_id,
            "sponsor": invoice.sponsor,
            "contact_id": invoice.contact.removeprefix(PERSON),
            "issued_on": invoice.issued_on,
            "due_on": invoice.due_on,
            "total": invoice.total.amount,
            "net": invoice.vat.net.amount,
            "vat": invoice.vat.vat.amount,
            "vat_rate": invoice.vat.rate,
            "currency": invoice.total.currency,
            "payment_reference": invoice.payment_reference,
            "sheet": sheet,
        },
    )


def invoice_of(row: Row[Any]) -> Invoice:
    """From a row of `invoices`."""
    return Invoice(
        id=row.id,
        number=row.number,
        conference_id=row.conference_id,
        sponsorship_id=row.sponsorship_id,
        sponsor=row.sponsor,
        contact=PERSON + row.contact_id,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total=Money(row.total, row.currency),
        vat=VatAmount(rate=row.vat_rate, net=Money(row.net, row.currency), vat=Money(row.vat, row.currency)),
        payment_reference=row.payment_reference,
    )


def invoice_row(connection: Connection, invoice_id: str) -> Row[Any]:
    row = connection.execute(select(t.invoices).where(t.invoices.c.id == invoice_id)).first()
    if row is None:
        raise NotFound("There is no such invoice.")
    return row


def add(tx: Transaction, owed: Owed) -> None:
    """Begin to count what comes of an invoice."""
    tx.execute(t.receivables.insert(), {**_counted(owed), "invoice_id": owed.invoice.id})


def load(connection: Connection, invoice_id: str, *, lock: bool = False) -> Owed:
    """Its contact is the sponsor's present one. Raises `NotFound` for an id that is no invoice (a Stornorechnung owes nothing)."""
    counted = select(t.receivables).where(t.receivables.c.invoice_id == invoice_id)
    row = connection.execute(counted.with_for_update() if lock else counted).first()
    if row is None:
        raise NotFound("There is no such invoice.")
    invoice = invoice_of(invoice_row(connection, invoice_id))
    contact = select(t.sponsorships.c.contact_id).where(t.sponsorships.c.id == invoice.sponsorship_id)
    invoice = replace(invoice, contact=PERSON + connection.execute(contact).scalar_one())
    steps = select(t.reminders).where(t.reminders.c.invoice_id == invoice_id).order_by(t.reminders.c.stage)
    currency = invoice.total.currency
    return Owed(
        receivable=Receivable(
            invoice, Money(row.paid, currency), Money(row.corrected, currency), Money(row.written_off, currency)
        ),
        dunning=Dunning(
            invoice_id=invoice_id,
            due_on=invoice.due_on,
            ladder=tuple(row.ladder),
            reminders=[_reminder(step) for step in connection.execute(steps)],
            promised_until=row.promised_until,
            ended=row.ended,
        ),
        account_id=row.account_id,
        zone=ZoneInfo(row.time_zone),
    )


def _reminder(row: Row[Any]) -> Reminder:
    return Reminder(row.stage, row.prepared_on, row.state, row.released_at, row.released_on, row.released_by)


_SAVE_REMINDER = insert(t.reminders)
_SAVE_REMINDER = _SAVE_REMINDER.on_conflict_do_update(
    index_elements=["invoice_id", "stage"],
    set_={name: _SAVE_REMINDER.excluded[name] for name in ("state", "released_at", "released_on", "released_by")},
)


def save(tx: Transaction, owed: Owed) -> None:
    """What came of it, as it is now. Load it with a lock first."""
    tx.execute(update(t.receivables).where(t.receivables.c.invoice_id == owed.invoice.id).values(**_counted(owed)))
    if owed.dunning.reminders:
        rows = [
            {
                "invoice_id": owed.invoice.id,
                "stage": step.stage,
                "prepared_on": step.prepared_on,
                "state": step.state,
                "released_at": step.released_at,
                "released_on": step.released_on,
                "released_by": step.released_by,
            }
            for step in owed.dunning.reminders
        ]
        tx.execute(_SAVE_REMINDER, rows)


def _counted(owed: Owed) -> dict[str, Any]:
    receivable, dunning = owed.receivable, owed.dunning
    return {
        "conference_id": owed.invoice.conference_id,
        "account_id": owed.account_id,
        "time_zone": owed.zone.key,
        "paid": receivable.paid.amount,
        "corrected": receivable.corrected.amount,
        "written_off": receivable.written_off.amount,
        "ladder": list(dunning.ladder),
        "promised_until": dunning.promised_until,
        "ended": dunning.ended,
        "state": receivable.state,
    }


def post(tx: Transaction, invoice: Invoice, what: str, booked_on: date, postings: Iterable[Posting]) -> None:
    """Write postings into the ledger, two rows each."""
    rows = [
        {
            "posting_id": posting_id,
            "conference_id": invoice.conference_id,
            "invoice_id": invoice.id,
            "account": entry.account,
            "amount": entry.amount.amount,
            "currency": entry.amount.currency,
            "booked_on": booked_on,
            "what": what,
        }
        for posting in postings
        for posting_id in [tx.ids.new("pst", tx.now)]
        for entry in posting
    ]
    if rows:
        tx.execute(t.ledger.insert(), rows)


def bank_until(connection: Connection, account_id: str) -> date | None:
    """The last day up to and with which finance confirmed this account; None: never."""
    confirmed = t.bank_confirmations
    newest = select(func.max(confirmed.c.until)).where(confirmed.c.account_id == account_id)
    return connection.execute(newest).scalar_one_or_none()


def open_of_account(connection: Connection, account_id: str) -> list[str]:
    """The invoices to be paid to this account that are still open, in the order in which they are locked."""
    waiting = select(t.receivables.c.invoice_id).where(
        t.receivables.c.account_id == account_id, t.receivables.c.state == "open"
    )
    return sorted(connection.execute(waiting).scalars())


def first_invoice_id(connection: Connection, sponsorship_id: str) -> str | None:
    """The invoice that was issued on signing; None in kind."""
    issued = select(t.invoices.c.id).where(
        t.invoices.c.sponsorship_id == sponsorship_id, t.invoices.c.kind == "invoice"
    )
    return connection.execute(issued.order_by(t.invoices.c.id).limit(1)).scalar_one_or_none()
