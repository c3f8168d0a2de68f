"""Refunds, disputes, and the balance that they come from."""

from __future__ import annotations

import pytest
import stripe

from tests.fake_stripe.conftest import World


def test_a_payment_is_refunded_in_parts_and_never_beyond_what_was_paid(world: World) -> None:
    intent = world.paid_intent(10000)
    refunds = world.client.v1.refunds
    part = refunds.create({"payment_intent": intent, "amount": 4000, "metadata": {"why": "one of two"}})
    assert (part.object, part.status, part.amount, part.payment_intent) == ("refund", "succeeded", 4000, intent)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as refused:
        refunds.create({"payment_intent": intent, "amount": 6001})
    assert refused.value.param == "amount"
    rest = refunds.create({"payment_intent": intent})
    assert rest.amount == 6000
    with pytest.raises(stripe.InvalidRequestError) as again:
        refunds.create({"payment_intent": intent})
    assert again.value.code == "charge_already_refunded"
    assert [refund.id for refund in refunds.list({"payment_intent": intent}).data] == [rest.id, part.id]
    (charge,) = world.client.v1.charges.list({"payment_intent": intent}).data
    assert (charge.amount_refunded, charge.refunded) == (10000, True)
    assert refunds.retrieve(part.id).metadata["why"] == "one of two"  # type: ignore[index]
    world.fake.deliver_due()
    assert world.endpoint.types.count("charge.refunded") == 2


def test_a_refund_is_on_the_balance_and_the_fee_stays_with_stripe(world: World) -> None:
    intent = world.paid_intent(10000)
    refund = world.client.v1.refunds.create({"payment_intent": intent, "expand": ["balance_transaction"]})
    assert isinstance(refund.balance_transaction, stripe.BalanceTransaction)
    assert (refund.balance_transaction.net, refund.balance_transaction.type) == (-10000, "refund")
    entries = world.client.v1.balance_transactions.list().data
    assert sum(entry.net for entry in entries) == -(150 + 25)


def test_what_was_not_paid_cannot_be_refunded(world: World) -> None:
    session = world.create()
    world.pay(session.id, "4000000000000002")
    intent = world.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent, str)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        world.client.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError):
        world.client.v1.refunds.create({})


def test_a_refund_waits_for_the_balance_and_goes_out_when_it_is_there(world: World) -> None:
    intent = world.paid_intent()
    world.turn(balance="pending")
    refund = world.client.v1.refunds.create({"payment_intent": intent})
    assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")
    world.turn(balance="enough")
    assert world.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    world.fake.deliver_due()
    assert "refund.updated" in world.endpoint.types


@pytest.mark.parametrize(
    ("balance", "card", "reason"),
    [
        ("failed", "4242424242424242", "insufficient_funds"),
        ("enough", "4000000000005126", "expired_or_canceled_card"),
    ],
)
def test_a_failed_refund_can_be_made_again(world: World, balance: str, card: str, reason: str) -> None:
    intent = world.paid_intent(card=card)
    world.turn(balance=balance)
    refund = world.client.v1.refunds.create({"payment_intent": intent})
    world.later(180)
    world.fake.deliver_due()
    failed = world.client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", reason)
    assert "refund.failed" in world.endpoint.types
    (charge,) = world.client.v1.charges.list({"payment_intent": intent}).data
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    world.turn(balance="enough")
    assert world.client.v1.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_refund_to_a_slow_card_is_pending_first(world: World) -> None:
    refund = world.client.v1.refunds.create({"payment_intent": world.paid_intent(card="4000000000007726")})
    assert refund.status == "pending"
    world.later(180)
    assert world.client.v1.refunds.retrieve(refund.id).status == "succeeded"


@pytest.mark.parametrize(("end", "net"), [("won", -2000), ("lost", -21900)])
def test_a_dispute_takes_the_money_until_it_is_won(world: World, end: str, net: int) -> None:
    intent = world.paid_intent(19900)
    opened = world.post("/test/disputes", {"payment_intent": intent, "reason": "unrecognized"})
    assert opened.status_code == 200
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    dispute = opened.json["id"]
    assert world.post(f"/test/disputes/{dispute}/close", {"status": end}).json["status"] == end
    assert world.client.v1.disputes.retrieve(dispute).status == end
    entries = world.client.v1.balance_transactions.list({"source": dispute}).data
    assert sum(entry.net for entry in entries) == net
    world.fake.deliver_due()
    assert world.endpoint.types.count("charge.dispute.created") == 1
    assert world.endpoint.types.count("charge.dispute.closed") == 1


def test_a_card_may_dispute_by_itself(world: World) -> None:
    intent = world.paid_intent(card="4000000000000259")
    (dispute,) = world.client.v1.disputes.list({"payment_intent": intent}).data
    assert (dispute.reason, dispute.status) == ("fraudulent", "needs_response")


def test_a_charge_is_refundable_again_when_its_dispute_is_won_and_all_along_while_a_bank_only_asks(
    world: World,
) -> None:
    """As merchants see it at Stripe: https://github.com/Automattic/woocommerce-payments/issues/7960."""
    won, lost, asked = (world.paid_intent() for _ in range(3))
    for intent, inquiry, outcome in ((won, False, "won"), (lost, False, "lost"), (asked, True, "")):
        dispute = world.post("/test/disputes", {"payment_intent": intent, "inquiry": inquiry}).json
        assert world.client.v1.disputes.retrieve(dispute["id"]).is_charge_refundable == inquiry
        if outcome:
            with pytest.raises(stripe.InvalidRequestError) as refused:
                world.client.v1.refunds.create({"payment_intent": intent})
            assert refused.value.code == "charge_disputed"
            world.post(f"/test/disputes/{dispute['id']}/close", {"status": outcome})
    assert world.client.v1.refunds.create({"payment_intent": won}).status == "succeeded"
    assert world.client.v1.refunds.create({"payment_intent": asked}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        world.client.v1.refunds.create({"payment_intent": lost})
