"""Buyers: they read the shop's prices, order, pay on Stripe's page, come back, cancel. By HTTP only, as people and machines do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.test import Client, TestResponse

from infra.rehearsal.cast import Attendee
from infra.rehearsal.stage import STRIPE_KEY, STRIPE_URL, Stage
from shared.errors import Conflict

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
CONSENTS = {"terms": True, "privacy": True, "code_of_conduct": True}
TURNED_DOWN = {"delay_rate": 0.1, "duplicate_rate": 0.15, "reorder_rate": 0.15, "drop_rate": 0.05}
"""What becomes of Stripe's webhooks in a rehearsal."""


@dataclass
class Basket:
    """An order that the shop took. `session_id` is Stripe's, empty before the first visit to the payment page."""

    reference: str
    secret: str
    payment_url: str | None
    count: int
    browser: Client = field(repr=False)
    session_id: str = ""


class Shop:
    """One conference's shop, as buyers use it. Raises `Conflict` when it answers otherwise than it must."""

    def __init__(self, stage: Stage, slug: str) -> None:
        self.stage = stage
        self._api = f"/api/v1/conferences/{slug}"

    def offers(self) -> dict[str, Any]:
        """Admission type -> its price (None when it is not on sale), what is left at it, and its tiers."""
        shown = _json(self.stage.browser().get(self._api), 200)
        return {each["code"]: each for each in shown["admission_types"]}

    def order(
        self,
        attendees: Sequence[Attendee],
        key: str,
        *,
        locale: str = "en",
        company: str = "",
        voucher: str = "",
        by_transfer: bool = False,
    ) -> list[Basket]:
        """Order for all of them at the price that is shown: twice, where fewer are left at this price than they are."""
        baskets: list[Basket] = []
        rest = list(attendees)
        while rest:
            offers = self.offers()
            code = rest[0].admission_type
            here = rest if voucher else rest[: max(1, offers[code]["left"])]
            total = None if voucher else _total(offers, here)
            wish = _wish(here, total, locale, company, voucher)
            if by_transfer:
                wish["payment_method"] = "transfer"
            browser = self.stage.browser()
            placed = _json(
                browser.post(f"{self._api}/orders", json=wish, headers={"Idempotency-Key": f"{key}-{len(baskets)}"}),
                201,
            )
            baskets.append(Basket(placed["reference"], placed["secret"], placed["payment_url"], len(here), browser))
            rest = rest[len(here) :]
        return baskets

    def visit(self, basket: Basket) -> None:
        """Open the payment page: ours leads to Stripe's."""
        target = basket.payment_url or ""
        for _ in range(4):
            answer = basket.browser.get(_local(target))
            target = answer.headers.get("Location", "")
            if target.startswith(STRIPE_URL):
                basket.session_id = urlsplit(target).path.rpartition("/")[2]
                return
            if answer.status_code not in (301, 302, 303, 307):
                break
        raise Conflict(f"The way to pay {basket.reference} ends with {answer.status_code}: {answer.text[:300]}")

    def pay(self, basket: Basket, card: str = GOOD_CARD) -> bool:
        """Pay on Stripe's page; whether the bank took the card."""
        answer = self.stage.ask_stripe("POST", f"/test/sessions/{basket.session_id}/pay", {"card": card})
        if answer.status_code not in (200, 402):
            raise Conflict(f"{basket.reference} cannot be paid: {answer.text[:300]}")
        return bool(answer.status_code == 200)

    def pay_again(self, basket: Basket) -> None:
        """Pay a second checkout for the same order, as happens when a page is left open in another tab."""
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
        stripe = Client(self.stage.stripe_app)
        first = _json(
            stripe.get(f"/v1/checkout/sessions/{basket.session_id}", base_url=STRIPE_URL, headers=headers), 200
        )
        form = {
            "mode": "payment",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": first["currency"],
            "line_items[0][price_data][unit_amount]": str(first["amount_total"]),
            "line_items[0][price_data][product_data][name]": "The same once more",
            "client_reference_id": first["client_reference_id"],
            "success_url": first["success_url"],
        }
        second = stripe.post(
            "/v1/checkout/sessions",
            base_url=STRIPE_URL,
            headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
            data=urlencode(form),
        )
        again = Basket(basket.reference, "", None, basket.count, basket.browser, _json(second, 200)["id"])
        self.pay(again)

    def come_back(self, basket: Basket) -> None:
        """Stripe sends the buyer back to us."""
        page = f"/orders/{basket.reference}/return?session_id={basket.session_id}"
        answer = basket.browser.get(page, follow_redirects=True)
        if answer.status_code != 200:
            raise Conflict(f"The page of {basket.reference} answers {answer.status_code}: {answer.text[:300]}")

    def owed(self, basket: Basket) -> dict[str, Any]:
        """What an order that waits for a transfer is still to be paid, and under which reference."""
        answer = basket.browser.get(f"/api/v1/orders/{basket.reference}", headers=_bearer(basket))
        return dict(_json(answer, 200)["transfer"])

    def status(self, basket: Basket) -> str:
        answer = basket.browser.get(f"/api/v1/orders/{basket.reference}", headers=_bearer(basket))
        return str(_json(answer, 200)["status"])

    def cancel(self, basket: Basket) -> None:
        answer = basket.browser.post(f"/api/v1/orders/{basket.reference}/cancellation", headers=_bearer(basket))
        _json(answer, 200)

    def turn(self, **dial: object) -> None:
        """Turn the fake Stripe's dial of faults."""
        _json(self.stage.ask_stripe("POST", "/test/dial", dial), 200)


def _wish(
    attendees: Sequence[Attendee], total: Mapping[str, Any] | None, locale: str, company: str, voucher: str
) -> dict[str, Any]:
    wish: dict[str, Any] = {
        "email": attendees[0].email,
        "locale": locale,
        "attendees": [
            {"name": each.name, "email": each.email, "admission_type": each.admission_type} for each in attendees
        ],
        "consents": CONSENTS,
    }
    if total is not None:
        wish["expected_total"] = total
    if company:
        wish["buyer"] = {
            "name": attendees[0].name,
            "company": company,
            "address": ["Lagerstraße 12"],
            "postcode": "20357",
            "city": "Hamburg",
            "country": "DE",
        }
    if voucher:
        wish["voucher"] = voucher
    return wish


def _total(offers: Mapping[str, Any], attendees: Sequence[Attendee]) -> dict[str, Any]:
    prices = [offers[each.admission_type]["price"] for each in attendees]
    return {"amount": sum(price["amount"] for price in prices), "currency": prices[0]["currency"]}


def _bearer(basket: Basket) -> dict[str, str]:
    return {"Authorization": f"Bearer {basket.secret}"}


def _local(address: str) -> str:
    """Path and query of an address of ours."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _json(answer: TestResponse, wanted: int) -> Any:
    if answer.status_code != wanted:
        raise Conflict(
            f"{answer.request.method} {answer.request.path} answers {answer.status_code}: {answer.text[:500]}"
        )
    return answer.get_json()
