"""Refunds: part or all of a paid charge, at once, later, or not at all."""

from __future__ import annotations

from infra.fake_stripe import charges, events
from infra.fake_stripe.errors import ApiError, bad_param
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(work: Work, params: Params) -> JsonObject:
    """Refund `amount` (default: all that is left) of a `payment_intent` or a `charge`."""
    intent_id, charge_id = params.text("payment_intent"), params.text("charge")
    amount = params.integer("amount", least=1)
    reason = params.choice("reason", REASONS)
    metadata = params.metadata()
    params.texts("expand")
    params.refuse_unknown()
    charge = _charge(work, intent_id, charge_id)
    left = charge["amount"] - charge["amount_refunded"]
    if charge.get("_charged_back"):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        raise ApiError(
            f"Refund amount ({_written(amount, charge)}) is greater than unrefunded amount on charge "
            f"({_written(left, charge)})",
            param="amount",
        )
    refund: JsonObject = {
        "id": work.new_id("re"),
        "object": "refund",
        "amount": amount if amount is not None else left,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": work.seconds,
        "currency": charge["currency"],
        "destination_details": {"type": charge["payment_method_details"]["type"]},
        "failure_balance_transaction": None,
        "failure_reason": None,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "pending_reason": None,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
    _begin(work, refund, charge)
    return present(work, work.load("refund", refund["id"]), params)


def _charge(work: Work, intent_id: str | None, charge_id: str | None) -> JsonObject:
    if charge_id is not None:
        return work.load("charge", charge_id, param="charge")
    if intent_id is None:
        raise bad_param("One of the following params should be provided for this request: payment_intent or charge.",
                        "payment_intent", "parameter_missing")  # fmt: skip
    intent = work.load("payment_intent", intent_id, param="payment_intent")
    if intent["status"] != "succeeded":
        raise ApiError(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")
    return work.load("charge", intent["latest_charge"])


def _written(amount: int, charge: JsonObject) -> str:
    return f"{charge['currency'].upper()} {amount // 100:,}.{amount % 100:02}"


def _begin(work: Work, refund: JsonObject, charge: JsonObject) -> None:
    """Reserve the amount on the charge; pay it out now, or when the clock or the balance allows."""
    dial = work.dial
    later: float | None = None
    if dial.balance != "enough":
        refund["pending_reason"] = "insufficient_funds"
        later = work.instant + dial.settle_seconds if dial.balance == "failed" else None
    elif charge["_refund"] == "later":
        refund["pending_reason"] = "processing"
        later = work.instant + dial.settle_seconds
    else:
        _pay_out(work, refund)
        later = work.instant + dial.settle_seconds if charge["_refund"] == "fails" else None
    _save(work, refund, later)
    refunded = charge["amount_refunded"] + refund["amount"]
    charge |= {"amount_refunded": refunded, "refunded": refunded == charge["amount"]}
    charges.save(work, charge)
    events.record(work, "refund.created", refund)
    events.record(work, "charge.refunded", charge)


def _pay_out(work: Work, refund: JsonObject) -> None:
    refund |= {"status": "succeeded", "pending_reason": None}
    refund["balance_transaction"] = charges.enter(work, "refund", refund, -refund["amount"], 0)


def settle(work: Work, refund: JsonObject) -> None:
    """What became of a refund: pending ones are paid out or fail, paid-out ones come back from a closed account."""
    balance = work.dial.balance
    if refund["status"] == "succeeded":
        _fail(work, refund, "expired_or_canceled_card")
    elif balance == "failed":
        _fail(work, refund, "insufficient_funds")
    elif balance == "pending":
        _save(work, refund | {"pending_reason": "insufficient_funds"}, None)
    else:
        _pay_out(work, refund)
        _save(work, refund, None)
        events.record(work, "refund.updated", refund)


def settle_waiting(work: Work) -> None:
    """The balance has changed: look again at every refund that waits for it."""
    for refund in work.tx.select("refund", fields={"status": "pending", "pending_reason": "insufficient_funds"}):
        settle(work, refund)


def _fail(work: Work, refund: JsonObject, reason: str) -> None:
    """Give the amount back to the charge, so that it can be refunded again."""
    if refund["balance_transaction"] is not None:
        refund["failure_balance_transaction"] = charges.enter(work, "refund_failure", refund, refund["amount"], 0)
    refund |= {"status": "failed", "failure_reason": reason, "pending_reason": None}
    _save(work, refund, None)
    charge = work.load("charge", refund["charge"])
    charges.save(work, charge | {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False})
    events.record(work, "refund.updated", refund)
    events.record(work, "refund.failed", refund)


def _save(work: Work, refund: JsonObject, due: float | None) -> None:
    work.tx.put(refund, ref=refund["payment_intent"], due=due)


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("refund", id), params)


def list_refunds(work: Work, params: Params) -> JsonObject:
    fields = {"charge": params.text("charge")}
    return page(work, "refund", "/v1/refunds", params, ref=params.text("payment_intent"), fields=fields)
