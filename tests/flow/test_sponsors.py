"""4. Sponsors: signed, invoiced, reminded while the bank is known, paid, and their guests let in for nothing."""

from __future__ import annotations

from datetime import timedelta

from services.sponsor_invoice import handlers as finance
from shared.events.sponsorship import BenefitGranted, InvoiceIssued, InvoiceOverdue, InvoicePaid
from shared.events.ticketing import AdmissionIssued, VoucherIssued, VoucherRedeemed
from shared.money import Money
from tests.flow.house import House, attachments_of, text_of

CONTACT = "frauke.linde@sponsor-0.example"
ACCOUNT = "acc_f"
GOLD = 595_000


def test_signing_issues_a_numbered_invoice_and_its_pdf_reaches_the_contact(house: House) -> None:
    house.sign("Gold", 0)
    house.sign("Bronze", 1)
    issued = house.said(InvoiceIssued)
    numbers = sorted(each.number for each in issued)
    assert [number[-4:] for number in numbers] == ["0001", "0002"], "no gap"
    assert all(each.vat for each in issued)
    [mail] = house.mails(CONTACT, "Rechnung")
    [pdf] = [content for name, content in attachments_of(mail).items() if name.endswith(".pdf")]
    assert pdf.startswith(b"%PDF")
    house.check()


def test_a_reminder_waits_for_the_bank_and_stops_on_payment(house: House) -> None:
    signed = house.sign("Gold")
    house.wait(days=25)
    assert house.said(InvoiceOverdue) == [], "nobody said that the bank was looked at"
    with house.at_work("sponsor_invoice") as tx:
        finance.confirm_bank(tx, account_id=ACCOUNT, until=house.team.today, today=house.team.today)
    [overdue] = house.said(InvoiceOverdue)
    assert (overdue.stage, overdue.open.amount) == (1, GOLD)
    assert house.mailed().count(("sponsor_reminder", "sent")) == 1

    with house.at_work("sponsor_invoice") as tx:
        finance.record_payment(
            tx,
            payment_id="pay_1",
            invoice_id=signed.invoice_id,
            amount=Money(GOLD, "EUR"),
            booked_on=house.team.today - timedelta(days=1),
        )
    [paid] = house.said(InvoicePaid)
    assert paid.paid_on == house.team.today - timedelta(days=1), "the bank's date, not ours"
    house.wait(days=20)
    with house.at_work("sponsor_invoice") as tx:
        finance.confirm_bank(tx, account_id=ACCOUNT, until=house.team.today, today=house.team.today)
    assert len(house.said(InvoiceOverdue)) == 1
    house.check()


def test_a_reminder_goes_out_by_a_button_where_the_bank_is_not_confirmed(house: House) -> None:
    signed = house.sign("Gold")
    house.wait(days=25)
    with house.at_work("sponsor_invoice") as tx:
        finance.release_reminder(tx, invoice_id=signed.invoice_id, stage=1)
    assert [overdue.stage for overdue in house.said(InvoiceOverdue)] == [1]
    assert ("sponsor_reminder", "sent") in house.mailed()


def test_a_packages_vouchers_buy_free_admissions_until_they_are_used_up(house: House) -> None:
    signed = house.sign("Gold")
    assert [each.count for each in house.said(BenefitGranted) if each.kind == "vouchers"] == [5]
    [lot] = house.said(VoucherIssued)
    codes = _codes(house, lot.lot_id)
    assert len(codes) == 5
    assert any(codes[0] in text_of(mail) for mail in house.mails(CONTACT))
    for code in codes:
        free = house.order(1, "sponsor", voucher=code)
        assert (house.status(free), free.payment_url) == ("paid", None)
    house.settle()
    assert len(house.said(VoucherRedeemed)) == 5
    assert [issued.price.amount for issued in house.said(AdmissionIssued)] == [0] * 5
    assert house.headcount().admissions == 5, "guests eat too"

    wish = {
        "email": "x@example.org",
        "attendees": [{"name": "X", "email": "x@example.org", "admission_type": "sponsor"}],
        "consents": {"terms": True, "privacy": True, "code_of_conduct": True},
        "voucher": codes[0],
    }
    used_up = house.stage.browser().post("/api/v1/conferences/flow/orders", json=wish)
    assert used_up.status_code == 409
    assert house.staff().get(f"/finance/sponsorships/{signed.sponsorship_id}").status_code == 200
    house.check()


def test_vouchers_that_wait_for_the_money_come_with_it(house: House) -> None:
    signed = house.sign("Silver")
    assert house.said(VoucherIssued) == []
    with house.at_work("sponsor_invoice") as tx:
        finance.record_payment(
            tx,
            payment_id="pay_1",
            invoice_id=signed.invoice_id,
            amount=Money(297_500, "EUR"),
            booked_on=house.team.today,
        )
    assert [lot.count for lot in house.said(VoucherIssued)] == [3]


def _codes(house: House, lot_id: str) -> list[str]:
    facts = house.stage.runtime.internal("ticket").post("/mail", {"kind": "vouchers", "subject": lot_id})["facts"]
    return [code for code in str(facts["codes"]).split(", ") if code]
