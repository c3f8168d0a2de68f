"""Every night Stripe's list is held against the ledger: each kind of difference is found, shown with both sides, and goes by itself
when what was late is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from services.ticket.domain.ledger import Kind, post
from services.ticket.domain.reconciliation import Side, Wrong, compare
from services.ticket.handlers import cancel_order
from services.ticket.store import movements
from services.ticket.store.money_tables import movements as movements_table
from services.ticket.store.movements import Reconciliation
from services.ticket.store.payments import record_entries
from services.ticket.store.tables import ledger, payments
from shared.database import Transaction
from shared.money import Money
from tests.ticket.stage import Held, Stage, euros
from tests.ticket.test_disputes import close, dispute
from tests.ticket.test_staff_pages import send, staff_browser

PAGE = "/organise/stripe"


@pytest.fixture
def town(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage on each database."""
    made = Stage(tmp_path, fresh_database_urls)
    yield made
    assert made.problems() == []
    made.close()


def days(stage: Stage) -> list[Reconciliation]:
    with stage.database.reading() as connection:
        return movements.days(connection)


def found(stage: Stage) -> list[tuple[str, str, int, int]]:
    """(what is wrong, what, how many here, how many at Stripe)."""
    return [
        (str(each.wrong), each.what, len(each.ours), len(each.theirs))
        for day in days(stage)
        for each in day.differences
    ]


def sums(stage: Stage) -> dict[str, int]:
    with stage.database.reading() as connection:
        rows = connection.execute(sa.select(ledger.c.account, sa.func.sum(ledger.c.amount)).group_by(ledger.c.account))
        return {account: int(amount) for account, amount in rows}


def intent_of(stage: Stage, order: Held) -> str:
    return str(stage.cell(sa.select(payments.c.intent_id).where(payments.c.order_id == order.order_id)))


def paid_out(stage: Stage) -> dict[str, object]:
    answer = Client(stage.fake).post("/test/payouts", json={})
    assert answer.status_code == 200
    stage.settle()
    return dict(answer.json or {})


def test_a_day_with_everything_in_it_agrees(town: Stage) -> None:
    first, second, third = town.order(), town.order("student"), town.order("student")
    for order in (first, second, third):
        town.pay(order)
    cancel_order(town.database, second.order_id)
    close(town, dispute(town, third), "won")
    town.settle()
    paid_out(town)
    town.wait(days=2)
    assert found(town) == []
    assert [day.day.isoformat() for day in days(town)] == ["2027-03-02", "2027-03-01"]
    assert days(town)[-1].movements == 7, "three charges, a refund, a dispute and its return, a payout"


def test_fees_and_payouts_are_booked_from_stripes_list_once_and_the_balance_there_is_ours(town: Stage) -> None:
    order = town.order()
    town.pay(order)
    payout = paid_out(town)
    town.webhook("payout.paid", str(payout["id"]), event_id="evt_again")
    town.wait(days=3)
    fee = 324
    assert payout["amount"] == 19900 - fee
    assert sums(town) == {"order": 0, "sales": -19900, "stripe": 0, "fees": fee, "bank": 19900 - fee}
    assert town.cell(sa.select(movements_table.c.payout_id).where(movements_table.c.what == "charge")) == payout["id"]


