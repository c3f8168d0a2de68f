"""PaymentIntents: one session's way to its money, by card at once or by direct debit days later."""

from __future__ import annotations

from infra.fake_stripe import charges, disputes, events
from infra.fake_stripe.cards import Card, Debit, Decline
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import page, present
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

BOUNCED = Decline("payment_method_provider_decline", "debit_not_authorized", "The bank account could not be debited.")


def begin(work: Work, session: JsonObject) -> JsonObject:
    """The session's PaymentIntent; made when somebody first tries to pay."""
    if session["payment_intent"] is not None:
        return work.load("payment_intent", session["payment_intent"])
    given = session["_payment_intent_data"]
    id = work.new_id("pi")
    intent: JsonObject = {
        "id": id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{id}_secret_{work.config.ids.secret()}",
        "confirmation_method": "automatic",
        "created": work.seconds,
        "currency": session["currency"],
        "customer": None,
        "description": given.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "next_action": None,
        "payment_method": None,
        "payment_method_types": session["payment_method_types"],
        "processing": None,
        "receipt_email": given.get("receipt_email"),
        "status": "requires_payment_method",
        "_session": session["id"],
    }
    work.tx.put(intent)
    events.record(work, "payment_intent.created", intent)
    return intent


def pay_by_card(work: Work, intent: JsonObject, number: str, card: Card, billing: JsonObject) -> JsonObject:
    """The intent after the card was charged: `succeeded`, or `requires_payment_method` with `last_payment_error`."""
    intent = intent | {"payment_method": work.new_id("pm")}
    charge = charges.make(work, intent, billing, "card", number, card)
    if card.decline is not None:
        return _refuse(work, intent, charges.fail(work, charge, card.decline), card.decline)
    intent = _receive(work, intent, charges.succeed(work, charge))
    if card.disputed:
        disputes.open_dispute(work, work.load("charge", charge["id"]), "fraudulent", charge["amount"])
    return intent


def pay_by_debit(work: Work, intent: JsonObject, iban: str, debit: Debit, billing: JsonObject) -> JsonObject:
    """The intent, `processing` until the bank has answered `settle_seconds` later."""
    intent = intent | {"payment_method": work.new_id("pm"), "status": "processing", "_debit_fails": debit.fails}
    charge = charges.make(work, intent, billing, "sepa_debit", iban, Card("sepa", refund="later"))
    charges.save(work, charge)
    intent["latest_charge"] = charge["id"]
    work.tx.put(intent, due=work.instant + work.dial.settle_seconds)
    events.record(work, "payment_intent.processing", intent)
    return intent


def settle_debit(work: Work, intent: JsonObject) -> JsonObject:
    """What the bank answered to a direct debit."""
    charge = work.load("charge", intent["latest_charge"])
    if intent["_debit_fails"]:
        return _refuse(work, intent, charges.fail(work, charge, BOUNCED), BOUNCED)
    return _receive(work, intent, charges.succeed(work, charge))


def cancel(work: Work, intent_id: str) -> None:
    """Close the intent of a session that nobody can pay any more."""
    intent = work.load("payment_intent", intent_id)
    intent |= {"status": "canceled", "canceled_at": work.seconds, "cancellation_reason": "expired"}
    work.tx.put(intent)
    events.record(work, "payment_intent.canceled", intent)


def _receive(work: Work, intent: JsonObject, charge: JsonObject) -> JsonObject:
    intent |= {
        "status": "succeeded", "amount_received": charge["amount"], "latest_charge": charge["id"],
        "last_payment_error": None,
    }  # fmt: skip
    work.tx.put(intent)
    events.record(work, "charge.succeeded", charge)
    events.record(work, "payment_intent.succeeded", intent)
    return intent


def _refuse(work: Work, intent: JsonObject, charge: JsonObject, decline: Decline) -> JsonObject:
    error = {"type": "card_error", "code": decline.code, "message": decline.message, "charge": charge["id"]}
    if decline.decline_code is not None:
        error["decline_code"] = decline.decline_code
    intent |= {
        "status": "requires_payment_method", "latest_charge": charge["id"], "last_payment_error": error,
        "payment_method": None,
    }  # fmt: skip
    work.tx.put(intent)
    events.record(work, "charge.failed", charge)
    events.record(work, "payment_intent.payment_failed", intent)
    return intent


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load("payment_intent", id), params)


def list_intents(work: Work, params: Params) -> JsonObject:
    return page(work, "payment_intent", "/v1/payment_intents", params)
