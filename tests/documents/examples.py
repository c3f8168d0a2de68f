"""Invoices that tests share, made up from end to end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from shared.documents.invoice import Address, BankAccount, Buyer, Invoice, Kind, Line, Seller, VatRate
from shared.documents.reference import payment_reference
from shared.money import Money

SELLER = Seller(
    name="Searchlight e. V.",
    address=Address(("Beispielallee 36",), "10435", "Berlin", "DE"),
    email="finance@searchlight.example",
    vat_id="DE123456788",
    tax_number="27/123/45678",
    register="Amtsgericht Charlottenburg, VR 12345 B",
    represented_by="Vorstand: Ada Beispiel, Grace Muster",
    bank=BankAccount("Searchlight e. V.", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX"),
)
GERMAN_BUYER = Buyer(
    name="Beispiel Suchmaschinen GmbH",
    address=Address(("Musterweg 5",), "80331", "München", "DE"),
    contact="Kreditorenbuchhaltung",
    email="invoices@beispiel.example",
    vat_id="DE136695976",
    order_number="PO-4500012345",
)
FRENCH_BUYER = Buyer(
    "Exemple Recherche SARL", Address(("12 rue de l'Exemple",), "75011", "Paris", "FR"), vat_id="FR83404833048"
)
SWISS_BUYER = Buyer("Beispiel Suche AG", Address(("Musterstrasse 1", "Postfach"), "8001", "Zürich", "CH"))


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")


DOMESTIC = Invoice(
    kind=Kind.INVOICE,
    number="SP-2027-00042",
    issued_on=date(2027, 3, 1),
    due_on=date(2027, 3, 31),
    service_from=date(2027, 6, 7),
    service_to=date(2027, 6, 9),
    seller=SELLER,
    buyer=GERMAN_BUYER,
    lines=(
        Line("Sponsoring, Paket Gold", 1, euros(4000), VatRate.taxed(1900), "Logo, Stand 3 × 2 m, vier Freikarten"),
        Line("Zusätzliche Standfläche, m²", 3, euros(199), VatRate.taxed(1900)),
        Line("Buch zur Konferenz", 2, euros(25), VatRate.taxed(700)),
    ),
    language="de",
    subject="Searchlight 2027, Kulturbrauerei, Berlin, 7. bis 9. Juni 2027",
    payment_reference=payment_reference("SP202700042"),
)
REVERSE_CHARGE = replace(
    DOMESTIC,
    number="SP-2027-00043",
    buyer=FRENCH_BUYER,
    language="en",
    subject="Searchlight 2027, Kulturbrauerei, Berlin, 7 to 9 June 2027",
    lines=(Line("Sponsorship, Silver package", 1, euros(2500), VatRate.reverse_charge(), "Logo, two vouchers"),),
)
NOT_TAXABLE = replace(
    DOMESTIC,
    number="SP-2027-00044",
    buyer=SWISS_BUYER,
    lines=(Line("Sponsoring, Paket Silber", 1, euros(2500), VatRate.not_taxable(), "Logo, zwei Freikarten"),),
)
EXEMPT = replace(
    DOMESTIC,
    number="SP-2027-00045",
    buyer=Buyer("Ada Muster", Address((), "", "", "DE")),
    service_to=date(2027, 6, 7),
    seller=replace(SELLER, vat_id="", register=""),
    lines=(Line("Eintritt, Early Bird", 1, euros(199), VatRate.exempt("Steuerfrei nach § 19 Abs. 1 UStG.")),),
)
