"""What banks take back: flagged, not voided, until it is lost; whatever the order of Stripe's words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from services.ticket.handlers import cancel_order, finish_refund, name_payee
from services.ticket.store import documents, movements, refunds, transfers
from services.ticket.store.tables import ledger, payments
from shared.errors import Conflict
from shared.events.ticketing import AdmissionCancelled, DisputeClosed, DisputeOpened, PaymentRefunded
from tests.ticket.stage import Held, Stage, euros
from tests.ticket.test_transfers import COMPANY, sell

CLOSED_CARD = "4000000000005126"


def dispute(stage: Stage, order: Held, **more: object) -> str:
    intent = stage.cell(sa.select(payments.c.intent_id).where(payments.c.order_id == order.order_id))
    answer = Client(stage.fake).post("/test/disputes", json={"payment_intent": intent, **more})
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


def test_what_was_won_can_be_given_back_like_any_other_payment(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    name = dispute(stage, order)
    close(stage, name, "won")
    stage.settle()
    cancel_order(stage.database, order.order_id)
    stage.settle()
    assert [event.amount for event in stage.said(PaymentRefunded)] == [euros(199)]
    assert set(sums(stage).values()) == {0}


def test_a_refund_that_a_dispute_overtakes_waits_and_goes_out_when_it_is_won(stage: Stage) -> None:
    order, name = _overtaken(stage)
    assert "bank" in waits_for(stage, order)
    close(stage, name, "won")
    stage.settle()
    assert [event.amount for event in stage.said(PaymentRefunded)] == [euros(199)]
    assert set(sums(stage).values()) == {0}


def test_a_refund_that_a_dispute_overtakes_ends_when_it_is_lost_for_the_bank_gave_the_money_back(stage: Stage) -> None:
    order, name = _overtaken(stage)
    close(stage, name, "lost")
    stage.wait(hours=1)
    assert stage.said(PaymentRefunded) == []
    with stage.database.reading() as connection:
        assert refunds.open_refunds(connection, stage.conference.conference_id) == []
    assert set(sums(stage).values()) == {0}
    timers = stage.database.frame.timers
    assert stage.cell(sa.select(sa.func.count()).where(timers.c.stuck)) == 0


def _overtaken(stage: Stage) -> tuple[Held, str]:
    """A cancelled order whose refund waits for Stripe's balance when the bank takes the money back."""
    order = stage.order()
    stage.pay(order)
    stage.dial(down="503")
    cancel_order(stage.database, order.order_id)
    stage.settle()
    stage.dial(down="no")
    name = dispute(stage, order)
    stage.wait(minutes=30)
    return order, name


def waits_for(stage: Stage, order: Held) -> str:
    with stage.database.reading() as connection:
        (refund,) = refunds.refunds_of(connection, order.order_id)
    return refund.waits_for


def test_money_that_went_back_twice_is_written_off(stage: Stage) -> None:
    """Refunded by us, then taken back by the bank as well: the ledger says what it cost."""
    order = stage.order()
    stage.pay(order)
    cancel_order(stage.database, order.order_id)
    stage.settle()
    close(stage, dispute(stage, order), "lost")
    stage.settle()
    assert sums(stage) == {"order": 0, "sales": 0, "stripe": -19900, "disputed": 0, "shortage": 19900}


def test_an_inquiry_takes_no_money_and_flags_nothing(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    name = dispute(stage, order, inquiry=True)
    stage.settle()
    assert stage.said(DisputeOpened) == []
    cancel_order(stage.database, order.order_id)
    close(stage, name, "won")
    stage.settle()
    assert stage.said(DisputeClosed) == []
    assert set(sums(stage).values()) == {0}


def test_a_lost_dispute_corrects_the_invoice(stage: Stage) -> None:
    sell(stage)
    order = stage.order(billing=COMPANY)
    stage.pay(order)
    close(stage, dispute(stage, order), "lost")
    stage.settle()
    with stage.database.reading() as connection:
        kinds = [each.kind for each in documents.documents_of(connection, order.order_id)]
    assert kinds == ["invoice", "cancellation"]


def test_a_refund_that_the_card_could_not_take_becomes_a_transfer_for_finance(stage: Stage) -> None:
    order = stage.order()
    assert stage.pay_at_stripe(stage.pay_page(order), CLOSED_CARD) == 200
    stage.settle()
    cancel_order(stage.database, order.order_id)
    stage.wait(days=2)
    with stage.database.reading() as connection:
        ((_, task),) = transfers.refunds_of_conference(connection, stage.conference.conference_id)
    assert (task.amount, task.reason, task.iban) == (euros(199), "returned", "")
    assert sums(stage)["order"] == -19900, "it is still owed"
    with stage.database.transaction("console:stf_1") as tx:
        name_payee(tx, "stf_1", task.conference_id, task.refund_id, "Ada", "DE02120300000000202051")
        finish_refund(tx, "stf_1", task.conference_id, task.refund_id, stage.clock.now().date())
    assert sums(stage)["order"] == 0
    stage.wait(days=1)
    with stage.database.reading() as connection:
        assert [each.differences for each in movements.days(connection)] == [(), (), ()]


def test_a_dispute_about_something_unknown_is_kept_and_changes_nothing(stage: Stage) -> None:
    assert stage.webhook("charge.dispute.created", "dp_of_somebody_else") == 204
    stage.settle()
    assert stage.said(DisputeOpened) == []
