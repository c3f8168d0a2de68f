"""A conference is called off: everybody gets everything back, in steps, whatever stands in between."""

from __future__ import annotations

import sqlalchemy as sa

from services.ticket.handlers import call_off
from services.ticket.store.tables import ledger
from shared.events.ticketing import ConferenceCalledOff, OrderCancelled, OrderLapsed, PaymentRefunded
from tests.ticket.stage import Stage, euros


def call(stage: Stage) -> None:
    with stage.database.transaction("staff:sta_1") as tx:
        call_off(tx, "sta_1", stage.conference.conference_id, "The roof leaks.")


def test_everybody_gets_everything_back_also_shortly_before_doors(stage: Stage) -> None:
    paid = [stage.order("regular", "student"), stage.order("student")]
    for order in paid:
        stage.pay(order)
    held, paying = stage.order(), stage.order()
    stage.pay_page(paying)
    call(stage)
    stage.settle()
    stage.wait(minutes=5)

    assert [stage.state(order) for order in (*paid, held, paying)] == ["cancelled", "cancelled", "lapsed", "lapsed"]
    assert stage.quota_taken() == 0
    assert sorted(event.amount.amount for event in stage.said(PaymentRefunded)) == [5900, 25800]
    assert {event.reason for event in stage.said(PaymentRefunded, OrderCancelled, OrderLapsed)} == {"called_off"}
    assert [event.reason for event in stage.said(ConferenceCalledOff)] == ["The roof leaks."]
    assert stage.cell(sa.select(sa.func.sum(ledger.c.amount)).where(ledger.c.account == "stripe")) == 0


def test_it_goes_on_where_it_stopped(stage: Stage) -> None:
    for _ in range(4):
        stage.pay(stage.order("student"))
    call(stage)
    assert stage.worker.step() > 0
    again = stage.worker
    assert stage.quota_taken() > 0, "it is not done yet"
    assert again.step() > 0
    stage.settle()
    assert stage.quota_taken() == 0
    assert len(stage.said(PaymentRefunded)) == 4


def test_who_pays_after_it_was_called_off_gets_it_back(stage: Stage) -> None:
    order = stage.order("student")
    session = stage.pay_page(order)
    assert stage.pay_at_stripe(session) == 200
    call(stage)
    stage.settle()
    stage.wait(minutes=5)
    assert stage.state(order) == "cancelled"
    assert [event.amount for event in stage.said(PaymentRefunded)] == [euros(59)]


def test_a_refund_that_stripe_has_no_balance_for_waits_visibly_and_all_goes_back_later(stage: Stage) -> None:
    from services.ticket.store import refunds

    stage.pay(stage.order("student"))
    stage.dial(balance="pending")
    call(stage)
    stage.settle()
    with stage.database.reading() as connection:
        [(waiting, _)] = refunds.open_refunds(connection, stage.conference.conference_id)
    assert waiting.waits_for == "Stripe says: pending."
    assert waiting.amount == euros(59)
    stage.dial(reset=True)
    stage.wait(minutes=30)
    assert len(stage.said(PaymentRefunded)) == 1
