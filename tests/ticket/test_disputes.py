"""What banks take back: flagged, not voided, until it is lost; whatever the order of Stripe's words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from services.ticket.handlers import cancel_order
from services.ticket.store.tables import ledger, payments
from shared.errors import Conflict
from shared.events.ticketing import AdmissionCancelled, DisputeClosed, DisputeOpened
from tests.ticket.stage import Held, Stage, euros


def dispute(stage: Stage, order: Held) -> str:
    intent = stage.cell(sa.select(payments.c.intent_id).where(payments.c.order_id == order.order_id))
    answer = Client(stage.fake).post("/test/disputes", json={"payment_intent": intent})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.json["id"])


def close(stage: Stage, dispute_id: str, status: str) -> None:
    assert Client(stage.fake).post(f"/test/disputes/{dispute_id}/close", json={"status": status}).status_code == 200


def sums(stage: Stage) -> dict[str, int]:
    with stage.database.reading() as connection:
        rows = connection.execute(sa.select(ledger.c.account, sa.func.sum(ledger.c.amount)).group_by(ledger.c.account))
        return {account: int(amount) for account, amount in rows}


def test_a_dispute_flags_the_order_and_leaves_its_tickets_valid(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    dispute(stage, order)
    stage.settle()
    assert [event.amount for event in stage.said(DisputeOpened)] == [euros(258)]
    assert stage.state(order) == "paid"
    assert stage.said(AdmissionCancelled) == []
    assert sums(stage) == {"order": 0, "sales": -25800, "stripe": 0, "disputed": 25800}
    with pytest.raises(Conflict, match="bank"):
        cancel_order(stage.database, order.order_id)


def test_a_dispute_that_is_won_changes_nothing(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    name = dispute(stage, order)
    stage.settle()
    close(stage, name, "won")
    stage.settle()
    assert [event.outcome for event in stage.said(DisputeClosed)] == ["won"]
    assert stage.state(order) == "paid"
    assert sums(stage) == {"order": 0, "sales": -19900, "stripe": 19900, "disputed": 0}


def test_a_dispute_that_is_lost_voids_the_tickets_and_frees_their_capacity(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    name = dispute(stage, order)
    close(stage, name, "lost")
    stage.settle()
    assert len(stage.said(DisputeOpened)) == 1, "also when the first thing we hear is its end"
    assert [event.outcome for event in stage.said(DisputeClosed)] == ["lost"]
    assert stage.state(order) == "cancelled"
    assert len(stage.said(AdmissionCancelled)) == 2
    assert stage.quota_taken() == 0
    assert set(sums(stage).values()) == {0}


def test_a_dispute_is_booked_once_however_often_stripe_speaks_of_it(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    stage.dial(duplicate_rate=1.0, reorder_rate=1.0)
    name = dispute(stage, order)
    close(stage, name, "lost")
    stage.wait(minutes=10)
    assert stage.webhook("charge.dispute.closed", name, event_id="evt_again") == 204
    stage.settle()
    assert len(stage.said(DisputeOpened)) == len(stage.said(DisputeClosed)) == 1
    assert stage.cell(sa.select(sa.func.count()).where(ledger.c.kind.like("dispute%"))) == 4


def test_a_dispute_about_something_unknown_is_kept_and_changes_nothing(stage: Stage) -> None:
    assert stage.webhook("charge.dispute.created", "dp_of_somebody_else") == 204
    stage.settle()
    assert stage.said(DisputeOpened) == []
