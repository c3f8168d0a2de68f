"""Orders and single tickets that are given back: by the promised steps, the way they were paid, never more than that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.domain.policy import STANDARD, Step, check_steps, percent_at, refund_of
from services.ticket.handlers import cancel_order
from services.ticket.handlers.refunding import request_refund
from services.ticket.store import orders, payments
from services.ticket.store.tables import admissions, ledger
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events.ticketing import AdmissionCancelled, OrderCancelled, PaymentRefunded, RefundRequested
from shared.money import Money
from tests.ticket.stage import Held, Stage, euros


def seats(stage: Stage, order: Held) -> list[str]:
    with stage.database.reading() as connection:
        return [each.admission_id for each in orders.load_order(connection, order.order_id).admissions]


def days_before(stage: Stage, days: int) -> None:
    stage.wait(seconds=(stage.conference.doors_at - timedelta(days=days) - stage.clock.now()).total_seconds())


def balance(stage: Stage, account: str) -> int:
    found = stage.cell(sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount), 0)).where(ledger.c.account == account))
    return int(found)


def test_one_ticket_of_three_is_given_back_and_the_others_stay(stage: Stage) -> None:
    order = stage.order("regular", "regular", "student")
    stage.pay(order)
    first, _, student = seats(stage, order)
    cancel_order(stage.database, order.order_id, admission_ids=[first])
    stage.settle()

    assert stage.state(order) == "paid"
    assert stage.quota_taken() == 2
    assert [event.admission_id for event in stage.said(AdmissionCancelled)] == [first]
    assert [event.amount for event in stage.said(PaymentRefunded)] == [euros(199)]
    assert stage.said(OrderCancelled) == []
    assert balance(stage, "stripe") == euros(258).amount
    with pytest.raises(NotFound):
        cancel_order(stage.database, order.order_id, admission_ids=[first])

    cancel_order(stage.database, order.order_id, admission_ids=[student])
    cancel_order(stage.database, order.order_id)
    stage.settle()
    assert stage.state(order) == "cancelled", "the last ticket ends the order"
    assert stage.quota_taken() == 0
    assert sum(event.amount.amount for event in stage.said(PaymentRefunded)) == euros(457).amount
    assert [event.refund for event in stage.said(OrderCancelled)] == [euros(199)]
    assert stage.cell(sa.select(sa.func.count()).where(admissions.c.cancelled_at.is_(None))) == 0


def test_half_goes_back_until_14_days_before_and_the_rest_stays_sold(stage: Stage) -> None:
    order = stage.order("regular")
    stage.pay(order)
    days_before(stage, 20)
    cancel_order(stage.database, order.order_id)
    stage.settle()
    assert [event.amount for event in stage.said(PaymentRefunded)] == [Money(9950, "EUR")]
    assert balance(stage, "sales") == -9950
    assert balance(stage, "order") == 0


def test_in_the_last_two_weeks_a_buyer_can_only_pass_a_ticket_on_but_staff_may_give_back(stage: Stage) -> None:
    order = stage.order("regular")
    stage.pay(order)
    days_before(stage, 10)
    with pytest.raises(Conflict):
        cancel_order(stage.database, order.order_id)
    assert stage.state(order) == "paid"
    cancel_order(stage.database, order.order_id, "staff", "staff:sta_1", percent=80)
    stage.settle()
    assert [event.amount for event in stage.said(PaymentRefunded)] == [Money(15920, "EUR")]


def test_what_was_shown_goes_back_or_nothing_is_cancelled(stage: Stage) -> None:
    order = stage.order("regular")
    stage.pay(order)
    days_before(stage, 20)
    with pytest.raises(Conflict):
        cancel_order(stage.database, order.order_id, seen_percent=100)
    assert stage.state(order) == "paid"


def test_a_refund_larger_than_paid_is_refused(stage: Stage) -> None:
    order = stage.order("regular")
    stage.pay(order)
    with pytest.raises(InvalidInput, match="No more goes back than was paid"):
        cancel_order(stage.database, order.order_id, "staff", "staff:sta_1", percent=101)
    with stage.database.reading() as connection:
        [payment] = payments.payments_of(connection, order.order_id)
    with pytest.raises(InvalidInput, match="No more goes back than was paid"), stage.database.transaction() as tx:
        locked = orders.lock_order(tx, order.order_id)
        request_refund(tx, locked, payment, payment.amount + Money(1, "EUR"), "cancelled")
    assert stage.said(RefundRequested) == []
    assert stage.state(order) == "paid"


def test_an_unpaid_order_is_given_back_whole_only(stage: Stage) -> None:
    order = stage.order("regular", "student")
    with pytest.raises(Conflict):
        cancel_order(stage.database, order.order_id, admission_ids=seats(stage, order)[:1])
    assert stage.quota_taken() == 2


def test_the_buyer_sees_the_amount_of_each_ticket_before_giving_it_back(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    days_before(stage, 20)
    browser = stage.browser()
    browser.get(f"/orders/{order.reference}?key={order.secret}")
    page = browser.get(f"/orders/{order.reference}/cancel").get_data(as_text=True)
    assert "€99.50" in page and "€29.50" in page and "€129.00" in page
    assert "Until 14 days before: 50" in page
    _, student = seats(stage, order)
    form = {"admission": student, "percent": "50", "csrf_token": token_of(page)}
    answer = browser.post(f"/orders/{order.reference}/cancel", data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    stage.settle()
    assert [event.amount for event in stage.said(PaymentRefunded)] == [Money(2950, "EUR")]
    assert "given back" in browser.get(f"/orders/{order.reference}").get_data(as_text=True)
    none = browser.post(f"/orders/{order.reference}/cancel", data={"percent": "50", "csrf_token": token_of(page)})
    assert none.status_code == 422


def test_a_machine_gives_back_one_ticket(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    _, student = seats(stage, order)
    answer = stage.browser().post(
        f"/api/v1/orders/{order.reference}/cancellation?secret={order.secret}", json={"admissions": [student]}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert [each["is_valid"] for each in answer.json["attendees"]] == [True, False]
    assert answer.json["status"] == "paid"
    stage.settle()


def token_of(page: str) -> str:
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize(
    "steps", [[Step(14, 50), Step(30, 100)], [Step(30, 50), Step(14, 100)], [Step(3, 101)], [Step(-1, 9)]]
)
def test_steps_that_do_not_fall_are_refused(steps: list[Step]) -> None:
    with pytest.raises(InvalidInput):
        check_steps(steps)


@given(st.integers(0, 80), st.lists(st.integers(0, 100_000), max_size=10))
def test_parts_of_an_order_never_give_back_more_than_the_whole_or_than_was_paid(days: int, prices: list[int]) -> None:
    doors_at = datetime(2027, 6, 7, 7, tzinfo=UTC)
    percent = percent_at(STANDARD, doors_at, "Europe/Berlin", doors_at - timedelta(days=days))
    assert percent == (100 if days >= 30 else 50 if days >= 14 else 0)
    amounts = [Money(each, "EUR") for each in prices]
    whole = refund_of(amounts, percent, "EUR")
    assert whole.amount == sum(refund_of([each], percent, "EUR").amount for each in amounts) <= sum(prices)


def test_both_databases_know_which_tickets_were_given_back(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    first, second = seats(stage, order)
    cancel_order(stage.database, order.order_id, admission_ids=[first])
    with stage.database.reading() as connection:
        again = orders.load_order(connection, order.order_id)
    assert [each.admission_id for each in again.live_admissions] == [second]
    assert not again.admits(again.admission(first))
    stage.settle()
