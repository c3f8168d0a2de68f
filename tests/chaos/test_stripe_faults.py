"""Stripe at its worst: answers that lie about their effect, absence at any moment, webhooks in any order. Money stays whole."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from services.ticket.handlers import cancel_order
from services.ticket.store.tables import ledger, payments
from shared.errors import Conflict
from shared.events.ticketing import AdmissionIssued, OrderLapsed, OrderPaid, PaymentRefunded, RefundRequested
from tests.ticket.stage import Held, Stage, euros

SEEDS = (1, 2, 3)
STORM = {
    "delay_rate": 0.3,
    "delay_seconds": 900,
    "duplicate_rate": 0.4,
    "reorder_rate": 0.4,
    "drop_rate": 0.3,
    "error_after_effect_rate": 0.25,
    "lost_response_rate": 0.25,
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def visit(stage: Stage, order: Held) -> int:
    """Go to the payment page; the status that the buyer's browser gets."""
    return stage.browser().get(f"/pay/{order.reference}?key={order.secret}").status_code


def sessions_at_stripe(stage: Stage, order: Held | None = None) -> list[dict[str, Any]]:
    """Every checkout that Stripe knows, of one order or of all."""
    answer = Client(stage.fake).get("/v1/checkout/sessions?limit=100", headers={"Authorization": "Bearer sk_test_x"})
    sessions: list[dict[str, Any]] = answer.get_json()["data"]
    return [each for each in sessions if order is None or each["client_reference_id"] == order.order_id]


def test_a_checkout_that_was_answered_500_after_its_effect_is_found(stage: Stage) -> None:
    order = stage.order()
    stage.dial(next_answers=["error_after_effect"])
    assert visit(stage, order) == 303
    session = stage.pay_page(order)
    stage.pay_at_stripe(session)
    stage.settle()
    assert stage.state(order) == "paid"


def test_a_refund_that_was_answered_500_after_its_effect_happens_once(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.dial(next_answers=["error_after_effect"])
    cancel_order(stage.database, order.order_id)
    stage.wait(minutes=30)
    [refunded] = stage.said(PaymentRefunded)
    assert refunded.amount == euros(199)
    assert stage.cell(sa.select(sa.func.sum(ledger.c.amount)).where(ledger.c.account == "stripe")) == 0


def test_a_buyer_for_whom_stripe_was_away_for_minutes_can_still_pay(stage: Stage) -> None:
    order = stage.order()
    stage.dial(down="503")
    assert visit(stage, order) == 503
    stage.wait(minutes=5)
    assert visit(stage, order) == 503
    stage.dial(reset=True)
    stage.wait(minutes=5)
    stage.pay(order)
    assert stage.state(order) == "paid"


def test_a_checkout_whose_answer_was_lost_minutes_ago_is_found_and_not_made_again(stage: Stage) -> None:
    order = stage.order()
    stage.dial(next_answers=["lost_response"])
    assert visit(stage, order) == 503
    stage.wait(minutes=5)
    stage.pay(order)
    assert stage.state(order) == "paid"
    assert len(stage.said(OrderPaid)) == 1
    assert stage.said(RefundRequested) == []


def test_a_hold_whose_checkout_was_lost_ends_only_after_that_checkout_was_closed(stage: Stage) -> None:
    order = stage.order()
    stage.dial(next_answers=["lost_response"])
    assert visit(stage, order) == 503
    stage.wait(minutes=31)
    assert stage.state(order) == "lapsed"
    sessions = sessions_at_stripe(stage)
    assert [session["status"] for session in sessions] == ["expired"]


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_storm_every_order_ends_and_every_cent_is_accounted_for(stage: Stage, seed: int) -> None:
    print(f"seed {seed}")
    draw = random.Random(seed)
    stage.dial(**STORM)
    orders: list[Held] = []
    for _ in range(8):
        order = stage.order()
        orders.append(order)
        for _ in range(draw.randint(1, 3)):
            visit(stage, order)
            stage.wait(minutes=draw.randint(0, 4))
        if draw.random() < 0.7:
            for session in sessions_at_stripe(stage, order):
                stage.pay_at_stripe(session["id"])
        if draw.random() < 0.3:
            stage.dial(down=draw.choice(["503", "refuse"]))
            stage.wait(minutes=draw.randint(1, 20))
            stage.dial(down="no")
        if draw.random() < 0.3:
            with contextlib.suppress(Conflict):
                cancel_order(stage.database, order.order_id)
        stage.wait(minutes=draw.randint(0, 9))
    stage.dial(reset=True)
    stage.wait(hours=26)

    states = {order.order_id: stage.state(order) for order in orders}
    assert set(states.values()) <= {"paid", "lapsed", "cancelled"}
    standing = [order_id for order_id, state in states.items() if state == "paid"]
    captured = [s["amount_total"] for s in sessions_at_stripe(stage) if s["payment_status"] == "paid"]
    refunded = [event.amount.amount for event in stage.said(PaymentRefunded)]
    kept = [event.total.amount for event in stage.said(OrderPaid) if event.order_id in standing]
    assert sum(captured) - sum(refunded) == sum(kept)
    assert len(stage.said(RefundRequested)) == len(refunded)
    assert stage.cell(sa.select(sa.func.count()).select_from(payments)) == len(captured)
    assert len(stage.said(AdmissionIssued)) == len(stage.said(OrderPaid))
    assert len(stage.said(OrderLapsed)) >= sum(state == "lapsed" for state in states.values())
    assert stage.quota_taken() == len(standing)
    assert stage.problems() == []
    assert stage.problems() == []
