"""An invoice and what is still owed for it. The invoice never changes; its receivable counts what came of it.

issued --payment--> paid in part --payment--> paid
   |                     |------ write-off --> written off --payment--> paid after all
   |------ Stornorechnung ---> cancelled (money already in is the sponsor's)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.sponsor_invoice.domain.vat import VatRule, vat_amount
from shared.errors import Conflict, InvalidInput
from shared.events import Event
from shared.events.sponsorship import InvoiceCorrected, InvoiceIssued, InvoicePaid, InvoiceWrittenOff, PaymentRecorded
from shared.events.ticketing import VatAmount
from shared.money import Money

State = Literal["open", "paid", "written_off", "cancelled"]


@dataclass(frozen=True, slots=True)
class Invoice:
    """What was issued, for good. `contact` is `sponsorship:per_...`, `payment_reference` ISO 11649."""

    id: str
    number: str
    conference_id: str
    sponsorship_id: str
    sponsor: str
    contact: str
    issued_on: date
    due_on: date
    total: Money
    vat: VatAmount
    payment_reference: str


def issue(
    *,
    invoice_id: str,
    number: str,
    conference_id: str,
    sponsorship_id: str,
    sponsor: str,
    contact: str,
    issued_on: date,
    due_on: date,
    total: Money,
    rule: VatRule,
    payment_reference: str,
) -> tuple[Invoice, list[Event]]:
    """Ask for money. Raises `InvalidInput` when nothing is asked for, or it is due before it is issued."""
    if total.amount <= 0:
        raise InvalidInput("An invoice asks for more than nothing.")
    if due_on < issued_on:
        raise InvalidInput("An invoice cannot be due before it is issued.", errors={"due_on": ["Choose a later day."]})
    vat = vat_amount(total, rule)
    invoice = Invoice(
        invoice_id,
        number,
        conference_id,
        sponsorship_id,
        sponsor,
        contact,
        issued_on,
        due_on,
        total,
        vat,
        payment_reference,
    )
    issued = InvoiceIssued(
        conference_id=conference_id,
        sponsorship_id=sponsorship_id,
        invoice_id=invoice_id,
        number=number,
        sponsor=sponsor,
        contact=contact,
        issued_on=issued_on,
        due_on=due_on,
        total=total,
        vat=(vat,),
        payment_reference=payment_reference,
    )
    return invoice, [issued]


@dataclass(slots=True)
class Receivable:
    """What came of an invoice: all amounts in its currency, none negative.

    `total == corrected + written_off + paid + open` as long as nobody paid too much; what is too much is `overpaid`.
    """

    invoice: Invoice
    paid: Money
    corrected: Money
    written_off: Money

    @classmethod
    def of(cls, invoice: Invoice) -> Receivable:
        nothing = Money(0, invoice.total.currency)
        return cls(invoice, nothing, nothing, nothing)

    @property
    def balance(self) -> Money:
        """What the sponsor's account shows: positive is owed to us, negative is theirs."""
        return self.invoice.total - self.corrected - self.written_off - self.paid

    @property
    def open(self) -> Money:
        return Money(max(self.balance.amount, 0), self.balance.currency)

    @property
    def overpaid(self) -> Money:
        return Money(max(-self.balance.amount, 0), self.balance.currency)

    @property
    def state(self) -> State:
        if self.corrected:
            return "cancelled"
        if self.open:
            return "open"
        return "written_off" if self.written_off else "paid"

    def record_payment(self, *, payment_id: str, amount: Money, booked_on: date, method: str) -> list[Event]:
        """Money is in, in whole, in part or too much; also after a write-off, which it takes back as far as it goes."""
        if amount.amount <= 0:
            raise InvalidInput("A payment is more than nothing.", errors={"amount": ["Enter what the bank booked."]})
        was_paid = self.state == "paid"
        recovered = min(amount, self.written_off)
        self.written_off = self.written_off - recovered
        self.paid = self.paid + amount
        events: list[Event] = [
            PaymentRecorded(
                **self._facts(),
                payment_id=payment_id,
                amount=amount,
                open=self.open,
                booked_on=booked_on,
                method=method,
            )
        ]
        if self.state == "paid" and not was_paid:
            events.append(InvoicePaid(**self._facts(), total=self.invoice.total, paid_on=booked_on))
        return events

    def write_off(self, reason: str) -> list[Event]:
        """Nobody expects the rest any more."""
        lost = self.open
        if not lost:
            raise Conflict("Nothing of this invoice is open: there is nothing to write off.")
        self.written_off = self.written_off + lost
        return [InvoiceWrittenOff(**self._facts(), amount=lost, reason=reason)]

    def cancel(self, *, correction_id: str, number: str, on: date) -> list[Event]:
        """A Stornorechnung takes the whole invoice back; what was paid on it is the sponsor's again."""
        if self.corrected:
            raise Conflict("This invoice was cancelled already.")
        self.written_off = Money(0, self.invoice.total.currency)
        self.corrected = self.invoice.total
        return [
            InvoiceCorrected(
                **self._facts(),
                correction_id=correction_id,
                correction_number=number,
                amount=self.invoice.total,
                corrected_on=on,
            )
        ]

    def _facts(self) -> dict[str, str]:
        invoice = self.invoice
        return {
            "conference_id": invoice.conference_id,
            "sponsorship_id": invoice.sponsorship_id,
            "invoice_id": invoice.id,
            "number": invoice.number,
            "sponsor": invoice.sponsor,
        }
