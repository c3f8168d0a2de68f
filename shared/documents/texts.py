"""The words on an invoice, German and English: terms of law, kept side by side so that both are read together."""

from __future__ import annotations

from typing import Final

from shared.documents.invoice import Kind, Language, Treatment, VatRate

TITLES: Final[dict[Language, dict[Kind, str]]] = {
    "de": {Kind.INVOICE: "Rechnung", Kind.CANCELLATION: "Stornorechnung", Kind.CORRECTION: "Rechnungskorrektur"},
    "en": {Kind.INVOICE: "Invoice", Kind.CANCELLATION: "Cancellation", Kind.CORRECTION: "Invoice correction"},
}

TEXTS: Final[dict[Language, dict[str, str]]] = {
    "de": {
        "number": "Rechnungsnummer",
        "own_number": "Belegnummer",
        "issued": "Rechnungsdatum",
        "own_issued": "Belegdatum",
        "service": "Leistung am",
        "service_period": "Leistungszeitraum",
        "due": "Zahlbar bis",
        "order": "Ihre Bestellnummer",
        "buyer_vat": "Ihre USt-IdNr.",
        "cancels": "Storno der Rechnung {number} vom {date}.",
        "corrects": "Korrektur der Rechnung {number} vom {date}.",
        "reason": "Grund: {reason}",
        "item": "Leistung",
        "quantity": "Menge",
        "unit": "Einzelpreis",
        "unit_gross": "Einzelpreis brutto",
        "vat": "USt",
        "net": "Netto",
        "gross": "Brutto",
        "amount": "Betrag",
        "net_total": "Summe netto",
        "net_at": "Netto zu {rate}",
        "vat_at": "Umsatzsteuer {rate}",
        "total": "Gesamtbetrag",
        "paid": "Bezahlt am {date} ({by})",
        "to_pay": "Zu zahlen",
        "to_return": "Zu Ihren Gunsten",
        "settled": "{paid}. Vielen Dank.",
        "pay": "Bitte zahlen",
        "pay_until": "Bitte überweisen Sie {amount} bis zum {date} auf dieses Konto:",
        "pay_now": "Bitte überweisen Sie {amount} auf dieses Konto:",
        "payee": "Empfänger",
        "iban": "IBAN",
        "bic": "BIC",
        "reference": "Verwendungszweck",
        "scan": "Mit der Banking-App scannen",
        "seller_vat": "USt-IdNr. {id}",
        "tax_number": "Steuernummer {id}",
        "page": "Seite {page} von {pages}",
        "exempt": "Steuerfrei",
        "terms_until": "Zahlbar bis {date}",
    },
    "en": {
        "number": "Invoice number",
        "own_number": "Document number",
        "issued": "Invoice date",
        "own_issued": "Document date",
        "service": "Date of service",
        "service_period": "Period of service",
        "due": "Due by",
        "order": "Your purchase order",
        "buyer_vat": "Your VAT ID",
        "cancels": "This cancels invoice {number} of {date}.",
        "corrects": "This corrects invoice {number} of {date}.",
        "reason": "Reason: {reason}",
        "item": "Item",
        "quantity": "Quantity",
        "unit": "Unit price",
        "unit_gross": "Unit price gross",
        "vat": "VAT",
        "net": "Net",
        "gross": "Gross",
        "amount": "Amount",
        "net_total": "Net total",
        "net_at": "Net at {rate}",
        "vat_at": "VAT {rate}",
        "total": "Total",
        "paid": "Paid on {date} ({by})",
        "to_pay": "To pay",
        "to_return": "In your favour",
        "settled": "{paid}. Thank you.",
        "pay": "How to pay",
        "pay_until": "Please transfer {amount} by {date} to this account:",
        "pay_now": "Please transfer {amount} to this account:",
        "payee": "Payee",
        "iban": "IBAN",
        "bic": "BIC",
        "reference": "Reference",
        "scan": "Scan with your banking app",
        "seller_vat": "VAT ID {id}",
        "tax_number": "Tax number {id}",
        "page": "Page {page} of {pages}",
        "exempt": "VAT exempt",
        "terms_until": "Due by {date}",
    },
}

_REASONS: Final[dict[Language, dict[Treatment, str]]] = {
    "de": {
        Treatment.REVERSE_CHARGE: "Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge).",
        Treatment.NOT_TAXABLE: "In Deutschland nicht steuerbare Leistung (§ 3a Abs. 2 UStG).",
    },
    "en": {
        Treatment.REVERSE_CHARGE: "Reverse charge: the recipient is liable for the VAT.",
        Treatment.NOT_TAXABLE: "Not subject to German VAT (section 3a (2) UStG).",
    },
}


def reason_without_vat(vat: VatRate, language: Language) -> str:
    """Why a sale bears no VAT, as it is printed and sent; empty for what is taxed."""
    return vat.reason or _REASONS[language].get(vat.treatment, "")
