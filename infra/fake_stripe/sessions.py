"""Checkout Sessions: made for a cart, paid once or expired, never both."""

from __future__ import annotations

import re

from infra.fake_stripe import events, payments
from infra.fake_stripe.errors import ApiError, bad_param
from infra.fake_stripe.params import Params
from infra.fake_stripe.shape import line_items, page, present
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

KIND = "checkout.session"
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60
LEAST_CHARGE = 50
LOCALES = ("auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv",
           "nb", "nl", "pl", "pt", "ro", "sk", "sl", "sv", "tr", "zh")  # fmt: skip


def create(work: Work, params: Params) -> JsonObject:
    """A session of mode `payment` with inline prices. Parameters that the fake does not know are refused."""
    mode = params.required("mode")
    if mode != "payment":
        raise bad_param("The fake Stripe sells in mode payment only.", "mode")
    success_url = params.web_address("success_url")
    if success_url is None:
        raise bad_param("Missing required param: success_url.", "success_url", "parameter_missing")
    params.choice("ui_mode", ("hosted_page",))
    items, currency = _read_items(work, params)
    total = sum(item["amount_total"] for item in items)
    if 0 < total < LEAST_CHARGE:
        raise bad_param("The Checkout Session's total amount must convert to at least 50 cents.",
                        "line_items", "amount_too_small")  # fmt: skip
    id = work.new_id("cs_test")
    email = params.text("customer_email", longest=512)
    session: JsonObject = {
        "id": id,
        "object": KIND,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.choice("billing_address_collection", ("auto", "required")),
        "cancel_url": params.web_address("cancel_url"),
        "client_reference_id": params.text("client_reference_id", longest=200),
        "client_secret": None,
        "created": work.seconds,
        "currency": currency,
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": _details(email, None) if email is not None else None,
        "customer_email": email,
        "expires_at": _expiry(work, params),
        "invoice": None,
        "livemode": False,
        "locale": params.choice("locale", LOCALES),
        "metadata": params.metadata(),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_types": _methods(work, params),
        "payment_status": "unpaid" if total else "no_payment_required",
        "setup_intent": None,
        "shipping_cost": None,
        "status": "open",
        "submit_type": params.choice("submit_type", ("auto", "pay", "book", "donate")),
        "subscription": None,
        "success_url": success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{work.base_url}/c/pay/{id}",
        "_line_items": items,
        "_payment_intent_data": _intent_data(params),
    }
    params.texts("expand")
    params.refuse_unknown()
    save(work, session)
    return present(work, session, params)


def _read_items(work: Work, params: Params) -> tuple[list[JsonObject], str]:
    given = params.items("line_items")
    if not given:
        raise bad_param("Missing required param: line_items.", "line_items", "parameter_missing")
    if len(given) > 100:
        raise bad_param("A Checkout Session takes at most 100 line items.", "line_items")
    items = [_read_item(work, item) for item in given]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise bad_param("All line items must have the same currency.", "line_items")
    return items, currencies.pop()


def _read_item(work: Work, params: Params) -> JsonObject:
    price = params.sub("price_data")
    product = price.sub("product_data") if price is not None else None
    if price is None or product is None:
        raise bad_param("The fake Stripe takes line items with price_data and product_data.", "line_items")
    currency = price.required("currency").lower()
    if not re.fullmatch(r"[a-z]{3}", currency):
        raise bad_param(f"Invalid currency: {currency}", "line_items[0][price_data][currency]")
    unit = price.integer("unit_amount", least=0, most=99_999_999)
    quantity = params.integer("quantity", least=1, most=999_999)
    if unit is None or quantity is None:
        raise bad_param("Each line item needs price_data[unit_amount] and quantity.", "line_items", "parameter_missing")
    price.choice("tax_behavior", ("exclusive", "inclusive", "unspecified"))
    name = product.required("name")
    described = product.text("description")
    metadata = product.metadata()
    product.texts("images")
    return {
        "id": work.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": unit * quantity,
        "amount_tax": 0,
        "amount_total": unit * quantity,
        "currency": currency,
        "description": name,
        "metadata": metadata,
        "price": {
            "id": work.new_id("price"), "object": "price", "active": False, "currency": currency, "livemode": False,
            "type": "one_time", "unit_amount": unit, "unit_amount_decimal": str(unit),
        },
        "quantity": quantity,
        "_described": described,
    }  # fmt: skip


