"""What happens when a sponsor signs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from services.sponsor_invoice import checks, handlers
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.app import SERVICE
from services.sponsor_invoice.domain.vat import VatId
from services.sponsor_invoice.store import Person
from shared.database.migrate import differences
from shared.errors import Conflict, InvalidInput
from shared.events import PersonErased, StaffActed
from shared.events.sponsorship import (
    BenefitGranted,
    BenefitRevoked,
    InvoiceCorrected,
    InvoiceIssued,
    SponsorshipSigned,
)
from shared.events.ticketing import ConferenceChanged
from shared.money import Money
from tests.documents.reading import pdf_text
from tests.sponsor_invoice.conftest import (
    CONTACT,
    PACKAGE,
    SELLER,
    SPONSOR,
    Office,
    a_package,
    a_seller,
    a_sponsor,
    conference_opened,
    euros,
)


def test_the_migrated_database_is_the_one_that_the_code_describes(office_anywhere: Office) -> None:
    assert differences(office_anywhere.database) == []


def test_a_sponsor_who_signs_gets_one_numbered_invoice_and_their_vouchers(office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()

    (signed,) = office.said(SponsorshipSigned)
    (issued,) = office.said(InvoiceIssued)
    vouchers, logo = office.said(BenefitGranted)
    assert (signed.sponsorship_id, signed.sponsor, signed.price) == (
        sponsorship_id,
        "Beispiel Suchmaschinen GmbH",
        euros(5950),
    )
    assert (issued.invoice_id, issued.number, issued.total) == (invoice_id, "SP-2027-00001", euros(5950))
    assert (issued.vat[0].rate, issued.vat[0].net, issued.vat[0].vat) == (1900, euros(5000), euros(950))
    assert issued.due_on == date(2027, 3, 15)
    assert issued.contact == f"sponsorship:{CONTACT}"
    assert (vouchers.kind, vouchers.count, vouchers.admission_type, vouchers.contact) == (
        "vouchers",
        4,
        "sponsor",
        f"sponsorship:{CONTACT}",
    )
    assert logo.kind == "deliverable"


def test_no_event_bears_a_name_an_address_or_an_account_number(office: Office) -> None:
    _, invoice_id = office.sign()
    office.pay(invoice_id, euros(5950))
    outbox = office.database.frame.outbox
    with office.database.reading() as connection:
        said = b"\n".join(connection.execute(select(outbox.c.value)).scalars())
    assert b"Ada" not in said and b"@" not in said and b"DE8937" not in said


def test_vouchers_that_wait_for_payment_come_with_it(office: Office) -> None:
    _, invoice_id = office.sign(vouchers_wait=True)
    assert [event.kind for event in office.said(BenefitGranted)] == ["deliverable"]

    office.pay(invoice_id, euros(5000))
    assert len(office.said(BenefitGranted)) == 1
    office.pay(invoice_id, euros(950))
    assert [event.kind for event in office.said(BenefitGranted)] == ["deliverable", "vouchers"]


def test_a_package_in_kind_owes_nothing_and_grants_at_once(office: Office) -> None:
    with office.database.transaction() as tx:
        handlers.define_package(tx, a_package(id="pac_kind", in_kind=True, price=euros(0), vouchers_wait=True))
    _, invoice_id = office.sign(package_id="pac_kind")

    assert invoice_id == ""
    assert office.said(InvoiceIssued) == []
    assert len(office.said(BenefitGranted)) == 2


def test_a_package_is_not_sold_beyond_its_cap(office: Office) -> None:
    for _ in range(3):
        office.sign()
    with pytest.raises(Conflict, match="sold out"):
        office.sign()
    assert len(office.said(InvoiceIssued)) == 3


@pytest.mark.parametrize(
    ("country", "vat_id", "total", "treatment"),
    [
        ("FR", VatId("FR40303265045", date(2027, 2, 1)), 5000, "reverse_charge"),
        ("FR", VatId("FR40303265045"), 5950, "taxed"),
        ("FR", VatId(), 5950, "taxed"),
        ("US", VatId(), 5000, "not_taxable"),
    ],
)
def test_vat_follows_where_the_business_sits(
    office: Office, country: str, vat_id: VatId, total: int, treatment: str
) -> None:
    with office.database.transaction() as tx:
        abroad = replace(a_sponsor(), country=country, vat_id=vat_id)
        handlers.enter_sponsor(tx, abroad, Person(CONTACT, "Ada Example", "ada@example.invalid", "en"))
    _, invoice_id = office.sign()
    office.work()

    assert office.said(InvoiceIssued)[0].total == euros(total)
    with office.database.reading() as connection:
        sheet = connection.execute(select(t.invoices.c.sheet)).scalar_one()
        assert sheet["vat"]["treatment"] == treatment
        pdf = connection.execute(select(t.documents.c.content)).scalar_one()
    assert pdf.startswith(b"%PDF")


def test_the_invoice_of_a_demo_says_that_nothing_is_owed(office: Office) -> None:
    office.hear(ConferenceChanged(**vars(conference_opened(is_demo=True))), sequence=2)
    office.sign()
    office.work()
    with office.database.reading() as connection:
        pdf = connection.execute(select(t.documents.c.content)).scalar_one()
    assert "DEMO" in pdf_text(pdf)


def test_an_invoice_is_set_once_and_keeps_its_bytes_whatever_changes_later(office: Office) -> None:
    office.sign()
    office.work()
    documents = select(t.documents.c.content, t.documents.c.sha256)
    with office.database.reading() as connection:
        before = connection.execute(documents).one()

    with office.database.transaction() as tx:
        handlers.enter_sponsor(
            tx, replace(a_sponsor(), name="Renamed GmbH"), Person(CONTACT, "Ada Beispiel", "ada@suche.invalid", "de")
        )
        tx.schedule("set_document", office.said(InvoiceIssued)[0].invoice_id, tx.now)
    office.work()

    with office.database.reading() as connection:
        assert connection.execute(documents).one() == before


def test_a_rolled_back_signature_leaves_no_gap_in_the_numbers(office: Office) -> None:
    office.sign()
    with pytest.raises(RuntimeError), office.database.transaction() as tx:
        handlers.sign_sponsorship(
            tx,
            sponsorship_id="shp_lost",
            package_id=PACKAGE,
            sponsor_id=SPONSOR,
            seller_id=SELLER,
            signed_on=date(2027, 3, 1),
        )
        raise RuntimeError("the power went out")
    office.sign()

    assert [event.number for event in office.said(InvoiceIssued)] == ["SP-2027-00001", "SP-2027-00002"]


def test_numbers_have_no_gap_when_many_sign_at_once_and_some_fail(office_anywhere: Office) -> None:
    office = office_anywhere
    with office.database.transaction() as tx:
        handlers.define_package(tx, a_package(cap=None))

    def sign(n: int) -> None:
        try:
            with office.database.transaction(office.actor) as tx:
                handlers.sign_sponsorship(
                    tx,
                    sponsorship_id=f"shp_{n:03}",
                    package_id=PACKAGE,
                    sponsor_id=SPONSOR,
                    seller_id=SELLER,
                    signed_on=date(2027, 3, 1),
                )
                if n % 3 == 0:
                    raise RuntimeError("this one fails")
        except RuntimeError:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign, range(30)))

    numbers = sorted(event.number for event in office.said(InvoiceIssued))
    assert numbers == [f"SP-2027-{n:05}" for n in range(1, 21)]
    assert all_checks(office) == []


def test_a_stornorechnung_takes_the_invoice_back_and_ends_the_sponsorship(office: Office) -> None:
    _, invoice_id = office.sign()
    for _ in range(2):
        with office.database.transaction(office.actor) as tx:
            handlers.cancel_invoice(
                tx, invoice_id=invoice_id, correction_id="inv_storno", reason="Signed twice", then="end"
            )
    office.work()

    (corrected,) = office.said(InvoiceCorrected)
    assert (corrected.number, corrected.correction_number, corrected.amount) == (
        "SP-2027-00001",
        "SP-2027-00002",
        euros(5950),
    )
    assert len(office.said(BenefitRevoked)) == 2
    with office.database.reading() as connection:
        assert len(connection.execute(select(t.documents.c.invoice_id)).all()) == 2
    assert all_checks(office) == []
    office.sign()
    office.sign()
    office.sign()


def test_an_invoice_with_a_wrong_address_is_cancelled_and_issued_anew(office: Office) -> None:
    sponsorship_id, invoice_id = office.sign()
    with office.database.transaction() as tx:
        moved = replace(a_sponsor(), city="Bremen", postcode="28195")
        handlers.enter_sponsor(tx, moved, Person(CONTACT, "Ada Beispiel", "ada@suche.invalid", "de"))
    with office.database.transaction(office.actor) as tx:
        again = handlers.cancel_invoice(
            tx, invoice_id=invoice_id, correction_id="inv_storno", reason="They moved", then="reissue"
        )

    assert [event.number for event in office.said(InvoiceIssued)] == ["SP-2027-00001", "SP-2027-00003"]
    assert office.said(BenefitRevoked) == []
    with office.database.reading() as connection:
        sheets = {row.id: row.sheet for row in connection.execute(select(t.invoices.c.id, t.invoices.c.sheet))}
    assert sheets[invoice_id]["buyer"]["address"]["city"] == "Hamburg"
    assert sheets[again]["buyer"]["address"]["city"] == "Bremen"
    assert all_checks(office) == []


def test_what_staff_do_is_kept_for_the_audit_trail_once(office: Office) -> None:
    sponsorship_id, _ = office.sign()
    (acted,) = office.said(StaffActed)
    assert (acted.staff_id, acted.action, acted.subject) == ("console:stf_finance", "sign_sponsorship", sponsorship_id)


def test_a_person_who_is_erased_is_gone_and_it_is_said_once(office: Office) -> None:
    for _ in range(2):
        with office.database.transaction() as tx:
            handlers.erase_people(tx, [f"sponsorship:{CONTACT}", "per_unknown"])
    (erased,) = office.said(PersonErased)
    assert erased.person == f"sponsorship:{CONTACT}"
    office.sign()


@pytest.mark.parametrize(
    "refused",
    [
        lambda: a_package(price=euros(0)),
        lambda: a_package(name=" "),
        lambda: a_package(cap=0),
        lambda: a_package(vat_rate=0),
        lambda: a_package(in_kind=True),
    ],
)
def test_a_package_that_cannot_be_sold_is_refused_with_the_field_named(refused: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as error:
        refused()
    assert error.value.facts["errors"]


def test_a_package_counts_in_the_currency_of_its_conference(office: Office) -> None:
    with pytest.raises(InvalidInput, match="currency"), office.database.transaction() as tx:
        handlers.define_package(tx, a_package(price=Money(100000, "USD")))


def test_two_sellers_never_share_a_series(office: Office) -> None:
    with pytest.raises(Conflict, match="Another seller"), office.database.transaction() as tx:
        handlers.define_seller(tx, a_seller(id="sel_other"))


def all_checks(office: Office) -> list[str]:
    with office.database.reading() as connection:
        return [sentence for check in SERVICE.checks for sentence in check(connection)]


def test_the_checks_find_a_ledger_that_was_touched(office: Office) -> None:
    office.sign()
    with office.database.transaction() as tx:
        tx.execute(t.ledger.update().where(t.ledger.c.account == "receivable").values(amount=1))
    assert len(all_checks(office)) >= 2
    assert checks.numbers_have_no_gap is not None
