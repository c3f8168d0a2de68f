"""Orders that are paid by bank transfer: until when, what partial, doubled and late money does, and how they lapse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.ticket.domain.billing import Billing
from services.ticket.domain.errors import SoldOut
from services.ticket.domain.transfer import NoTransfer, PayTerms, order_reference
from services.ticket.handlers import cancel_order
from services.ticket.store import sellers, transfers
from services.ticket.store.sellers import Sale, Seller
from shared.documents.reference import payment_reference
from shared.errors import Conflict, InvalidInput
from shared.events.sponsorship import BankConfirmed, RefundTransferred, TransferMatched
from shared.events.ticketing import (
    AdmissionIssued,
    OrderLapsed,
    OrderPaid,
    OrderPlaced,
    PaymentRefunded,
    RefundRequested,
)
from shared.money import Money
from shared.wire import Envelope
from tests.ticket.stage import START, Held, Stage, euros, make_plan

SELLER = Seller(
    seller_id="sel_1",
    name="Searchlight e. V.",
    address=("Beispielallee 36",),
    postcode="10435",
    city="Berlin",
    country="DE",
    email="finance@searchlight.example.org",
    vat_id="DE123456788",
    tax_number="27/123/45678",
    register="Amtsgericht Charlottenburg, VR 12345 B",
    represented_by="Ada Beispiel",
    account_holder="",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
    account_id="acc_1",
    prefix="TK",
)
COMPANY = Billing("Beispiel GmbH", ("Musterweg 5",), "80331", "München", "DE", "DE136695976", "PO-4500012345")


def sell(stage: Stage, terms: PayTerms | None = None, **changes: Any) -> None:
    """Somebody sells this conference's tickets, and takes transfers."""
    seller = Seller(**{**{name: getattr(SELLER, name) for name in SELLER.__slots__}, **changes})
    with stage.database.transaction() as tx:
        sellers.save_sale(tx, stage.conference.conference_id, Sale(seller, terms or PayTerms()))


def hear(stage: Stage, event: Any, id: str = "") -> None:
    """The sponsor-invoice service says something about the bank."""
    from services.ticket.handlers import REACTIONS

    at = Envelope(
        id or f"evt_{stage.clock.now()}", "t", "sponsorship.bank", "acc_1", 1, stage.clock.now(), "/x", "s", "", event
    )
    with stage.database.transaction() as tx:
        REACTIONS[type(event)](at, tx)
    stage.settle()


def transferred(stage: Stage, order: Held, amount: Money, on: date | None = None, id: str = "trf_1") -> None:
    reference = payment_reference(order.reference)
    hear(stage, TransferMatched(
        account_id="acc_1", transfer_id=id, order_reference=reference, amount=amount,
        booked_on=on or stage.clock.now().date(),
    ))  # fmt: skip


@pytest.fixture
def shop(stage: Stage) -> Stage:
    sell(stage)
    return stage


def test_a_transfer_order_stands_with_its_day_and_is_paid_when_the_bank_says_so(shop: Stage) -> None:
    order = shop.order("regular", payment_method="transfer")
    assert shop.state(order) == "placed"
    placed = shop.said(OrderPlaced)[0]
    assert placed.pay_by.isoformat() == "2027-03-08T22:59:00+00:00", "seven days, at the end of Berlin's day"
    assert placed.payment_method == "transfer"
    assert shop.said(AdmissionIssued) == []

    transferred(shop, order, euros(199))
    assert shop.state(order) == "paid"
    assert len(shop.said(OrderPaid)) == len(shop.said(AdmissionIssued)) == 1
    shop.wait(days=30)
    assert shop.said(OrderLapsed) == shop.said(RefundRequested) == []


def test_a_company_has_fourteen_days(shop: Stage) -> None:
    shop.order(payment_method="transfer", billing=COMPANY)
    assert shop.said(OrderPlaced)[0].pay_by.date() == date(2027, 3, 15)


def test_a_transfer_is_not_offered_without_a_seller_or_when_doors_are_near(stage: Stage) -> None:
    with pytest.raises(NoTransfer):
        stage.order(payment_method="transfer")
    sell(stage)
    stage.clock.advance_to(stage.conference.doors_at - timedelta(days=2))
    with pytest.raises(NoTransfer):
        stage.order(payment_method="transfer")
    assert stage.quota_taken() == 0


def test_pretix_4493_an_unpaid_early_bird_ends_a_week_after_its_tier_at_the_latest(shop: Stage) -> None:
    shop.clock.advance_to(START + timedelta(days=28))
    shop.settle()
    shop.order(payment_method="transfer", billing=COMPANY)
    assert shop.said(OrderPlaced)[0].pay_by.date() == date(2027, 4, 7), "the tier ends on 31 March"


def test_how_far_a_transfer_reaches_past_its_tier_is_a_setting(stage: Stage) -> None:
    sell(stage, PayTerms(past_tier_days=1))
    stage.clock.advance_to(START + timedelta(days=28))
    stage.settle()
    stage.order(payment_method="transfer", billing=COMPANY)
    assert stage.said(OrderPlaced)[0].pay_by.date() == date(2027, 4, 1)


