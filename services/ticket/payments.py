"""Stripe. Only this file and `stripe_http.py` know its library.

Every request that changes something carries an idempotency key of our own, so that a lost answer can be asked for again. Stripe
keeps a 500 under its key for a day, though the request may have had its effect: so we look for the effect, and only then ask anew,
under a key that follows from that answer. What is nobody's fault (no connection, 5xx, too many requests, no balance for a refund
yet, a dispute that is open) is `Unavailable`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote

import stripe

from services.ticket.stripe_facts import (
    FAILED,
    GIVEN_UP,
    WHAT,
    Checkout,
    DisputeState,
    MadeSession,
    Movement,
    MovementPage,
    RefundState,
    SessionState,
    WebhookEvent,
)
from services.ticket.stripe_http import Connections
from shared.clock import Clock
from shared.errors import InvalidInput, NotFound, Refused, Unavailable
from shared.money import Money

TOLERANCE = timedelta(seconds=300)
"""How old a webhook's time stamp may be."""
CHARGED_BACK = "charge_disputed"
"""Why Stripe gives nothing back while a bank holds the money. It does so again when the dispute is won."""
ASKED_ANEW = 3
"""How often in a row a request whose answer was a 500 without an effect is made."""
LONGEST_SEARCH = timedelta(hours=1)
"""A checkout is made while its order is held, so no later than this after it was begun."""
SKEW = timedelta(minutes=5)
"""How far Stripe's clock may be from ours."""


class SessionRefused(Refused):
    """Stripe will not make this checkout: our request is wrong, or its time is over."""


class UnknownAtStripe(NotFound):
    """Stripe does not know this object, or it is none of ours."""


