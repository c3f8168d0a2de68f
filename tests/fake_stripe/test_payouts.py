"""What is on the balance goes to our bank, and each entry says with which payout."""

from __future__ import annotations

from tests.fake_stripe.conftest import World


def test_a_payout_takes_the_balance_less_fees_and_names_what_is_in_it(world: World) -> None:
    first, second = world.paid_intent(10000), world.paid_intent(20000)
    world.client.v1.refunds.create({"payment_intent": second, "amount": 5000})
    made = world.post("/test/payouts", {}).json
    fees = (150 + 25) + (300 + 25)
    payout = world.client.v1.payouts.retrieve(made["id"])
    assert (payout.object, payout.status, payout.amount) == ("payout", "paid", 25000 - fees)
    entries = world.client.v1.balance_transactions.list({"payout": payout.id, "expand": ["data.source"]}).data
    assert sorted(entry.amount for entry in entries) == [-25000 + fees, -5000, 10000, 20000]
    assert sum(entry.net for entry in entries) == 0
    assert {entry.source["payment_intent"] for entry in entries if entry.type == "charge"} == {first, second}  # type: ignore[index]
    world.fake.deliver_due()
    assert world.endpoint.types.count("payout.paid") == 1


def test_the_next_payout_has_what_came_since(world: World) -> None:
    world.paid_intent(10000)
    first = world.post("/test/payouts", {}).json["id"]
    assert world.post("/test/payouts", {}).status_code == 400, "nothing is left"
    world.paid_intent(20000)
    second = world.post("/test/payouts", {}).json
    assert second["amount"] == 20000 - 325
    assert [each.id for each in world.client.v1.payouts.list({"status": "paid"}).data] == [second["id"], first]


def test_a_won_dispute_is_an_entry_of_its_own_kind(world: World) -> None:
    dispute = world.post("/test/disputes", {"payment_intent": world.paid_intent()}).json
    world.post(f"/test/disputes/{dispute['id']}/close", {"status": "won"})
    kinds = [entry.reporting_category for entry in world.client.v1.balance_transactions.list().data]
    assert kinds == ["dispute_reversal", "dispute", "charge"]
