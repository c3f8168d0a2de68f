"""Money by Stripe: whatever is doubled, late, lost or out of order, each payment ends as one paid order or one refund."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import stripe

from infra.fake_stripe.in_process import WsgiHTTPClient
from services.ticket.domain.errors import HoldExpired
from services.ticket.handlers import begin_payment, cancel_order, confirm_payment, make_vouchers
from services.ticket.payments import Payments
from services.ticket.store.tables import ledger, payments, webhooks
from shared.errors import Conflict, InvalidInput
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionIssued,
    OrderCancelled,
    OrderLapsed,
    OrderPaid,
    PaymentRefunded,
    RefundRequested,
    TierClosed,
    VoucherReleased,
)
from tests.ticket.stage import DECLINED_CARD, START, STRIPE_URL, WEBHOOK_SECRET, Held, Stage, euros


def second_checkout(stage: Stage, order: Held, amount: int = 199) -> str:
    """A checkout for an order that was made behind our back: an old tab, a lost answer."""
    client = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": STRIPE_URL}, http_client=WsgiHTTPClient(stage.fake)
    )
    line: Any = {"currency": "eur", "unit_amount": amount * 100, "product_data": {"name": "Ticket"}}
    made = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": line}],
            "client_reference_id": order.order_id,
            "success_url": "http://localhost/back",
            "expires_at": int((stage.clock.now() + timedelta(hours=2)).timestamp()),
        }
    )
    return made.id


def test_a_paid_order_issues_its_admissions_once(stage: Stage) -> None:
    order = stage.order("regular", "regular")
    stage.pay(order)

    assert stage.state(order) == "paid"
    assert len(stage.said(OrderPaid)) == 1
    assert len(stage.said(AdmissionIssued)) == 2
    assert stage.said(AdmissionIssued)[0].attendee.startswith("ticket:per_")
    assert stage.worker.next_due() is None or stage.worker.next_due() != order.placed.hold_expires_at


def test_the_payment_page_is_made_once_however_often_it_is_opened(stage: Stage) -> None:
    order = stage.order()
    assert stage.pay_page(order) == stage.pay_page(order)


def test_webhooks_return_page_and_sweep_together_have_one_effect(stage: Stage) -> None:
    order = stage.order()
    session = stage.pay_page(order)
    stage.pay_at_stripe(session)
    browser = stage.browser()
    browser.get(f"/orders/{order.reference}?key={order.secret}")
    assert browser.get(f"/orders/{order.reference}/return").status_code == 303
    stage.settle()
    confirm_payment(stage.context, session)
    stage.webhook("checkout.session.completed", session, event_id="evt_again")
    stage.wait(hours=1)

    assert len(stage.said(OrderPaid)) == 1
    assert stage.cell(sa.select(sa.func.count()).select_from(payments)) == 1
    assert stage.said(RefundRequested) == []


def test_a_payment_of_which_no_webhook_tells_is_found_by_the_sweep(stage: Stage) -> None:
    stage.dial(drop_rate=1.0)
    order = stage.order()
    stage.pay_at_stripe(stage.pay_page(order))
    stage.settle()
    assert stage.state(order) == "held"
    stage.wait(minutes=6)
    assert stage.state(order) == "paid"


def test_a_declined_card_leaves_the_hold_and_can_be_followed_by_a_good_one(stage: Stage) -> None:
    order = stage.order()
    session = stage.pay_page(order)
    assert stage.pay_at_stripe(session, DECLINED_CARD) == 402
    stage.settle()
    assert stage.state(order) == "held"
    assert stage.pay_at_stripe(session) == 200
    stage.settle()
    assert stage.state(order) == "paid"


def test_a_hold_that_never_reached_payment_lapses_and_gives_its_capacity_back(stage: Stage) -> None:
    order = stage.order("regular", "regular")
    stage.wait(minutes=30)

    assert stage.state(order) == "lapsed"
    assert (stage.quota_taken(), stage.taken("Early bird")) == (0, 0)
    [lapsed] = stage.said(OrderLapsed)
    assert (lapsed.reason, lapsed.lines[0].count) == ("expired", 2)
    with pytest.raises(HoldExpired):
        begin_payment(stage.context, order.order_id)


def test_a_lapse_does_not_reopen_a_tier_that_closed(stage: Stage) -> None:
    stage.order(*["regular"] * 5)
    stage.wait(minutes=30)
    assert stage.taken("Early bird") == 0
    assert stage.order().placed.total == euros(299)
    assert len(stage.said(TierClosed)) == 1


def test_a_hold_at_the_payment_page_gives_its_capacity_back_only_after_stripe_says_not_paid(stage: Stage) -> None:
    order = stage.order()
    session = stage.pay_page(order)
    stage.dial(down="refuse")
    stage.wait(minutes=45)
    assert (stage.state(order), stage.quota_taken()) == ("held", 1)
    stage.dial(reset=True)
    stage.wait(minutes=10)
    assert (stage.state(order), stage.quota_taken()) == ("lapsed", 0)
    assert stage.context.payments.retrieve(session).status == "expired"


def test_a_buyer_who_pays_while_the_hold_ends_keeps_the_ticket(stage: Stage) -> None:
    stage.dial(drop_rate=1.0)
    order = stage.order()
    session = stage.pay_page(order)
    stage.wait(minutes=29)
    stage.pay_at_stripe(session)
    stage.wait(minutes=5)
    assert stage.state(order) == "paid"
    assert stage.said(OrderLapsed) == []


def test_stripe_may_be_away_for_a_day_and_no_longer(stage: Stage) -> None:
    order = stage.order()
    stage.pay_page(order)
    stage.dial(down="refuse")
    stage.wait(hours=23)
    assert stage.state(order) == "held"
    stage.wait(hours=3)
    assert stage.state(order) == "lapsed"


def test_a_checkout_whose_answer_was_lost_is_found_again(stage: Stage) -> None:
    order = stage.order()
    stage.dial(lost_response_rate=1.0)
    answer = stage.browser().get(f"/pay/{order.reference}?key={order.secret}")
    assert answer.status_code == 503
    assert "kept" in answer.get_data(as_text=True)
    stage.dial(reset=True)
    stage.pay(order)
    assert stage.state(order) == "paid"


def test_a_payment_after_the_lapse_is_honoured_while_capacity_is_left(stage: Stage) -> None:
    order = stage.order()
    session = second_checkout(stage, order)
    stage.wait(minutes=31)
    assert stage.state(order) == "lapsed"
    stage.clock.advance_to(START + timedelta(minutes=40))
    stage.pay_at_stripe(session)
    stage.settle()
    assert stage.state(order) == "paid"
    assert stage.said(OrderPaid)[0].total == euros(199)
    assert (stage.quota_taken(), stage.taken("Early bird")) == (1, 1)


def test_a_payment_after_the_lapse_is_refunded_when_everything_is_gone(stage: Stage) -> None:
    order = stage.order()
    session = second_checkout(stage, order)
    stage.wait(minutes=31)
    stage.order(*["student"] * 10)
    stage.order(*["student"] * 10)
    stage.pay_at_stripe(session)
    stage.settle()
    assert stage.state(order) == "lapsed"
    [refunded] = stage.said(PaymentRefunded)
    assert (refunded.reason, refunded.amount) == ("late", euros(199))
    assert stage.quota_taken() == 20


def test_a_second_payment_is_refunded_and_the_ticket_stays(stage: Stage) -> None:
    order = stage.order()
    again = second_checkout(stage, order)
    stage.pay(order)
    stage.pay_at_stripe(again)
    stage.settle()
    assert stage.state(order) == "paid"
    assert [event.reason for event in stage.said(PaymentRefunded)] == ["doubled"]
    assert stage.said(AdmissionCancelled) == []


def test_a_payment_of_another_amount_goes_back(stage: Stage) -> None:
    order = stage.order()
    session = second_checkout(stage, order, 5)
    stage.pay_at_stripe(session)
    stage.settle()
    assert stage.state(order) == "held"
    assert [event.reason for event in stage.said(PaymentRefunded)] == ["wrong_amount"]


def test_cancelling_a_paid_order_refunds_it_and_gives_its_capacity_back(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    cancel_order(stage.database, order.order_id)
    stage.settle()

    assert stage.state(order) == "cancelled"
    assert stage.quota_taken() == 0
    assert stage.said(OrderCancelled)[0].refund == euros(258)
    assert len(stage.said(AdmissionCancelled)) == 2
    assert [(event.reason, event.amount) for event in stage.said(PaymentRefunded)] == [("cancelled", euros(258))]
    balance = sa.select(sa.func.sum(ledger.c.amount)).where(ledger.c.account == "stripe")
    assert stage.cell(balance) == 0
    with pytest.raises(Conflict):
        cancel_order(stage.database, order.order_id)


def test_a_cancelled_order_is_not_refunded_after_the_conference_has_begun(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.clock.advance_to(stage.conference.doors_at)
    with pytest.raises(Conflict):
        cancel_order(stage.database, order.order_id)
    assert stage.state(order) == "paid"


def test_giving_up_a_hold_frees_it_at_once(stage: Stage) -> None:
    order = stage.order()
    cancel_order(stage.database, order.order_id)
    assert (stage.state(order), stage.quota_taken()) == ("lapsed", 0)
    paying = stage.order()
    stage.pay_page(paying)
    cancel_order(stage.database, paying.order_id)
    stage.settle()
    assert [event.reason for event in stage.said(OrderLapsed)] == ["abandoned", "abandoned"]
    assert stage.quota_taken() == 0


def test_a_cancelled_free_order_gives_its_voucher_back(stage: Stage) -> None:
    from services.ticket.store import vouchers

    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "sponsor", 1)
    with stage.database.reading() as connection:
        code = vouchers.codes_of(connection, lot.lot_id)[0].code
    order = stage.order("sponsor", voucher=code)
    cancel_order(stage.database, order.order_id)
    assert len(stage.said(VoucherReleased)) == 1
    assert stage.order("sponsor", voucher=code).placed.status == "paid"


def test_a_refund_waits_for_stripes_balance(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.dial(balance="pending")
    cancel_order(stage.database, order.order_id)
    stage.settle()
    assert stage.said(PaymentRefunded) == []
    assert len(stage.said(RefundRequested)) == 1
    stage.dial(reset=True)
    stage.wait(minutes=30)
    assert len(stage.said(PaymentRefunded)) == 1


def test_a_refund_that_failed_is_tried_anew(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.dial(balance="failed", settle_seconds=0)
    cancel_order(stage.database, order.order_id)
    stage.settle()
    assert stage.said(PaymentRefunded) == []
    stage.dial(reset=True)
    stage.wait(minutes=30)
    assert len(stage.said(PaymentRefunded)) == 1


def test_a_refund_whose_answer_was_lost_happens_once(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.dial(lost_response_rate=1.0)
    cancel_order(stage.database, order.order_id)
    stage.settle()
    stage.dial(reset=True)
    stage.wait(minutes=30)
    assert len(stage.said(PaymentRefunded)) == 1
    assert stage.cell(sa.select(sa.func.count()).select_from(ledger).where(ledger.c.kind == "refund")) == 2


def test_webhooks_with_a_wrong_signature_or_an_old_time_stamp_are_refused(stage: Stage) -> None:
    body = b'{"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}}'
    for header in ("", "t=1,v1=abc", "nonsense"):
        answer = stage.browser().post("/stripe/webhook", data=body, headers={"Stripe-Signature": header})
        assert answer.status_code == 400
    assert stage.webhook("checkout.session.completed", "cs_1", START - timedelta(seconds=301)) == 400
    assert stage.webhook("checkout.session.completed", "cs_1", START + timedelta(seconds=301)) == 400
    assert stage.cell(sa.select(sa.func.count()).select_from(webhooks)) == 0


def test_a_webhook_about_something_unknown_is_kept_and_alarmed(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert stage.webhook("checkout.session.completed", "cs_test_of_somebody_else") == 204
    stage.settle()
    assert stage.cell(sa.select(webhooks.c.outcome)) == "unknown"
    assert "no checkout of ours" in caplog.text


def test_webhooks_about_other_things_are_only_kept(stage: Stage) -> None:
    assert stage.webhook("charge.updated", "ch_1") == 204
    assert stage.cell(sa.select(webhooks.c.outcome)) == "noted"


def test_a_live_key_is_refused_where_no_money_may_move(stage: Stage) -> None:
    with pytest.raises(InvalidInput):
        Payments("sk_live_x", WEBHOOK_SECRET, stage.clock, STRIPE_URL)


def test_a_hold_ends_in_time_although_a_wrong_payment_came(stage: Stage) -> None:
    order = stage.order()
    stage.pay_at_stripe(second_checkout(stage, order, 5))
    stage.settle()
    stage.wait(minutes=31)
    assert (stage.state(order), stage.quota_taken()) == ("lapsed", 0)


def test_a_late_payment_that_fills_the_cap_closes_the_tier(stage: Stage) -> None:
    order = stage.order()
    session = second_checkout(stage, order)
    stage.wait(minutes=31)
    stage.order(*["regular"] * 4)
    stage.pay_at_stripe(session)
    stage.settle()
    assert stage.state(order) == "paid"
    [closed] = stage.said(TierClosed)
    assert (closed.reason, closed.taken) == ("cap", 5)
    assert stage.order().placed.total == euros(299)