def test_an_order_lapses_when_the_bank_is_confirmed_up_to_its_day(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    shop.wait(days=8)
    hear(shop, BankConfirmed(account_id="acc_1", until=date(2027, 3, 7)))
    assert shop.state(order) == "placed", "the last day is the 8th"
    hear(shop, BankConfirmed(account_id="acc_other", until=date(2027, 3, 8)))
    assert shop.state(order) == "placed", "another account says nothing about ours"
    hear(shop, BankConfirmed(account_id="acc_1", until=date(2027, 3, 8)))
    assert shop.state(order) == "lapsed"
    assert shop.quota_taken() == 0


def test_without_a_word_of_the_bank_an_order_lapses_five_days_after_its_day(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    shop.wait(days=12)
    assert shop.state(order) == "placed"
    shop.wait(days=1)
    assert shop.state(order) == "lapsed"


def test_money_that_the_bank_booked_in_time_pays_however_late_it_is_imported(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    shop.wait(days=11)
    transferred(shop, order, euros(199), on=date(2027, 3, 8))
    assert shop.state(order) == "paid"


def test_a_transfer_counts_once_however_often_it_is_told(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    for _ in range(3):
        transferred(shop, order, euros(199))
    assert len(shop.said(OrderPaid)) == 1
    assert shop.said(RefundRequested) == []


def test_two_parts_pay_an_order_together(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(100))
    assert shop.state(order) == "placed"
    transferred(shop, order, euros(99), id="trf_2")
    assert shop.state(order) == "paid"


def test_too_little_goes_back_when_the_order_lapses(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(100))
    shop.wait(days=14)
    assert shop.state(order) == "lapsed"
    assert [(each.amount, each.reason) for each in shop.said(RefundRequested)] == [(euros(100), "partial")]


def test_too_much_pays_and_the_rest_goes_back(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(250))
    assert shop.state(order) == "paid"
    assert [(each.amount, each.reason) for each in shop.said(RefundRequested)] == [(euros(51), "overpaid")]


def test_pretix_343_the_refund_of_a_second_transfer_leaves_the_ticket(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(199))
    transferred(shop, order, euros(199), id="trf_2")
    assert [each.reason for each in shop.said(RefundRequested)] == ["doubled"]
    hear(shop, RefundTransferred(
        account_id="acc_1", transfer_id="out_1", order_reference=order.reference, amount=euros(199),
        booked_on=shop.clock.now().date(),
    ))  # fmt: skip
    assert shop.state(order) == "paid"
    assert [each.amount for each in shop.said(PaymentRefunded)] == [euros(199)]


def test_pretix_74_late_money_is_honoured_while_there_is_room_at_the_price_it_was_sold_for(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    shop.wait(days=40)
    assert shop.state(order) == "lapsed"
    transferred(shop, order, euros(199))
    assert shop.state(order) == "paid"


def test_late_money_goes_back_when_all_is_sold(tmp_path: Any) -> None:
    stage = Stage(tmp_path, plan=make_plan(capacity=1))
    sell(stage)
    order = stage.order(payment_method="transfer")
    stage.wait(days=14)
    stage.pay(stage.order())
    with pytest.raises(SoldOut):
        stage.order()
    transferred(stage, order, euros(199))
    assert stage.state(order) == "lapsed"
    assert [(each.amount, each.reason) for each in stage.said(RefundRequested)] == [(euros(199), "late")]
    assert stage.problems() == []
    stage.close()


def test_a_cancelled_order_goes_back_by_transfer_and_is_done_when_the_bank_shows_it(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    transferred(shop, order, euros(199))
    cancel_order(shop.database, order.order_id)
    shop.settle()
    assert shop.said(PaymentRefunded) == []
    out = RefundTransferred(
        account_id="acc_1",
        transfer_id="out_1",
        order_reference=payment_reference(order.reference),
        amount=euros(199),
        booked_on=shop.clock.now().date(),
    )
    hear(shop, out)
    hear(shop, out)
    assert len(shop.said(PaymentRefunded)) == 1


def test_a_placed_order_can_be_given_up(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    cancel_order(shop.database, order.order_id)
    assert shop.state(order) == "lapsed"
    assert shop.said(OrderLapsed)[0].reason == "abandoned"
    shop.wait(days=20)
    assert len(shop.said(OrderLapsed)) == 1


def test_a_debit_that_nobody_asked_for_is_not_taken_in_silence(shop: Stage) -> None:
    order = shop.order(payment_method="transfer")
    with pytest.raises(Conflict):
        hear(shop, RefundTransferred(
            account_id="acc_1", transfer_id="out_1", order_reference=order.reference, amount=euros(1),
            booked_on=START.date(),
        ))  # fmt: skip


def test_a_company_that_needs_an_invoice_of_more_than_250_euros_names_its_address(shop: Stage) -> None:
    with pytest.raises(InvalidInput) as caught:
        shop.order("regular", "regular", payment_method="transfer", billing=Billing(company="Beispiel GmbH"))
    assert set(caught.value.facts["errors"]) == {"address", "city", "country"}
    assert shop.quota_taken() == 0


def test_the_reference_is_read_however_a_bank_carries_it() -> None:
    reference = payment_reference("ABCDEFGH")
    assert order_reference(reference) == order_reference(" ".join(reference).lower()) == "ABCDEFGH"
    assert order_reference("abcdefgh") == "ABCDEFGH"


def test_open_orders_are_found_by_reference_amount_and_name(shop: Stage) -> None:
    order = shop.order(payment_method="transfer", billing=COMPANY, buyer_name="Ada Beispiel")
    shop.order(payment_method="transfer")
    shop.order()
    transferred(shop, order, euros(100))

    def find(**by: Any) -> list[str]:
        with shop.database.reading() as connection:
            return [row.reference for row in transfers.find_open(connection, **by)]

    assert len(find()) == 2
    assert find(reference=order.reference) == find(amount=euros(99)) == [order.reference]
    assert find(name="beispiel g") == find(name="ada") == [order.reference]
    assert len(find(amount=euros(199))) == 2
    assert find(name="%") == []
    assert find(amount=euros(199), name="nobody") == []
