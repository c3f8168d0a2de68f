"""An invoice, its cancellation and its correction, as plain data that cannot be made wrong.

Prices are gross. Quantities are negative on what gives money back, so the documents of an order add up to its balance.
What German law (UStG 14, 14a, UStDV 33) and EN 16931 demand is checked when an `Invoice` is made: `InvalidInput` with
`facts['errors']`, a mapping of field to sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from shared.documents.reference import is_iban, is_payment_reference
from shared.errors import InvalidInput
from shared.money import Money

SMALL_AMOUNT: Final = 25_000
"""Up to this gross sum, in euro cents, an invoice need not name the buyer's address (UStDV 33)."""

# Neither XML nor a page can hold these; a line's end and a tab are fine.
_UNWRITABLE: Final = frozenset(map(chr, (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))) - {"\n", "\t"}

Language = Literal["de", "en"]


class Kind(StrEnum):
    """What the sheet is titled. Never 'Gutschrift': in German law that is self-billing."""

    INVOICE = "invoice"
    CANCELLATION = "cancellation"
    """Stornorechnung: takes back a whole invoice."""
    CORRECTION = "correction"
    """Rechnungskorrektur: changes part of an invoice."""


class Treatment(StrEnum):
    """How a sale is taxed; the values are the VAT category codes of EN 16931 (UNTDID 5305)."""

    TAXED = "S"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    NOT_TAXABLE = "O"


@dataclass(frozen=True, slots=True)
class VatRate:
    """A rate in basis points (1900 is 19 %), or the reason why there is none."""

    treatment: Treatment
    basis_points: int = 0
    reason: str = ""
    """Why nothing is charged, as it is printed. Reverse charge and not taxable have a default in both languages."""

    def __post_init__(self) -> None:
        if (self.treatment is Treatment.TAXED) != (0 < self.basis_points <= 10_000):
            raise InvalidInput("A VAT rate lies above 0 and up to 100 %; what is not taxed has none.")
        if self.treatment is Treatment.EXEMPT and not self.reason.strip():
            raise InvalidInput("An exemption names its reason, such as the paragraph of the law.")

    @classmethod
    def taxed(cls, basis_points: int) -> VatRate:
        return cls(Treatment.TAXED, basis_points)

    @classmethod
    def exempt(cls, reason: str) -> VatRate:
        return cls(Treatment.EXEMPT, reason=reason)

    @classmethod
    def reverse_charge(cls) -> VatRate:
        return cls(Treatment.REVERSE_CHARGE)

    @classmethod
    def not_taxable(cls) -> VatRate:
        return cls(Treatment.NOT_TAXABLE)


@dataclass(frozen=True, slots=True)
class Address:
    lines: tuple[str, ...]
    """Street, building, department: one to three lines; none on a small-amount invoice to a person."""
    postcode: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True)
class BankAccount:
    holder: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Seller:
    """The body that sells and issues; may be another than the organiser of the conference."""

    name: str
    address: Address
    email: str
    vat_id: str = ""
    tax_number: str = ""
    register: str = ""
    """Court and number, such as 'Amtsgericht Charlottenburg, VR 12345 B'."""
    represented_by: str = ""
    """The persons who represent it, as the imprint names them."""
    bank: BankAccount | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    name: str
    address: Address
    contact: str = ""
    """The person or department the invoice is for, such as 'Accounts payable'."""
    email: str = ""
    vat_id: str = ""
    order_number: str = ""
    """The buyer's own purchase order number."""


@dataclass(frozen=True, slots=True)
class Line:
    """`quantity` times `unit_gross`. A negative quantity takes back; a negative price is refused (EN 16931 BR-27)."""

    description: str
    quantity: int
    unit_gross: Money
    vat: VatRate
    detail: str = ""
    """A second, quieter line: names of attendees, days, what a package holds."""

    @property
    def gross(self) -> Money:
        return self.unit_gross * self.quantity


@dataclass(frozen=True, slots=True)
class Corrected:
    """The document that a cancellation or correction refers to."""

    number: str
    issued_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid before the invoice was written, and how ('card', as it is printed)."""

    amount: Money
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """`service_from` to `service_to` is when the service is rendered (both days included)."""

    kind: Kind
    number: str
    issued_on: date
    service_from: date
    service_to: date
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...]
    language: Language
    due_on: date | None = None
    subject: str = ""
    """One line above the table, such as the conference's name, place and dates."""
    payment_reference: str = ""
    """ISO 11649, see `shared.documents.reference`."""
    paid: Paid | None = None
    corrects: Corrected | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def currency(self) -> str:
        return self.lines[0].unit_gross.currency

    def __post_init__(self) -> None:
        errors = _errors(self)
        if errors:
            field_name, sentences = next(iter(errors.items()))
            raise InvalidInput(f"This invoice cannot be issued: {field_name}: {sentences[0]}", errors=errors)