def test_the_tax_adviser_sees_fee_and_payout_of_each_posting(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    payout = paid_out(stage)
    stage.wait(days=1)
    client = staff_browser(stage, **{"*": ["finance"]})
    sheet = client.get(f"/organise/{stage.conference.conference_id}/postings.csv").data.decode("utf-8-sig")
    rows = {row[2]: row for row in (line.split(";") for line in sheet.splitlines())}
    assert rows["kind"][-2:] == ["Stripe's fee", "payout"]
    assert rows["charge"][-3:] == [intent_of(stage, order), "3.24", payout["id"]]
    assert rows["fee"][3:6] == ["fees", "stripe", "3.24"]
    house = client.get(f"{PAGE}/postings.csv").data.decode("utf-8-sig")
    assert f"{payout['id']}" in house and ";bank;stripe;195.76;" in house


def test_a_payment_that_only_stripe_knows_is_missing_here(town: Stage) -> None:
    order = town.order()
    town.pay(order)
    with town.database.transaction() as tx:
        tx.execute(sa.delete(ledger).where(ledger.c.kind == "charge"))
    town.wait(days=1)
    assert found(town) == [("missing_here", "charge", 0, 1)]
    with town.database.transaction() as tx:
        restore(tx, "charge", order, intent_of(town, order), euros(199))
    town.wait(days=1)
    assert found(town) == [], "what was late is there, and the day agrees"


def test_a_posting_that_stripe_does_not_list_is_missing_there(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    with stage.database.transaction() as tx:
        restore(tx, "refund", order, "re_made_up", euros(10))
    stage.wait(days=1)
    assert found(stage) == [("missing_at_stripe", "refund", 1, 0)]
    _undo(stage, "re_made_up")


def test_another_amount_is_a_difference_with_both_sides(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    _set_charge(stage, 18900)
    stage.wait(days=1)
    (difference,) = days(stage)[0].differences
    assert (difference.wrong, difference.ours, difference.theirs) == (Wrong.AMOUNT, (euros(189),), (euros(199),))
    assert difference.order_id == order.order_id
    _set_charge(stage, 19900)


def test_a_doubled_posting_is_found(stage: Stage) -> None:
    order = stage.order()
    stage.pay(order)
    with stage.database.transaction() as tx:
        restore(tx, "payout", order, "po_1", euros(1))
        restore(tx, "charge", order, intent_of(stage, order), euros(199), posting="pos_again")
    stage.wait(days=1)
    assert ("doubled_here", "charge", 2, 1) in found(stage)
    _undo(stage, "po_1", "pos_again")


def test_a_night_that_is_cut_off_goes_on_where_it_was(stage: Stage) -> None:
    """More than one page: the second one fails for a while, and nothing is booked twice."""
    for _ in range(4):
        stage.pay(stage.order("student"))
    for _ in range(60):
        Client(stage.fake).post("/test/payouts", json={})
        charge_by_somebody_else(stage)
    stage.clock.advance_to(stage.clock.now() + timedelta(days=1))
    assert stage.worker.step() >= 0
    stage.dial(down="503")
    stage.wait(minutes=20)
    stage.dial(down="no")
    stage.wait(minutes=20)
    (day,) = days(stage)
    assert day.movements > 100
    kept = stage.cell(sa.select(sa.func.count()).select_from(movements_table))
    booked = stage.cell(sa.select(sa.func.count(sa.distinct(ledger.c.stripe_id))).where(ledger.c.kind == "fee"))
    assert (kept, booked) == (day.movements, stage.cell(
        sa.select(sa.func.count()).select_from(movements_table).where(movements_table.c.fee != 0)
    ))  # fmt: skip


def test_finance_of_the_house_sees_each_difference_with_what_to_do_and_compares_at_once(stage: Stage) -> None:
    client = staff_browser(stage, **{"*": ["finance"]})
    assert "No day has been compared yet" in client.get(PAGE).get_data(as_text=True)
    order = stage.order()
    stage.pay(order)
    _set_charge(stage, 18900)
    stage.clock.advance_to(stage.clock.now() + timedelta(hours=16))
    client = staff_browser(stage, **{"*": ["finance"]})
    assert send(client, PAGE, {}).status_code == 303
    stage.settle()
    page = client.get(PAGE).get_data(as_text=True)
    assert "another amount" in page and "€189.00" in page and "€199.00" in page
    assert f"/orders/{order.order_id}" in page and "Compare both" in page
    _set_charge(stage, 19900)
    send(client, PAGE, {})
    stage.settle()
    assert "every movement of these days is in the ledger" in client.get(PAGE).get_data(as_text=True)
    for roles in ({"*": ["organiser"]}, {stage.conference.conference_id: ["finance"]}):
        assert staff_browser(stage, **roles).get(PAGE).status_code == 403


def test_a_house_that_is_older_than_the_nightly_comparison_begins_it_with_a_payout(stage: Stage) -> None:
    timers = stage.database.frame.timers
    with stage.database.transaction() as tx:
        tx.execute(sa.delete(timers).where(timers.c.kind == "reconcile"))
    stage.pay(stage.order())
    stage.wait(days=2)
    assert days(stage) == []
    paid_out(stage)
    stage.wait(days=1)
    assert len(days(stage)) == 1


def charge_by_somebody_else(stage: Stage) -> None:
    """A payment on the same account that is for no order of ours."""
    session = stage.context.payments._client.v1.checkout.sessions.create(  # noqa: SLF001
        {
            "mode": "payment",
            "line_items": [
                {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "x"}}}
            ],
            "success_url": "http://elsewhere.example/",
        }
    )
    stage.pay_at_stripe(session.id)


def restore(
    tx: Transaction, kind: Kind, order: Held, object_id: str, amount: Money, posting: str = "pos_by_hand"
) -> None:
    """A posting that no use case made."""
    entries = post(kind, posting, "con_x", order.order_id, amount, tx.now, stripe_id=object_id)
    record_entries(tx, entries)


def _undo(stage: Stage, *made_up: str) -> None:
    with stage.database.transaction() as tx:
        tx.execute(sa.delete(ledger).where(sa.or_(ledger.c.stripe_id.in_(made_up), ledger.c.posting_id.in_(made_up))))


def _set_charge(stage: Stage, amount: int) -> None:
    with stage.database.transaction() as tx:
        tx.execute(
            sa.update(ledger)
            .where(ledger.c.kind == "charge")
            .values(amount=sa.case((ledger.c.account == "stripe", amount), else_=-amount))
        )


SIDES = st.lists(
    st.builds(
        Side,
        st.sampled_from(["charge", "refund", "payout", "fee"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(-3, 3).map(lambda cents: Money(cents, "EUR")),
    ),
    max_size=6,
)


@given(SIDES, SIDES)
def test_two_sides_agree_exactly_when_each_object_has_the_same_amounts(ours: list[Side], theirs: list[Side]) -> None:
    def essence(sides: list[Side]) -> list[tuple[str, str, int]]:
        return sorted((each.object_id, each.what, each.amount.amount) for each in sides if each.what != "fee")

    assert (compare(ours, theirs) == []) == (essence(ours) == essence(theirs))
    mirrored = {Wrong.MISSING_HERE: Wrong.MISSING_AT_STRIPE, Wrong.DOUBLED_HERE: Wrong.DOUBLED_AT_STRIPE}
    mirrored |= {there: here for here, there in mirrored.items()}
    swapped = [(each.object_id, mirrored.get(each.wrong, each.wrong)) for each in compare(theirs, ours)]
    assert swapped == [(each.object_id, each.wrong) for each in compare(ours, theirs)]
