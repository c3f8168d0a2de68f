"""How money that is owed is asked for, and when it is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from services.sponsor_invoice import handlers
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain.vat import VatId
from services.sponsor_invoice.store import Person
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import StaffActed
from shared.events.sponsorship import (
    BankConfirmed,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceWrittenOff,
    PaymentRecorded,
)
from shared.money import Money
from tests.sponsor_invoice.conftest import ACCOUNT, Office, a_package, a_sponsor, euros
from tests.sponsor_invoice.test_signing import all_checks

DUE = date(2027, 3, 15)


def stages(office: Office) -> list[int]:
    return [event.stage for event in office.said(InvoiceOverdue)]


def until_overdue_by(office: Office, days: int) -> None:
    office.pass_days((DUE + timedelta(days=days) - office.today).days)


def test_a_reminder_is_prepared_in_the_morning_of_its_day_and_waits_for_the_bank(office: Office) -> None:
    _, invoice_id = office.sign()
    until_overdue_by(office, 2)
    assert prepared(office) == []
    office.clock.advance_to(datetime(2027, 3, 18, 7, 59, tzinfo=UTC))
    office.work()
    assert prepared(office) == []
    office.clock.advance_to(datetime(2027, 3, 18, 8, 0, tzinfo=UTC))
    office.work()
    assert prepared(office) == [(invoice_id, 1)]
    assert stages(office) == []


def test_the_bank_s_word_up_to_that_day_lets_it_go(office: Office) -> None:
    office.sign()
    until_overdue_by(office, 3)

    assert office.confirm_bank(DUE + timedelta(days=2)) == 0
    assert stages(office) == []
    assert office.confirm_bank(DUE + timedelta(days=3)) == 1
    (reminder,) = office.said(InvoiceOverdue)
    assert (reminder.stage, reminder.days_overdue, reminder.open, reminder.due_on) == (1, 3, euros(5950), DUE)
    assert [event.until for event in office.said(BankConfirmed)][0] == DUE + timedelta(days=2)


def test_a_bank_that_was_confirmed_this_morning_already_lets_it_go_by_itself(office: Office) -> None:
    office.sign()
    until_overdue_by(office, 2)
    office.clock.advance_to(datetime(2027, 3, 18, 6, 0, tzinfo=UTC))
    assert office.confirm_bank() == 1
    office.clock.advance_to(datetime(2027, 3, 18, 9, 0, tzinfo=UTC))
    office.work()
    assert stages(office) == [1]


def test_the_morning_is_the_conference_s_own_also_after_the_clocks_changed(office: Office) -> None:
    _, invoice_id = office.sign(days_to_pay=25)
    office.clock.advance_to(datetime(2027, 3, 29, 6, 59, tzinfo=UTC))
    office.work()
    assert prepared(office) == []
    office.clock.advance_to(datetime(2027, 3, 29, 7, 0, tzinfo=UTC))
    office.work()
    assert prepared(office) == [(invoice_id, 1)]


def test_a_day_is_confirmed_once_however_often_the_button_is_pressed(office: Office) -> None:
    office.confirm_bank()
    office.confirm_bank()
    assert len(office.said(BankConfirmed)) == 1
    assert [event.action for event in office.said(StaffActed)] == ["confirm_bank"]


def test_stale_bank_data_dun_nobody(office: Office) -> None:
    office.sign()
    office.pass_days(5)
    office.confirm_bank()
    office.pass_days(90)
    assert stages(office) == []


def test_whoever_paid_is_not_written_to_although_a_reminder_was_prepared(office: Office) -> None:
    _, invoice_id = office.sign()
    until_overdue_by(office, 3)
    office.pay(invoice_id, euros(5950), DUE + timedelta(days=1))

    office.confirm_bank()
    office.pass_days(60)
    office.confirm_bank()
    assert stages(office) == []
    assert prepared(office) == []
    (paid,) = office.said(InvoicePaid)
    assert paid.paid_on == DUE + timedelta(days=1)


def test_a_person_may_send_what_waits_once(office: Office) -> None:
    _, invoice_id = office.sign()
    until_overdue_by(office, 3)
    office.release(invoice_id, 1)
    assert stages(office) == [1]
    with pytest.raises(Conflict, match="does not wait any more"):
        office.release(invoice_id, 1)
    assert stages(office) == [1]


def test_each_stage_goes_out_once_and_the_ladder_ends(office_anywhere: Office) -> None:
    office = office_anywhere
    office.sign()
    for _ in range(60):
        office.pass_days(1)
        office.confirm_bank()
    assert stages(office) == [1, 2, 3]
    assert [event.days_overdue for event in office.said(InvoiceOverdue)] == [3, 14, 28]


def test_two_stages_never_come_together_however_late_the_first_went_out(office: Office) -> None:
    office.sign()
    until_overdue_by(office, 40)
    assert office.confirm_bank() == 1
    office.pass_days(10)
    assert office.confirm_bank() == 0
    office.pass_days(1)
    assert office.confirm_bank() == 1
    assert [event.days_overdue for event in office.said(InvoiceOverdue)] == [40, 51]


def test_a_promise_holds_everything_until_the_bank_is_confirmed_up_to_its_day(office: Office) -> None:
    _, invoice_id = office.sign()
    until_overdue_by(office, 3)
    office.promise(invoice_id, DUE + timedelta(days=10))

    with pytest.raises(Conflict, match="promised to pay"):
        office.release(invoice_id, 1)
    for _ in range(7):
        office.pass_days(1)
        office.confirm_bank()
    assert stages(office) == []
    office.pass_days(1)
    assert stages(office) == [1]


def test_a_promise_that_is_kept_ends_it(office: Office) -> None:
    _, invoice_id = office.sign()
    until_overdue_by(office, 3)
    office.promise(invoice_id, DUE + timedelta(days=10))
    office.pass_days(7)
    office.pay(invoice_id, euros(5950))
    for _ in range(30):
        office.pass_days(1)
        office.confirm_bank()
    assert stages(office) == []


def test_a_payment_in_part_leaves_the_rest_on_the_ladder(office: Office) -> None:
    _, invoice_id = office.sign()
    office.pay(invoice_id, euros(950))
    (recorded,) = office.said(PaymentRecorded)
    assert (recorded.amount, recorded.open) == (euros(950), euros(5000))
    until_overdue_by(office, 3)
    office.confirm_bank()
    assert office.said(InvoiceOverdue)[0].open == euros(5000)
    assert all_checks(office) == []


def test_too_much_is_kept_as_the_sponsor_s_money(office: Office) -> None:
    _, invoice_id = office.sign()
    office.pay(invoice_id, euros(6000))
    office.pay(invoice_id, euros(10))
    assert [event.open for event in office.said(PaymentRecorded)] == [euros(0), euros(0)]
    assert len(office.said(InvoicePaid)) == 1
    assert balance(office, invoice_id) == -6000
    assert all_checks(office) == []


def test_a_loss_ends_the_ladder_and_a_late_payment_takes_it_back(office_anywhere: Office) -> None:
    office = office_anywhere
    _, invoice_id = office.sign()
    until_overdue_by(office, 40)
    office.write_off(invoice_id)
    with pytest.raises(Conflict):
        office.write_off(invoice_id)
    (lost,) = office.said(InvoiceWrittenOff)
    assert (lost.amount, lost.reason) == (euros(5950), "uncollectible")
    office.pass_days(30)
    office.confirm_bank()
    assert stages(office) == []

    office.pay(invoice_id, euros(5950))
    assert len(office.said(InvoicePaid)) == 1
    assert balance(office, invoice_id) == 0
    assert all_checks(office) == []


def test_a_new_accounting_contact_gets_the_reminders_of_old_invoices(office: Office) -> None:
    office.sign()
    with office.database.transaction() as tx:
        handlers.erase_people(tx, ["per_suche"])
        handlers.enter_sponsor(
            tx, a_sponsor(contact_id="per_new", vat_id=VatId()), Person("per_new", "Bo", "bo@suche.invalid", "en")
        )
    until_overdue_by(office, 3)
    office.confirm_bank()
    assert office.said(InvoiceOverdue)[0].contact == "sponsorship:per_new"


def test_what_cannot_be_is_refused_and_changes_nothing(office: Office) -> None:
    _, invoice_id = office.sign()
    tomorrow = office.today + timedelta(days=1)
    said = len(office.said())
    with pytest.raises(InvalidInput):
        office.pay(invoice_id, euros(0))
    with pytest.raises(InvalidInput):
        office.pay(invoice_id, euros(10), tomorrow)
    with pytest.raises(InvalidInput):
        office.pay(invoice_id, Money(100, "USD"))
    with pytest.raises(InvalidInput):
        office.confirm_bank(tomorrow)
    with pytest.raises(InvalidInput):
        office.promise(invoice_id, office.today - timedelta(days=1))
    with pytest.raises(NotFound):
        office.pay("inv_unknown", euros(1))
    with pytest.raises(NotFound), office.database.transaction() as tx:
        handlers.confirm_bank(tx, account_id="acc_unknown", until=office.today, today=office.today)
    assert len(office.said()) == said
    assert ACCOUNT


def prepared(office: Office) -> list[tuple[str, int]]:
    steps = select(t.reminders.c.invoice_id, t.reminders.c.stage).where(t.reminders.c.state == "prepared")
    with office.database.reading() as connection:
        return [(row.invoice_id, row.stage) for row in connection.execute(steps)]


def balance(office: Office, invoice_id: str) -> int:
    """What the ledger says the sponsor owes, in cents."""
    account = select(func.sum(t.ledger.c.amount)).where(
        t.ledger.c.invoice_id == invoice_id, t.ledger.c.account == "receivable"
    )
    with office.database.reading() as connection:
        return int(connection.execute(account).scalar_one())


def test_a_payment_and_the_bank_s_word_at_once_never_dun_whoever_paid(office_anywhere: Office) -> None:
    office = office_anywhere
    with office.database.transaction() as tx:
        handlers.define_package(tx, a_package(cap=None))
    invoices = [office.sign()[1] for _ in range(8)]
    until_overdue_by(office, 3)

    def pay(invoice_id: str) -> None:
        with office.database.transaction(office.actor) as tx:
            handlers.record_payment(
                tx, payment_id=f"pay_{invoice_id}", invoice_id=invoice_id, amount=euros(5950), booked_on=office.today
            )

    def confirm(_: object) -> None:
        with office.database.transaction(office.actor) as tx:
            handlers.confirm_bank(tx, account_id=ACCOUNT, until=office.today, today=office.today)

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(pay, invoice_id) for invoice_id in invoices] + [pool.submit(confirm, n) for n in range(4)]
        for each in work:
            each.result()

    order = [
        type(event).__name__ + event.invoice_id
        for event in office.said()
        if isinstance(event, InvoicePaid | InvoiceOverdue)
    ]
    for invoice_id in invoices:
        assert order.count(f"InvoicePaid{invoice_id}") == 1
        assert order.count(f"InvoiceOverdue{invoice_id}") <= 1
        assert f"InvoiceOverdue{invoice_id}" not in order[order.index(f"InvoicePaid{invoice_id}") :]
    assert prepared(office) == []
    assert all_checks(office) == []
