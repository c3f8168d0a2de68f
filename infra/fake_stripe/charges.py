"""Charges and the entries that they leave on the balance."""

from __future__ import annotations

from datetime import timedelta

from infra.fake_stripe.cards import Card, Decline, digits
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work


def stripe_fee(amount: int) -> int:
    """Stripe's fee in minor units: 1.5 % (half up) and 25 cents."""
    return (amount * 15 + 500) // 1000 + 25


CATEGORIES = {"payment": "charge", "adjustment": "dispute"}
"""What Stripe's reports call an entry, where that is not its type."""


def enter(work: Work, type: str, source: JsonObject, amount: int, fee: int) -> str:
    """Write a balance transaction of a signed amount in minor units, and return its id."""
    is_reversal = type == "adjustment" and amount > 0
    id = work.new_id("txn")
    fee_details = [
        {"amount": fee, "application": None, "currency": source["currency"], "description": "Stripe processing fees",
         "type": "stripe_fee"}
    ]  # fmt: skip
    work.tx.put(
        {
            "id": id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": int((work.now + timedelta(days=7)).timestamp()),
            "balance_type": "payments",
            "created": work.seconds,
            "currency": source["currency"],
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fee_details if fee else [],
            "net": amount - fee,
            "reporting_category": "dispute_reversal" if is_reversal else CATEGORIES.get(type, type),
            "source": source["id"],
            "status": "pending",
            "type": type,
            "_payout": "",
        },
        ref=source["id"],
    )
    return id


def make(work: Work, intent: JsonObject, billing: JsonObject, method: str, number: str, card: Card) -> JsonObject:
    """A charge of a PaymentIntent that waits; nothing is stored of the number but its last four."""
    last4 = digits(number)[-4:]
    details: JsonObject = (
        {"type": "card", "card": {"brand": card.brand, "last4": last4, "country": "DE", "funding": "credit"}}
        if method == "card"
        else {"type": "sepa_debit", "sepa_debit": {"last4": last4, "country": number[:2], "bank_code": "37040044"}}
    )
    return {
        "id": work.new_id("ch" if method == "card" else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": billing | {"address": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "FAKE STRIPE TEST",
        "captured": method == "card",
        "created": work.seconds,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": details,
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "statement_descriptor": None,
        "status": "pending",
        "_refund": card.refund,
    }


def succeed(work: Work, charge: JsonObject) -> JsonObject:
    """The charge, paid and on the balance less Stripe's fee."""
    paid = charge | {"paid": True, "captured": True, "status": "succeeded", "amount_captured": charge["amount"]}
    paid["outcome"] = {"type": "authorized", "network_status": "approved_by_network", "risk_level": "normal"}
    kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
    paid["balance_transaction"] = enter(work, kind, paid, charge["amount"], stripe_fee(charge["amount"]))
    save(work, paid)
    return paid


def fail(work: Work, charge: JsonObject, decline: Decline) -> JsonObject:
    failed = charge | {"status": "failed", "failure_code": decline.code, "failure_message": decline.message}
    failed["outcome"] = {
        "type": "issuer_declined", "network_status": "declined_by_network", "reason": decline.decline_code,
        "risk_level": "normal",
    }  # fmt: skip
    save(work, failed)
    return failed


def save(work: Work, charge: JsonObject) -> None:
    work.tx.put(charge, ref=charge["payment_intent"])


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("charge", id), params)


def list_charges(work: Work, params: Params) -> JsonObject:
    return page(work, "charge", "/v1/charges", params, ref=params.text("payment_intent"))


def retrieve_entry(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("balance_transaction", id, "balance transaction"), params)


def list_entries(work: Work, params: Params) -> JsonObject:
    fields = {"type": params.text("type"), "_payout": params.text("payout")}
    return page(
        work, "balance_transaction", "/v1/balance_transactions", params, ref=params.text("source"), fields=fields
    )