class Payments:
    """Checkout at Stripe, or at the fake one (`api_base`). Connects when it is first used."""

    def __init__(
        self,
        key: str,
        webhook_secret: str,
        clock: Clock,
        api_base: str = "",
        allow_live: bool = False,
        http_client: Any = None,
    ) -> None:
        if key.startswith(("sk_live", "rk_live")) and not allow_live:
            raise InvalidInput("This is a live key of Stripe, and live payments are not allowed here.")
        logging.getLogger("stripe").setLevel(logging.WARNING)  # at info it logs two lines a request
        addresses: dict[str, str] = {"api": api_base} if api_base else {}
        self._client = stripe.StripeClient(
            key,
            base_addresses=addresses,  # type: ignore[arg-type]
            http_client=http_client or Connections(api_base or stripe.DEFAULT_API_BASE),
            max_network_retries=0,
        )
        self._webhook_secret = webhook_secret
        self._clock = clock

    def create_session(self, checkout: Checkout) -> MadeSession:
        """Make a checkout, or find the one made before under the same key. Raises `SessionRefused`, `Unavailable`."""
        parameters: dict[str, Any] = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": line.count,
                    "price_data": {
                        "currency": line.price.currency.lower(),
                        "unit_amount": line.price.amount,
                        "product_data": {"name": line.name},
                    },
                }
                for line in checkout.lines
            ],
            "client_reference_id": checkout.order_id,
            "metadata": {"order_id": checkout.order_id},
            "payment_intent_data": {"metadata": {"order_id": checkout.order_id}},
            "expires_at": int(checkout.expires_at.timestamp()),
            "success_url": checkout.success_url,
            "cancel_url": checkout.cancel_url,
            "locale": checkout.locale,
        }
        if checkout.email:
            parameters["customer_email"] = checkout.email
        made = self._make(
            f"checkout:{checkout.order_id}:{parameters['expires_at']}",
            lambda options: self._client.v1.checkout.sessions.create(parameters, options),  # type: ignore[arg-type]
            lambda: self._open_session(checkout.order_id, self._clock.now()),
            SessionRefused,
        )
        return MadeSession(made.id, made.url or "")

    def find_session(self, order_id: str, made_about: datetime) -> MadeSession | None:
        """The open checkout of an order whose making we heard no answer to. Raises `Unavailable`."""
        found = self._open_session(order_id, made_about)
        return None if found is None else MadeSession(found.id, found.url or "")

    def _open_session(self, order_id: str, made_about: datetime) -> Any:
        """Looked for among all that were made from then on, until the longest hold is over: Stripe finds none by its order."""
        begin = int((made_about - SKEW).timestamp())
        window: stripe.params.checkout.SessionListParamsCreated = {
            "gte": begin,
            "lte": begin + int((LONGEST_SEARCH + 2 * SKEW).total_seconds()),
        }

        def search() -> Any:
            listed = self._client.v1.checkout.sessions.list({"limit": 100, "status": "open", "created": window})
            return next((each for each in listed.auto_paging_iter() if each.client_reference_id == order_id), None)

        return self._ask(search, InvalidInput)

    def retrieve(self, session_id: str) -> SessionState:
        """Raises `UnknownAtStripe`, `Unavailable`. Read as it came: this is asked for each order, and the library's objects cost
        as much as the rest of the request."""
        path = f"/v1/checkout/sessions/{quote(session_id, safe='')}"
        seen = _state(self._ask(lambda: self._client.raw_request("get", path), UnknownAtStripe).data)
        if not seen.is_under_way or not seen.intent_id:
            return seen
        intent = self._ask(lambda: self._client.v1.payment_intents.retrieve(seen.intent_id), UnknownAtStripe)
        return replace(seen, has_failed=intent.status in GIVEN_UP)

    def expire(self, session_id: str) -> SessionState:
        """Close a checkout, and say what became of it: it may have been paid, or be over already."""
        try:
            expired = self._ask(lambda: self._client.v1.checkout.sessions.expire(session_id), UnknownAtStripe)
            return _state(expired.to_dict())
        except UnknownAtStripe:
            return self.retrieve(session_id)

    def refund(self, intent_id: str, amount: Money, payment_id: str, after: str = "") -> RefundState:
        """Give a payment back, once per `payment_id`; `after` names a refund that failed, to be tried anew.

        Raises `Unavailable`, `InvalidInput` where Stripe refuses.
        """
        parameters: dict[str, Any] = {
            "payment_intent": intent_id,
            "amount": amount.amount,
            "metadata": {"payment_id": payment_id},
        }
        made = self._make(
            f"refund:{payment_id}:{after}",
            lambda options: self._client.v1.refunds.create(parameters, options),  # type: ignore[arg-type]
            lambda: self._refund_of(intent_id, payment_id),
            InvalidInput,
        )
        return RefundState(made.id, str(made.status))

    def _refund_of(self, intent_id: str, payment_id: str) -> Any:
        """The refund of a payment that did not fail."""

        def search() -> Any:
            listed = self._client.v1.refunds.list({"limit": 100, "payment_intent": intent_id})
            ours = (
                each for each in listed.auto_paging_iter() if each.to_dict()["metadata"].get("payment_id") == payment_id
            )
            return next((each for each in ours if each.status not in FAILED), None)

        return self._ask(search, InvalidInput)

    def refund_state(self, refund_id: str) -> RefundState:
        """Raises `UnknownAtStripe`, `Unavailable`."""
        found = self._ask(lambda: self._client.v1.refunds.retrieve(refund_id), UnknownAtStripe)
        return RefundState(found.id, str(found.status))

    def dispute(self, dispute_id: str) -> DisputeState:
        """Raises `UnknownAtStripe`, `Unavailable`."""
        found = self._ask(lambda: self._client.v1.disputes.retrieve(dispute_id), UnknownAtStripe)
        intent = found.payment_intent
        intent_id = intent if isinstance(intent, str) or intent is None else intent.id
        amount = Money(int(found.amount), str(found.currency).upper())
        return DisputeState(found.id, str(found.status), intent_id or "", amount)

    def movements(self, since: datetime, until: datetime, after: str = "") -> MovementPage:
        """A page of what changed our balance from `since` up to and without `until`, following the movement `after`."""
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        return self._movements({"created": created}, after)

    def movements_of_payout(self, payout_id: str, after: str = "") -> MovementPage:
        """A page of what went with a payout. Raises `UnknownAtStripe`, `Unavailable`."""
        return self._movements({"payout": payout_id}, after)

    def _movements(self, which: Mapping[str, Any], after: str) -> MovementPage:
        parameters = {**which, "limit": 100, "expand": ["data.source"], **({"starting_after": after} if after else {})}
        listed = self._ask(
            lambda: self._client.v1.balance_transactions.list(parameters),  # type: ignore[arg-type]
            UnknownAtStripe,
        ).to_dict()
        return MovementPage(tuple(_movement(each) for each in listed["data"]), bool(listed["has_more"]))

    def verify_webhook(self, body: bytes, signature: str) -> WebhookEvent:
        """Check a webhook's raw body against its signature and our clock. Raises `InvalidInput` (answer 400)."""
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, signature, self._webhook_secret, None)
            self._check_age(signature)
            event = json.loads(text)
            return WebhookEvent(event["id"], event["type"], event["data"]["object"]["id"])
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise InvalidInput("The signature does not fit the body.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput("This is no event of Stripe.") from error

    def _check_age(self, signature: str) -> None:
        stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
        age = self._clock.now().timestamp() - int(stamps[0])
        if abs(age) > TOLERANCE.total_seconds():
            raise InvalidInput("This webhook's time stamp is too far from now.")

    def _make(
        self,
        key: str,
        make: Callable[[stripe.RequestOptions], Any],
        find: Callable[[], Any],
        refused: type[Refused],
    ) -> Any:
        """Make something at Stripe, once: after a 500 look whether it was made, else make it under the next key."""
        for _ in range(ASKED_ANEW):
            try:
                return make({"idempotency_key": key})
            except stripe.StripeError as error:
                if (error.http_status or 0) < 500:
                    _raise(error, refused)
                found = find()
                if found is not None:
                    return found
                key = f"{key}:{_first_request(error)}"
        raise Unavailable("Stripe does not do it now: it answers 500.")

    def _ask(self, request: Callable[[], Any], refused: type[Refused]) -> Any:
        try:
            return request()
        except stripe.StripeError as error:
            _raise(error, refused)


def _first_request(error: stripe.StripeError) -> str:
    """The id of the request whose answer this is: a kept answer tells of the first one, so all who ask derive the same key."""
    headers = {str(name).lower(): str(value) for name, value in dict(error.headers or {}).items()}
    return headers.get("original-request") or headers.get("request-id") or "again"


def _raise(error: stripe.StripeError, refused: type[Refused]) -> NoReturn:
    """What is nobody's fault waits; what Stripe refuses is said as `refused`."""
    status = error.http_status or 0
    waits = isinstance(error, stripe.APIConnectionError | stripe.RateLimitError)
    waits = (
        waits or status >= 500 or status in (401, 403, 409, 429) or error.code in ("balance_insufficient", CHARGED_BACK)
    )
    if waits:
        raise Unavailable(f"Stripe does not do it now: {error.code or type(error).__name__}.", status=status) from error
    raise refused(
        f"Stripe refuses: {error.code or error.user_message or type(error).__name__}.", status=status
    ) from error


def _state(session: Mapping[str, Any]) -> SessionState:
    intent = session.get("payment_intent")
    return SessionState(
        session_id=session["id"],
        status=str(session["status"]),
        is_paid=session["payment_status"] == "paid",
        order_id=str(session.get("client_reference_id") or ""),
        intent_id=str(intent["id"] if isinstance(intent, Mapping) else intent or ""),
        amount=Money(int(session.get("amount_total") or 0), str(session.get("currency") or "eur").upper()),
    )


def _movement(entry: Mapping[str, Any]) -> Movement:
    """Stripe's entry; a charge is known by its PaymentIntent, everything else by what it is about."""
    source, category = entry.get("source"), str(entry["reporting_category"])
    about = str(source["id"]) if isinstance(source, Mapping) else str(source or entry["id"])
    if category == "charge" and isinstance(source, Mapping):
        about = str(source.get("payment_intent") or about)
    currency = str(entry["currency"]).upper()
    return Movement(
        movement_id=str(entry["id"]),
        what=WHAT.get(category, category),
        object_id=about,
        amount=Money(int(entry["amount"]), currency),
        fee=Money(int(entry["fee"]), currency),
        made_at=datetime.fromtimestamp(int(entry["created"]), UTC),
    )
