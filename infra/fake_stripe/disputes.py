"""Disputes: a card holder asks the bank for the money back; an inquiry only asks us, and takes nothing.

While a chargeback is open or once it is lost, its charge cannot be refunded; one that is won, or an inquiry, leaves that possible.
"""

from __future__ import annotations

from datetime import timedelta

from infra.fake_stripe import charges, events
from infra.fake_stripe.errors import ApiError, bad_param
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present, shown
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

DISPUTE_FEE = 2000
REASONS = ("credit_not_processed", "duplicate", "fraudulent", "general", "product_not_received", "unrecognized")


def open_dispute(work: Work, charge: JsonObject, reason: str, amount: int, inquiry: bool = False) -> JsonObject:
    """Take the amount and a fee from the balance, unless it is an inquiry."""
    if charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} is disputed already.", code="charge_disputed")
    if charge["status"] != "succeeded" or not 0 < amount <= charge["amount"]:
        raise bad_param("Only a paid charge can be disputed, up to its amount.", "amount")
    dispute: JsonObject = {
        "id": work.new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": work.seconds,
        "currency": charge["currency"],
        "evidence_details": {
            "due_by": int((work.now + timedelta(days=9)).timestamp()), "has_evidence": False, "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }  # fmt: skip
    if not inquiry:
        entry = charges.enter(work, "adjustment", dispute, -amount, DISPUTE_FEE)
        dispute["balance_transactions"] = [shown(work.load("balance_transaction", entry))]
    work.tx.put(dispute, ref=charge["payment_intent"])
    charges.save(work, charge | {"disputed": not inquiry, "_charged_back": not inquiry})
    events.record(work, "charge.dispute.created", dispute)
    if not inquiry:
        events.record(work, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(work: Work, dispute: JsonObject, status: str) -> JsonObject:
    """`won` gives the amount back, `lost` leaves it with the card holder; an inquiry just ends."""
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise ApiError(f"Dispute {dispute['id']} is closed already.")
    if status not in ("won", "lost"):
        raise bad_param("A dispute ends as won or lost.", "status")
    if dispute["status"].startswith("warning_"):
        status = "warning_closed"
    dispute |= {"status": status}
    if status == "won":
        dispute["is_charge_refundable"] = True
        charges.save(work, work.load("charge", dispute["charge"]) | {"_charged_back": False})
        entry = charges.enter(work, "adjustment", dispute, dispute["amount"], 0)
        dispute["balance_transactions"] = [
            *dispute["balance_transactions"],
            shown(work.load("balance_transaction", entry)),
        ]
        events.record(work, "charge.dispute.funds_reinstated", dispute)
    work.tx.put(dispute, ref=dispute["payment_intent"])
    events.record(work, "charge.dispute.closed", dispute)
    return dispute


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("dispute", id), params)


def list_disputes(work: Work, params: Params) -> JsonObject:
    fields = {"charge": params.text("charge")}
    return page(work, "dispute", "/v1/disputes", params, ref=params.text("payment_intent"), fields=fields)