def _expiry(work: Work, params: Params) -> int:
    asked = params.integer("expires_at")
    if asked is None:
        return work.seconds + LONGEST
    if asked < work.seconds + SHORTEST:
        raise bad_param("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
                        "expires_at")  # fmt: skip
    if asked > work.seconds + LONGEST:
        raise bad_param("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
                        "expires_at")  # fmt: skip
    return asked


def _methods(work: Work, params: Params) -> list[str]:
    asked = params.texts("payment_method_types") or work.dial.methods.split(",")
    for name in asked:
        if name not in ("card", "sepa_debit"):
            raise bad_param(f"The fake Stripe knows card and sepa_debit, not {name}.", "payment_method_types")
    return asked


def _intent_data(params: Params) -> JsonObject:
    given = params.sub("payment_intent_data")
    if given is None:
        return {}
    texts = {name: given.text(name) for name in ("description", "receipt_email", "statement_descriptor_suffix")}
    return texts | {"metadata": given.metadata()}


def _details(email: str | None, name: str | None) -> JsonObject:
    return {"address": None, "business_name": None, "email": email, "individual_name": name, "name": name,
            "phone": None, "tax_exempt": "none", "tax_ids": None}  # fmt: skip


def save(work: Work, session: JsonObject) -> None:
    due = session["expires_at"] if session["status"] == "open" else None
    work.tx.put(session, ref=session["payment_intent"], due=due)


def close_unpaid(work: Work, session: JsonObject) -> JsonObject:
    """An open session ends without money: by the clock or because we asked."""
    session |= {"status": "expired", "url": None}
    save(work, session)
    if session["payment_intent"] is not None:
        payments.cancel(work, session["payment_intent"])
    events.record(work, "checkout.session.expired", session)
    return session


def complete(work: Work, session: JsonObject, payment_status: str, email: str | None, name: str | None) -> JsonObject:
    """The buyer is done; the money is there (`paid`), not needed, or on its way (`unpaid`)."""
    details = _details(session["customer_email"] or email, name)
    session |= {"status": "complete", "payment_status": payment_status, "url": None, "customer_details": details}
    save(work, session)
    events.record(work, "checkout.session.completed", session)
    return session


def settle_late_payment(work: Work, intent: JsonObject) -> None:
    """A direct debit has come through or bounced after its session was complete."""
    intent = payments.settle_debit(work, intent)
    session = work.load(KIND, intent["_session"])
    if intent["status"] == "succeeded":
        session |= {"payment_status": "paid"}
        save(work, session)
        events.record(work, "checkout.session.async_payment_succeeded", session)
    else:
        events.record(work, "checkout.session.async_payment_failed", session)


def expire(work: Work, params: Params, id: str) -> JsonObject:
    params.texts("expand")
    params.refuse_unknown()
    session = work.load(KIND, id, "checkout.session")
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
    return present(work, close_unpaid(work, session), params)


def retrieve(work: Work, params: Params, id: str) -> JsonObject:
    return present(work, work.load(KIND, id, "checkout.session"), params)


def retrieve_line_items(work: Work, params: Params, id: str) -> JsonObject:
    params.integer("limit", least=1, most=100)
    return line_items(work.load(KIND, id, "checkout.session"))


def list_sessions(work: Work, params: Params) -> JsonObject:
    fields = {"status": params.choice("status", ("open", "complete", "expired"))}
    details = params.sub("customer_details")
    if details is not None:
        fields["customer_details.email"] = details.text("email")
    return page(work, KIND, "/v1/checkout/sessions", params, ref=params.text("payment_intent"), fields=fields)
