"""One order with its ledger against a simple model, through any history, on both databases; and its states as they are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import Client

from services.ticket.domain.ledger import SIDES
from services.ticket.domain.order import TRANSITIONS, State
from services.ticket.handlers import cancel_order, change_conference
from services.ticket.store import orders
from services.ticket.store.tables import ledger, payments
from shared.errors import Conflict, Refused
from tests.ticket.stage import Held, Stage

ROOT = Path(__file__).parents[2]
PRICES = {"regular": 19900, "student": 5900}


class Money(RuleBasedStateMachine):
    """The model: which tickets live, what was paid, what went back, and what a bank holds."""

    stage: Stage

    @initialize(types=st.lists(st.sampled_from(sorted(PRICES)), min_size=1, max_size=3))
    def begin(self, types: list[str]) -> None:
        self.order: Held = self.stage.order(*types)
        self.state = "held"
        self.paid = self.back = self.disputed = self.lost = 0
        self.dispute = ""
        with self.stage.database.reading() as connection:
            seats = orders.load_order(connection, self.order.order_id).admissions
        self.live = {each.admission_id: each.price.amount for each in seats}
        self.session = ""

    @property
    def total(self) -> int:
        return sum(self.live.values())

    @precondition(lambda self: self.state == "held")
    @rule()
    def pay(self) -> None:
        self.stage.pay(self.order)
        self.state, self.paid = "paid", self.total

    @precondition(lambda self: self.state == "held")
    @rule()
    def let_it_lapse(self) -> None:
        self.session = self.stage.pay_page(self.order)
        self.stage.wait(minutes=40)
        self.state = "lapsed"

    @precondition(lambda self: self.state == "held")
    @rule()
    def give_up(self) -> None:
        cancel_order(self.stage.database, self.order.order_id)
        self.stage.settle()
        self.state = "lapsed"

    @precondition(lambda self: self.state == "paid")
    @rule(data=st.data(), percent=st.sampled_from([100, 50, 33, 0]))
    def give_back(self, data: st.DataObject, percent: int) -> None:
        chosen = data.draw(st.sets(st.sampled_from(sorted(self.live)), min_size=1))
        arguments = {"admission_ids": sorted(chosen), "percent": percent}
        if self.dispute:
            with pytest.raises(Conflict):
                cancel_order(self.stage.database, self.order.order_id, "staff", "staff:s", **arguments)  # type: ignore[arg-type]
            return
        cancel_order(self.stage.database, self.order.order_id, "staff", "staff:s", **arguments)  # type: ignore[arg-type]
        self.stage.settle()
        self.back += sum(self.live.pop(each) * percent // 100 for each in chosen)
        if not self.live:
            self.state = "cancelled"

    @precondition(lambda self: self.state in ("lapsed", "cancelled"))
    @rule()
    def give_back_what_is_over(self) -> None:
        with pytest.raises(Refused):
            cancel_order(self.stage.database, self.order.order_id)

    @precondition(lambda self: self.state == "paid" and not self.dispute and not self.back)
    @rule()
    def be_disputed(self) -> None:
        intent = self.stage.cell(sa.select(payments.c.intent_id).where(payments.c.order_id == self.order.order_id))
        answer = Client(self.stage.fake).post("/test/disputes", json={"payment_intent": intent})
        if answer.status_code != 200:  # once won, Stripe takes no second one about a charge
            return
        self.dispute, self.disputed = answer.json["id"], self.paid
        self.stage.settle()

    @precondition(lambda self: bool(self.dispute))
    @rule(outcome=st.sampled_from(["won", "lost"]))
    def decide(self, outcome: str) -> None:
        Client(self.stage.fake).post(f"/test/disputes/{self.dispute}/close", json={"status": outcome})
        self.stage.settle()
        self.dispute, self.disputed = "", 0
        if outcome == "lost":
            self.lost, self.state, self.live = self.paid, "cancelled", {}

    @precondition(lambda self: self.state == "paid" and not self.lost)
    @rule(hours=st.integers(1, 12))
    def let_time_pass(self, hours: int) -> None:
        self.stage.wait(hours=hours)

    @invariant()
    def the_ledger_is_the_models(self) -> None:
        if not hasattr(self, "order"):
            return
        assert self.stage.state(self.order) == self.state
        with self.stage.database.reading() as connection:
            rows = connection.execute(
                sa.select(ledger.c.account, sa.func.sum(ledger.c.amount))
                .where(ledger.c.order_id == self.order.order_id)
                .group_by(ledger.c.account)
            )
            sums = {account: int(amount) for account, amount in rows}
            live = orders.load_order(connection, self.order.order_id).live_admissions
        kept = self.paid - self.back - self.lost
        expected = {"stripe": kept - self.disputed, "sales": -kept, "disputed": self.disputed}
        sums["stripe"] = sums.get("stripe", 0) + sums.pop("fees", 0)  # booked in the night, and not the model's
        found = {account: amount for account, amount in sums.items() if amount}
        assert found == {account: amount for account, amount in expected.items() if amount}
        if self.state in ("paid", "cancelled"):
            assert {each.admission_id for each in live} == set(self.live)
        assert self.stage.problems() == []

    def teardown(self) -> None:
        if getattr(self, "state", "") == "held":
            cancel_order(self.stage.database, self.order.order_id)
        elif getattr(self, "state", "") == "paid" and not self.dispute:
            cancel_order(self.stage.database, self.order.order_id, "staff", "staff:s", percent=0)
        self.stage.settle()


def test_an_order_and_its_ledger_are_those_of_a_simple_model_through_any_history(
    fresh_database_urls: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path / "home", fresh_database_urls)
    with stage.database.transaction() as tx:  # room for every history: what is kept of one takes none from the next
        change_conference(tx, stage.conference.conference_id, capacity=10_000)
    machine = type("MoneyOfThis", (Money,), {"stage": stage})
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=12, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
        assert stage.problems() == []
    finally:
        stage.close()


def test_the_states_that_docs_draw_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "domain.md").read_text()
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", text, re.M))
    known = {str(state) for state in State}
    arrows = {(before, after) for before, after in drawn if before in known and after in known}
    assert arrows == {(str(before), str(after)) for before, to in TRANSITIONS.items() for after in to}


def test_the_postings_that_docs_list_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "domain.md").read_text()
    table = text.split("| posting | grows | shrinks | when |")[1].split("\n\n")[0]
    listed: dict[str, tuple[str, str]] = {}
    for line in table.splitlines()[2:]:
        kinds, grows, shrinks = ([each.strip() for each in cell.split(",")] for cell in line.split("|")[1:4])
        listed |= {kind: (more, less) for kind, more, less in zip(kinds, grows, shrinks, strict=True)}
    assert listed == SIDES
