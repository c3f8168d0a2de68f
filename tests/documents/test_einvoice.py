"""The invoice as its readers get it: a person, a banking app, an accounting system, and a validator from elsewhere."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from shared.documents.einvoice import XML_NAME, render_invoice
from shared.documents.invoice import Corrected, Invoice, Kind, Line, Paid, VatRate, cancel
from shared.documents.pdf import sheet
from shared.documents.reference import payment_reference
from shared.documents.typesetting import render_typst_pages
from tests.documents.examples import DOMESTIC, EXEMPT, NOT_TAXABLE, REVERSE_CHARGE, euros
from tests.documents.reading import grey, pdf_text, qr_texts
from tests.tools.mustang.judge import Verdict, judge

TEMPLATE = Path(__file__).resolve().parents[2] / "shared" / "documents" / "invoice.typ"
CANCELLATION = cancel(DOMESTIC, "SP-2027-00046", date(2027, 3, 9), "falsche Anschrift")
CORRECTION = replace(
    DOMESTIC,
    kind=Kind.CORRECTION,
    number="SP-2027-00047",
    due_on=None,
    payment_reference="",
    corrects=Corrected(DOMESTIC.number, DOMESTIC.issued_on, "zwei statt drei Quadratmeter"),
    lines=(Line("Zusätzliche Standfläche, m²", -1, euros(199), VatRate.taxed(1900)),),
)
PAID_TICKETS = replace(
    DOMESTIC,
    number="TI-2027-00001",
    due_on=None,
    language="en",
    subject="Searchlight 2027, Kulturbrauerei, Berlin, 7 to 9 June 2027",
    lines=(
        Line("Regular, 7 to 9 June", 3, euros(299), VatRate.taxed(1900), "Ada Lovelace, Grace Hopper, Mary Shaw"),
        Line("Conference dinner", 7, euros(30), VatRate.taxed(700)),
        Line("Children's workshop", 1, euros(10), VatRate.exempt("Exempt under section 4 no. 22 a UStG.")),
        Line("Donated place", 1, euros(5), VatRate.exempt("Exempt under section 4 no. 18 UStG.")),
    ),
    paid=Paid(euros(1122), date(2027, 2, 28), "card"),
)
SEVERAL_PAGES = replace(
    DOMESTIC,
    number="SP-2027-00048",
    lines=tuple(Line(f"Workshop {n}", 1 + n % 3, euros(5 + 7 * n), VatRate.taxed(1900)) for n in range(40)),
)
EXAMPLES = {
    "a domestic invoice at two rates": DOMESTIC,
    "one taxed at 19 %": replace(DOMESTIC, lines=DOMESTIC.lines[:1]),
    "a price that no rounded net reaches": replace(DOMESTIC, lines=(Line("Ticket", 1, euros(7), VatRate.taxed(1900)),)),
    "reverse charge in the EU": REVERSE_CHARGE,
    "not taxable outside the EU": NOT_TAXABLE,
    "exempt, to a person": EXEMPT,
    "a Stornorechnung": CANCELLATION,
    "a Rechnungskorrektur": CORRECTION,
    "tickets paid by card, for several reasons exempt": PAID_TICKETS,
    "several pages": SEVERAL_PAGES,
}
SPOILED = ("without metadata", "with a wrong sum")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    directory = tmp_path_factory.mktemp("invoices")
    files = []
    for n, invoice in enumerate(EXAMPLES.values()):
        files.append(directory / f"{n}.pdf")
        files[-1].write_bytes(render_invoice(invoice).pdf)
    rendered = render_invoice(DOMESTIC)
    files += [directory / "no_metadata.pdf", directory / "wrong_sum.xml"]
    files[-2].write_bytes(rendered.pdf.replace(b"/Metadata ", b"/Metadatum "))
    files[-1].write_bytes(rendered.xml.replace(b"<ram:GrandTotalAmount>4647.00", b"<ram:GrandTotalAmount>4648.00"))
    return dict(zip((*EXAMPLES, *SPOILED), judge(files), strict=True))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_outsider_finds_a_pdf_a_3_with_a_valid_en_16931_invoice_in(
    example: str, verdicts: dict[str, Verdict]
) -> None:
    verdict = verdicts[example]
    assert (verdict.pdf, verdict.xml, verdict.errors) == ("valid", "valid", ()), verdict.report
    assert "flavour=3b" in verdict.report and "isCompliant=true" in verdict.report


def test_the_outsider_is_no_rubber_stamp(verdicts: dict[str, Verdict]) -> None:
    no_metadata, wrong_sum = (verdicts[spoiled] for spoiled in SPOILED)
    assert no_metadata.pdf == "invalid"
    assert wrong_sum.xml == "invalid" and any("BR-CO-16" in error for error in wrong_sum.errors)


def test_the_same_invoice_gives_the_same_bytes_and_its_xml_is_the_one_inside() -> None:
    first, second = render_invoice(DOMESTIC), render_invoice(replace(DOMESTIC))
    assert first == second
    reader = PdfReader(io.BytesIO(first.pdf))
    assert list(reader.attachments) == [XML_NAME]
    assert reader.attachments[XML_NAME] == [first.xml]
    assert reader.metadata is not None and reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == DOMESTIC.issued_on


def test_a_person_reads_who_what_when_and_how_much_in_german() -> None:
    text = pdf_text(render_invoice(DOMESTIC).pdf)
    for words in (
        "Rechnung", "SP-2027-00042", "1. März 2027", "7.–9. Juni 2027", "PO-4500012345", "DE136695976",
        "Beispiel Suchmaschinen GmbH", "Kreditorenbuchhaltung", "80331 München", "Sponsoring, Paket Gold",
        "3.361,34 €", "Netto zu 19 %", "3.863,03 €", "733,97 €", "3,27 €", "4.647,00 €", "31. März 2027",
        "DE89 3704 0044 0532 0130 00", "USt-IdNr. DE123456788", "Steuernummer 27/123/45678", "VR 12345 B",
    ):  # fmt: skip
        assert words in text, words


def test_reverse_charge_is_said_in_english_and_shows_both_vat_ids_and_no_vat() -> None:
    text = pdf_text(render_invoice(REVERSE_CHARGE).pdf)
    for words in (
        "Invoice", "Reverse charge", "FR83404833048", "DE123456788", "€ 2,500.00", "FRANCE", "Due by", "7–9 June 2027",
    ):  # fmt: skip
        assert words in text, words
    assert "Net total" not in text


def test_a_cancellation_is_titled_stornorechnung_and_never_gutschrift() -> None:
    text = pdf_text(render_invoice(CANCELLATION).pdf)
    assert "Stornorechnung" in text and "Gutschrift" not in text
    assert "Storno der Rechnung SP-2027-00042 vom 1. März 2027. Grund: falsche Anschrift" in text
    assert "\N{MINUS SIGN}3.863,03 €" in text and "\N{MINUS SIGN}4.647,00 €" in text
    assert "überweisen" not in text
    assert "Rechnungskorrektur" in pdf_text(render_invoice(CORRECTION).pdf)


def test_what_was_paid_by_card_asks_for_nothing_more() -> None:
    text = pdf_text(render_invoice(PAID_TICKETS).pdf)
    assert "Paid on 28 February 2027 (card). Thank you." in text and "€ 1,122.00" in text
    assert "IBAN" not in text and not qr_texts(page_image(PAID_TICKETS))


def test_a_long_invoice_goes_on_with_its_head_and_numbered_pages() -> None:
    text = pdf_text(render_invoice(SEVERAL_PAGES).pdf)
    assert "Seite 1 von 3" in text and "Seite 3 von 3" in text
    assert text.count("Einzelpreis brutto") >= 2


def test_a_banking_app_reads_payee_account_amount_and_reference_from_the_girocode() -> None:
    reference = payment_reference("SP202700042")
    (code,) = qr_texts(page_image(DOMESTIC))
    assert code.splitlines()[:4] == ["BCD", "002", "1", "SCT"]
    assert code.splitlines()[4:] == [
        "COBADEFFXXX", "Searchlight e. V.", "DE89370400440532013000", "EUR4647", "", reference,
    ]  # fmt: skip


def test_other_currencies_have_no_girocode() -> None:
    from shared.money import Money

    francs = replace(NOT_TAXABLE, lines=(Line("Paket", 1, Money(250_000, "CHF"), VatRate.not_taxable()),))
    assert not qr_texts(page_image(francs))
    assert "2.500,00 CHF" in pdf_text(render_invoice(francs).pdf)


def test_more_than_a_banking_app_can_be_asked_for_is_asked_for_in_words() -> None:
    huge = replace(DOMESTIC, lines=(Line("Paket", 20_000, euros(99_999), VatRate.taxed(1900)),))
    assert not qr_texts(page_image(huge))
    assert "1.999.980.000,00 €" in pdf_text(render_invoice(huge).pdf)


def test_names_with_marks_of_typst_and_xml_stand_as_they_are() -> None:
    odd = '*A* & <B> #set "C" $x$ _y_ @z'
    rendered = render_invoice(replace(DOMESTIC, buyer=replace(DOMESTIC.buyer, name=odd)))
    assert odd in pdf_text(rendered.pdf)
    assert b"*A* &amp; &lt;B&gt; #set" in rendered.xml


def test_a_name_in_signs_that_no_font_has_stops_nothing_and_the_xml_keeps_it() -> None:
    rendered = render_invoice(
        replace(DOMESTIC, buyer=replace(DOMESTIC.buyer, name="株式会社 👩\N{ZERO WIDTH JOINER}🚀 Łódź"))
    )
    text = pdf_text(rendered.pdf)
    assert "????" in text and "Łódź" in text
    assert "株式会社 👩\N{ZERO WIDTH JOINER}🚀 Łódź" in rendered.xml.decode()
    assert PdfReader(io.BytesIO(rendered.pdf)).attachments[XML_NAME] == [rendered.xml]


def test_a_long_address_pushes_the_headline_down_instead_of_under_it() -> None:
    long = "Gesellschaft zur Förderung der Suche nach allem, was sich nur irgend finden lässt, mit beschränkter Haftung"
    address = replace(DOMESTIC.buyer.address, lines=(long, long, long))
    data = sheet(replace(DOMESTIC, buyer=replace(DOMESTIC.buyer, name=long, address=address)))
    (first, *_), (usual, *_) = render_typst_pages(TEMPLATE, data, 36), render_typst_pages(TEMPLATE, sheet(DOMESTIC), 36)
    assert headline_top(first) > headline_top(usual)


def headline_top(png: bytes) -> int:
    """The first row, in pixels, that is as dark as the accent's rule along its whole length."""
    rows = grey(png)[:, 36:54]
    return int(next(y for y, row in enumerate(rows) if (row < 120).all()))


def page_image(invoice: Invoice) -> bytes:
    return render_typst_pages(TEMPLATE, sheet(invoice))[0]
