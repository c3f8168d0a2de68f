"""The sheet of a document: what is printed is fixed when it is issued. Setting type is for the worker, not for web processes."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.ticket.domain.billing import Billing
from services.ticket.domain.conference import Conference
from services.ticket.domain.documents import RETAINED, Item, Sums
from services.ticket.domain.local_time import local_day
from services.ticket.domain.order import Order, State
from services.ticket.store.documents import Document
from services.ticket.store.sellers import Sale
from shared.documents import invoice as paper
from shared.documents.reference import payment_reference
from shared.money import Money

KEPT = {"en": "Kept by the cancellation terms", "de": "Einbehalt nach den Stornobedingungen"}
BY = {"en": {"card": "card", "transfer": "transfer"}, "de": {"card": "Karte", "transfer": "Überweisung"}}
DEMO = {
    "en": "DEMO: this conference is made up. Nothing is owed.",
    "de": "DEMO: Diese Konferenz ist erfunden. Es ist nichts zu zahlen.",
}
NO_VAT = {"en": "VAT exempt.", "de": "Umsatzsteuerfrei."}


def buyer_of(billing: Billing, name: str, sale: Sale) -> dict[str, Any]:
    """Who it is made out to: the company, or the person who asked."""
    return {
        "name": billing.company or name,
        "address": {
            "lines": list(billing.address),
            "postcode": billing.postcode,
            "city": billing.city,
            "country": billing.country or sale.seller.country,
        },
        "vat_id": billing.vat_id,
        "order_number": billing.purchase_order,
    }


def sheet_of(
    order: Order,
    conference: Conference,
    sale: Sale,
    buyer: dict[str, Any],
    items: Sums,
    language: str,
    is_invoice: bool,
) -> dict[str, Any]:
    """All that is printed beside the numbers, JSON-ready."""
    seller = sale.seller
    waits = is_invoice and order.state == State.PLACED and order.pay_by is not None
    paid = is_invoice and order.state == State.PAID and order.paid_at is not None
    return {
        "language": language,
        "subject": f"{conference.name}, {conference.place}",
        "service_from": conference.days[0].isoformat(),
        "service_to": conference.days[-1].isoformat(),
        "due_on": local_day(order.pay_by, conference.time_zone).isoformat() if waits and order.pay_by else "",
        "payment_reference": payment_reference(order.reference) if waits else "",
        "paid": {
            "on": local_day(order.paid_at, conference.time_zone).isoformat(),
            "by": BY[language].get(order.payment_method, order.payment_method),
        }
        if paid and order.paid_at
        else None,
        "items": [[item.admission_type, item.price, item.vat_rate, count] for item, count in items.items()],
        "exemptions": {
            item.admission_type: _exemption(conference, item, language) for item in items if not item.vat_rate
        },
        "descriptions": {item.admission_type: _description(conference, item, language) for item in items},
        "currency": order.currency,
        "notes": [DEMO[language]] if conference.is_demo else [],
        "seller": {
            "name": seller.name,
            "address": {
                "lines": list(seller.address),
                "postcode": seller.postcode,
                "city": seller.city,
                "country": seller.country,
            },
            "email": seller.email,
            "vat_id": seller.vat_id,
            "tax_number": seller.tax_number,
            "register": seller.register,
            "represented_by": seller.represented_by,
            "bank": {"holder": seller.payee, "iban": seller.iban, "bic": seller.bic} if seller.iban else None,
        },
        "buyer": buyer,
    }


def items_on(document: Document) -> Sums:
    return {Item(kind, price, rate): count for kind, price, rate, count in document.sheet["items"]}


def paper_of(document: Document, corrected: Document | None) -> paper.Invoice:
    """The document to be set; `corrected` is the invoice that it takes back or changes.

    Raises `InvalidInput` when the law asks for something that is missing.
    """
    sheet = document.sheet
    seller, buyer = dict(sheet["seller"]), dict(sheet["buyer"])
    bank = seller.pop("bank")
    seller["address"], buyer["address"] = _address(seller["address"]), _address(buyer["address"])
    exemptions = sheet.get("exemptions", {})
    lines = tuple(
        paper.Line(
            sheet["descriptions"][kind],
            count,
            Money(price, sheet["currency"]),
            paper.VatRate.taxed(rate)
            if rate
            else paper.VatRate.exempt(exemptions.get(kind) or NO_VAT[sheet["language"]]),
        )
        for kind, price, rate, count in sheet["items"]
    )
    paid = sheet["paid"]
    return paper.Invoice(
        kind=paper.Kind(document.kind),
        number=document.number,
        issued_on=document.issued_on,
        service_from=date.fromisoformat(sheet["service_from"]),
        service_to=date.fromisoformat(sheet["service_to"]),
        seller=paper.Seller(**seller, bank=paper.BankAccount(**bank) if bank else None),
        buyer=paper.Buyer(**buyer),
        lines=lines,
        language=sheet["language"],
        due_on=date.fromisoformat(sheet["due_on"]) if sheet["due_on"] else None,
        subject=sheet["subject"],
        payment_reference=sheet["payment_reference"],
        paid=paper.Paid(document.total, date.fromisoformat(paid["on"]), paid["by"]) if paid else None,
        corrects=paper.Corrected(corrected.number, corrected.issued_on, document.reason) if corrected else None,
        notes=tuple(sheet["notes"]),
    )


def _description(conference: Conference, item: Item, language: str) -> str:
    if item.admission_type == RETAINED:
        return KEPT[language]
    kind = conference.admission_type(item.admission_type).name(language)
    return f"Teilnahme: {kind}" if language == "de" else f"Admission: {kind}"


def _exemption(conference: Conference, item: Item, language: str) -> str:
    """By which rule there is no VAT; the general words where the organiser gave none."""
    given = (
        "" if item.admission_type == RETAINED else conference.admission_type(item.admission_type).exemption(language)
    )
    return given or NO_VAT[language]


def _address(address: dict[str, Any]) -> paper.Address:
    return paper.Address(tuple(address["lines"]), address["postcode"], address["city"], address["country"])
