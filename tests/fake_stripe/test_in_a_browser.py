"""The payment page in Chromium without JavaScript: its policy must not stand between the buyer and the shop."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, expect

from infra.fake_stripe.app import create_app
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.serve import Server
from tests.fake_stripe.conftest import DECLINED, GOOD


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title><h1>Thank you</h1>")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    """Another origin than the fake's: another port."""
    shop = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = Thread(target=shop.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{shop.server_port}"
    shop.shutdown()
    thread.join()
    shop.server_close()


@pytest.fixture(scope="module")
def fake_url() -> Iterator[str]:
    with Server(create_app(FakeStripeConfig())) as server:
        yield server.url


def session_url(fake_url: str, shop_url: str, locale: Any) -> str:
    client = stripe.StripeClient("sk_test_1", base_addresses={"api": fake_url})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {"currency": "eur", "unit_amount": 19900, "product_data": {"name": "Early bird"}},
                    "quantity": 2,
                }
            ],
            "success_url": f"{shop_url}/paid?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{shop_url}/back",
            "customer_email": "ada@example.org",
            "locale": locale,
        }
    )
    assert session.url is not None
    return session.url


def test_a_declined_buyer_tries_another_card_and_arrives_at_the_shop(
    chromium: Browser, fake_url: str, shop_url: str
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(session_url(fake_url, shop_url, "en"))
    for number in (DECLINED, GOOD):
        page.get_by_label("Card number").fill(number)
        page.get_by_label("Valid until").fill("12/34")
        page.get_by_label("Security code").fill("123")
        page.get_by_role("button", name="Pay €398.00").click()
        if number == DECLINED:
            expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert page.url.startswith(f"{shop_url}/paid?session=cs_test_")
    page.context.close()


def test_a_buyer_goes_back_without_paying(chromium: Browser, fake_url: str, shop_url: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(session_url(fake_url, shop_url, "de"))
    page.get_by_role("link", name="Zurück, ohne zu bezahlen").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert page.url == f"{shop_url}/back"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_has_no_barrier_that_axe_finds(
    chromium: Browser, fake_url: str, shop_url: str, scheme: Any
) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 700}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(session_url(fake_url, shop_url, "de"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
