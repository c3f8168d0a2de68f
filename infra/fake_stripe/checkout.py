"""Paying a session: what the hosted page and `/test/sessions/{id}/pay` both do."""

from __future__ import annotations

from dataclasses import dataclass

from infra.fake_stripe import payments, sessions
from infra.fake_stripe.cards import DEBITS, card_of, digits
from infra.fake_stripe.errors import ApiError, bad_param
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work


@dataclass(frozen=True, slots=True)
class Means:
    """A card number or an IBAN, and who pays with it. Neither is needed where nothing is to be paid."""

    card: str | None = None
    iban: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The session afterwards, and why the bank refused (Stripe's error body), if it did."""

    session: JsonObject
    refusal: JsonObject | None = None


def pay(work: Work, session_id: str, means: Means) -> Outcome:
    """Pay once. A refused card leaves the session open; a session that is not open raises ApiError."""
    session = work.load(sessions.KIND, session_id, "checkout.session")
    if session["status"] != "open":
        raise ApiError(f"This Checkout Session has a status of `{session['status']}`.", code="session_not_open")
    if session["amount_total"] == 0:
        return Outcome(sessions.complete(work, session, "no_payment_required", means.email, means.name))
    billing = {"email": session["customer_email"] or means.email, "name": means.name}
    if means.iban is not None and "sepa_debit" in session["payment_method_types"]:
        debit = DEBITS.get(digits(means.iban))
        if debit is None:
            raise bad_param("That is none of Stripe's test IBANs.", "iban", "invalid_bank_account_iban")
        intent = payments.pay_by_debit(work, payments.begin(work, session), digits(means.iban), debit, billing)
    elif means.card is not None and "card" in session["payment_method_types"]:
        intent = payments.begin(work, session)
        intent = payments.pay_by_card(work, intent, means.card, card_of(means.card), billing)
    else:
        raise bad_param("Say which card, or which IBAN if the session takes sepa_debit.", "card", "parameter_missing")
    session |= {"payment_intent": intent["id"]}
    if intent["status"] == "requires_payment_method":
        sessions.save(work, session)
        return Outcome(session, intent["last_payment_error"])
    status = "paid" if intent["status"] == "succeeded" else "unpaid"
    return Outcome(sessions.complete(work, session, status, means.email, means.name))