def cancel(invoice: Invoice, number: str, issued_on: date, reason: str = "") -> Invoice:
    """The Stornorechnung that takes all of an invoice back. Money already paid is returned apart, so none is due."""
    return replace(
        invoice,
        kind=Kind.CANCELLATION,
        number=number,
        issued_on=issued_on,
        due_on=None,
        lines=tuple(replace(line, quantity=-line.quantity) for line in invoice.lines),
        paid=None,
        payment_reference="",
        corrects=Corrected(invoice.number, invoice.issued_on, reason),
    )


def is_small_amount(invoice: Invoice) -> bool:
    """UStDV 33 applies: EUR 250 gross at most, and no service for which it is excluded (reverse charge)."""
    return (
        invoice.currency == "EUR"
        and abs(sum(line.gross.amount for line in invoice.lines)) <= SMALL_AMOUNT
        and all(line.vat.treatment is not Treatment.REVERSE_CHARGE for line in invoice.lines)
    )


def _texts(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an invoice with the path to it, such as `lines.0.detail`."""
    if isinstance(value, str):
        yield where, value
        return
    parts: Iterable[tuple[object, object]] = ()
    if isinstance(value, tuple):
        parts = enumerate(value)
    elif is_dataclass(value):
        parts = ((part.name, getattr(value, part.name)) for part in fields(value))
    for name, part in parts:
        yield from _texts(part, f"{where}.{name}".lstrip("."))


def _errors(invoice: Invoice) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)

    def demand(fine: object, where: str, sentence: str) -> None:
        if not fine:
            found[where].append(sentence)

    lines, seller, buyer = invoice.lines, invoice.seller, invoice.buyer
    for where, text in _texts(invoice):
        demand(_UNWRITABLE.isdisjoint(text), where, "It holds a control character: type it anew.")
    demand(invoice.number.strip(), "number", "An invoice has a number.")
    demand(invoice.service_from <= invoice.service_to, "service_to", "The service ends before it begins.")
    demand(invoice.due_on is None or invoice.due_on >= invoice.issued_on, "due_on", "It is due before it is issued.")
    demand(
        (invoice.kind is Kind.INVOICE) == (invoice.corrects is None),
        "corrects",
        "A cancellation or correction names the document it refers to, an invoice names none.",
    )
    demand(seller.name.strip(), "seller.name", "The seller has a name.")
    demand(seller.address.lines and seller.address.city, "seller.address", "The seller has a full address.")
    demand(seller.vat_id or seller.tax_number, "seller.vat_id", "The seller has a VAT id or a tax number.")
    demand(seller.bank is None or is_iban(seller.bank.iban), "seller.bank.iban", "The IBAN's check digits do not hold.")
    demand(seller.bank is None or len(seller.bank.bic) in (0, 8, 11), "seller.bank.bic", "A BIC has 8 or 11 signs.")
    demand(
        not invoice.payment_reference or is_payment_reference(invoice.payment_reference),
        "payment_reference",
        "The payment reference is no RF reference whose check digits hold (ISO 11649).",
    )
    for where, vat_id in (("seller.vat_id", seller.vat_id), ("buyer.vat_id", buyer.vat_id)):
        demand(not vat_id or vat_id[:2].isalpha(), where, "A VAT id begins with its country, like DE123456789.")
    demand(buyer.name.strip(), "buyer.name", "The buyer has a name.")
    for where, address in (("seller.address", seller.address), ("buyer.address", buyer.address)):
        demand(
            len(address.country) == 2 and address.country.isupper(),
            f"{where}.country",
            "A country is two capital letters, like DE.",
        )
        demand(len(address.lines) <= 3, where, "An address has at most three lines above its city.")
    if not lines:
        found["lines"].append("An invoice has at least one line.")
        return dict(found)
    demand(len({line.unit_gross.currency for line in lines}) == 1, "lines", "All lines have one currency.")
    for i, line in enumerate(lines):
        demand(line.description.strip(), f"lines.{i}.description", "A line says what was sold.")
        demand(line.quantity, f"lines.{i}.quantity", "A quantity is not zero.")
        demand(line.unit_gross.amount >= 0, f"lines.{i}.unit_gross", "A price is not negative: take back by quantity.")
    treatments = {line.vat.treatment for line in lines}
    demand(
        Treatment.NOT_TAXABLE not in treatments or len(treatments) == 1,
        "lines",
        "What is not taxable here stands on an invoice of its own.",
    )
    if Treatment.REVERSE_CHARGE in treatments:
        demand(seller.vat_id, "seller.vat_id", "Reverse charge needs the seller's VAT id.")
        demand(buyer.vat_id, "buyer.vat_id", "Reverse charge needs the buyer's VAT id.")
    demand(
        (buyer.address.lines and buyer.address.city) or is_small_amount(invoice),
        "buyer.address",
        "Above EUR 250 the buyer's address is needed.",
    )
    if invoice.paid is not None:
        demand(invoice.paid.amount.currency == invoice.currency, "paid", "It was paid in the invoice's currency.")
    return dict(found)
