"""Payouts: what is on the balance goes to our bank, and every entry of it says with which payout it went."""

from __future__ import annotations

from datetime import timedelta

from infra.fake_stripe import charges, events
from infra.fake_stripe.errors import ApiError
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work


def pay_out(work: Work, currency: str) -> JsonObject:
    """Send everything of a currency to the bank, as Stripe does by itself once a day."""
    entries = work.tx.select("balance_transaction", fields={"currency": currency, "_payout": ""})
    amount = sum(entry["net"] for entry in entries)
    if amount <= 0:
        raise ApiError("You have insufficient funds in your Stripe account.", code="balance_insufficient")
    payout: JsonObject = {
        "id": work.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": int((work.now + timedelta(days=2)).timestamp()),
        "automatic": True,
        "balance_transaction": None,
        "created": work.seconds,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_fake",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": None,
        "type": "bank_account",
    }
    entry_id = charges.enter(work, "payout", payout, -amount, 0)
    for entry in (*entries, work.load("balance_transaction", entry_id)):
        work.tx.put(entry | {"_payout": payout["id"]}, ref=entry["source"])
    payout["balance_transaction"] = entry_id
    work.tx.put(payout)
    events.record(work, "payout.created", payout)
    events.record(work, "payout.paid", payout)
    return payout


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("payout", id), params)


def list_payouts(work: Work, params: Params) -> JsonObject:
    fields = {"status": params.choice("status", ("pending", "paid", "failed", "canceled"))}
    return page(work, "payout", "/v1/payouts", params, fields=fields)
