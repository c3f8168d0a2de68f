"""What the sponsor-invoice service says: sponsorships, their invoices and benefits, and what the bank shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.events.base import Event, PersonErased, StaffActed, Topic
from shared.events.ticketing import VatAmount
from shared.money import Money


@dataclass(frozen=True, kw_only=True)
class _SponsorshipFacts(Event):
    sponsorship_id: str


@dataclass(frozen=True, kw_only=True)
class SponsorshipSigned(_SponsorshipFacts):
    """An organisation agreed to a package. `sponsor` is the organisation's name, a fact."""

    sponsor: str
    package: str
    price: Money
    in_kind: bool
    signed_on: date


@dataclass(frozen=True, kw_only=True)
class _InvoiceFacts(_SponsorshipFacts):
    invoice_id: str
    number: str
    sponsor: str


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(_InvoiceFacts):
    """`contact` is the accounting contact, `sponsorship:per_...`; `payment_reference` is ISO 11649."""

    contact: str
    issued_on: date
    due_on: date
    total: Money
    vat: tuple[VatAmount, ...]
    payment_reference: str


@dataclass(frozen=True, kw_only=True)
class InvoiceCorrected(_InvoiceFacts):
    """A document of its own takes the invoice back, wholly or in part."""

    correction_id: str
    correction_number: str
    amount: Money
    corrected_on: date


@dataclass(frozen=True, kw_only=True)
class PaymentRecorded(_InvoiceFacts):
    """Money of this invoice is in. `booked_on` is the bank's date; `open` what is still owed."""

    payment_id: str
    amount: Money
    open: Money
    booked_on: date
    method: str


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(_InvoiceFacts):
    total: Money
    paid_on: date


@dataclass(frozen=True, kw_only=True)
class InvoiceOverdue(_InvoiceFacts):
    """Reminder `stage` (1, 2, 3) goes out: prepared when it fell due, released by the bank's word or a person's."""

    contact: str
    stage: int
    days_overdue: int
    open: Money
    due_on: date
    released_at: datetime


@dataclass(frozen=True, kw_only=True)
class InvoiceWrittenOff(_InvoiceFacts):
    amount: Money
    reason: str


@dataclass(frozen=True, kw_only=True)
class BenefitGranted(_SponsorshipFacts):
    """A benefit may be used. For `kind` vouchers: `count` admissions of `admission_type`."""

    benefit_id: str
    kind: str
    count: int
    admission_type: str = ""
    contact: str = ""


@dataclass(frozen=True, kw_only=True)
class BenefitRevoked(_SponsorshipFacts):
    benefit_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BankConfirmed(Event):
    """Finance looked: every booking of this account up to and with `until` is in."""

    account_id: str
    until: date


@dataclass(frozen=True, kw_only=True)
class TransferMatched(Event):
    """A transfer pays the ticket order with this reference."""

    account_id: str
    transfer_id: str
    order_reference: str
    amount: Money
    booked_on: date


@dataclass(frozen=True, kw_only=True)
class RefundTransferred(Event):
    """The statement shows the refund of this ticket order."""

    account_id: str
    transfer_id: str
    order_reference: str
    amount: Money
    booked_on: date


SPONSORSHIPS = Topic(
    "sponsorship.sponsorships",
    "sponsor_invoice",
    "sponsorship_id",
    {
        "sponsorship.sponsorship_signed": SponsorshipSigned,
        "sponsorship.invoice_issued": InvoiceIssued,
        "sponsorship.invoice_corrected": InvoiceCorrected,
        "sponsorship.payment_recorded": PaymentRecorded,
        "sponsorship.invoice_paid": InvoicePaid,
        "sponsorship.invoice_overdue": InvoiceOverdue,
        "sponsorship.invoice_written_off": InvoiceWrittenOff,
        "sponsorship.benefit_granted": BenefitGranted,
        "sponsorship.benefit_revoked": BenefitRevoked,
    },
    "Signed sponsorships, their invoices, payments, reminders and benefits.",
)
BANK = Topic(
    "sponsorship.bank",
    "sponsor_invoice",
    "account_id",
    {
        "sponsorship.bank_confirmed": BankConfirmed,
        "sponsorship.transfer_matched": TransferMatched,
        "sponsorship.refund_transferred": RefundTransferred,
    },
    "What the bank shows, account by account.",
)
STAFF = Topic(
    "sponsorship.staff",
    "sponsor_invoice",
    "staff_id",
    {"sponsorship.staff_acted": StaffActed},
    "What staff did in the sponsor-invoice service.",
)
PEOPLE = Topic(
    "sponsorship.people",
    "sponsor_invoice",
    "person",
    {"sponsorship.person_erased": PersonErased},
    "People whom the sponsor-invoice service knew and forgot.",
)
TOPICS = (SPONSORSHIPS, BANK, STAFF, PEOPLE)
