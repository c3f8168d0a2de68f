"""The sheet of an invoice: what is printed is fixed when it is issued, and set once, by an errand.

The sheet names the organisation, never its people: it is kept for eight years, and people may ask to be forgotten.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, get_args

from sqlalchemy import Row

from services.sponsor_invoice.domain.vat import Treatment as VatTreatment
from services.sponsor_invoice.domain.vat import VatRule
from services.sponsor_invoice.store import Seller, Sponsor
from shared.documents import invoice as paper
from shared.errors import Corrupt
from shared.money import Money

DEMO = {
    "en": "DEMO: this conference is made up. Nothing is owed.",
    "de": "DEMO: Diese Konferenz ist erfunden. Es ist nichts zu zahlen.",
}
_TREATMENTS: dict[VatTreatment, paper.Treatment] = {
    "taxed": paper.Treatment.TAXED,
    "exempt": paper.Treatment.EXEMPT,
    "reverse_charge": paper.Treatment.REVERSE_CHARGE,
    "not_taxable": paper.Treatment.NOT_TAXABLE,
}


def sheet(
    *,
    seller: Seller,
    sponsor: Sponsor,
    rule: VatRule,
    package: str,
    benefits: list[str],
    order_number: str,
    conference: str,
    place: str,
    service_from: date,
    service_to: date,
    language: str,
    is_demo: bool = False,
) -> dict[str, Any]:
    """What is printed beside the numbers, JSON-ready, as it is on the day of issue."""
    german = language == "de"
    return {
        "language": "de" if german else "en",
        "subject": f"{conference}, {place}" if place else conference,
        "description": f"Sponsoring {package}" if german else f"Sponsorship {package}",
        "detail": ", ".join(benefits),
        "notes": [DEMO["de" if german else "en"]] if is_demo else [],
        "service_from": service_from.isoformat(),
        "service_to": service_to.isoformat(),
        "vat": {"treatment": rule.treatment, "rate": rule.rate, "reason": rule.reason},
        "seller": {
            "name": seller.name,
            "address": _address(seller),
            "email": seller.email,
            "vat_id": seller.vat_id,
            "tax_number": seller.tax_number,
            "register": seller.register,
            "represented_by": seller.represented_by,
            "bank": {"holder": seller.account_holder or seller.name, "iban": seller.iban, "bic": seller.bic},
        },
        "buyer": {
            "name": sponsor.name,
            "address": _address(sponsor),
            "vat_id": sponsor.vat_id.number,
            "order_number": order_number,
        },
    }


def _address(of: Seller | Sponsor) -> dict[str, Any]:
    return {"lines": list(of.address), "postcode": of.postcode, "city": of.city, "country": of.country}


def paper_of(row: Row[Any], corrected: Row[Any] | None = None) -> paper.Invoice:
    """The document of a row of `invoices`; `corrected` is the row that a Stornorechnung takes back.

    Raises `InvalidInput` when the law asks for something that is missing.
    """
    printed = row.sheet
    seller, buyer, vat = printed["seller"], printed["buyer"], printed["vat"]
    if vat["treatment"] not in get_args(VatTreatment):
        raise Corrupt(f"{row.number} is taxed in a way nobody knows: {vat['treatment']}.")
    document = paper.Invoice(
        kind=paper.Kind.INVOICE,
        number=row.number,
        issued_on=row.issued_on,
        due_on=row.due_on,
        service_from=date.fromisoformat(printed["service_from"]),
        service_to=date.fromisoformat(printed["service_to"]),
        seller=paper.Seller(
            **{**seller, "address": _paper_address(seller["address"]), "bank": paper.BankAccount(**seller["bank"])}
        ),
        buyer=paper.Buyer(**{**buyer, "address": _paper_address(buyer["address"])}),
        lines=(
            paper.Line(
                description=printed["description"],
                detail=printed["detail"],
                quantity=1,
                unit_gross=Money(abs(row.total), row.currency),
                vat=paper.VatRate(_TREATMENTS[vat["treatment"]], vat["rate"], vat["reason"]),
            ),
        ),
        language=printed["language"],
        subject=printed["subject"],
        payment_reference=row.payment_reference,
        notes=tuple(printed.get("notes", ())),
    )
    if corrected is None:
        return document
    original = replace(document, number=corrected.number, issued_on=corrected.issued_on, due_on=corrected.due_on)
    return paper.cancel(original, row.number, row.issued_on, row.reason)


def _paper_address(address: dict[str, Any]) -> paper.Address:
    return paper.Address(tuple(address["lines"]), address["postcode"], address["city"], address["country"])
