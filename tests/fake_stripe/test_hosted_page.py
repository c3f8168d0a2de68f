"""The payment page as a browser without JavaScript sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from tests.fake_stripe.conftest import DECLINED, GOOD, POOR, World

CARD = {"number": GOOD, "expiry": "12/34", "cvc": "123"}


class Page(HTMLParser):
    """What a test asks of a page: its language, fields, labels, links, texts, scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f" {data.strip()}" if data.strip() else ""

    def all(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for found, attributes in self.tags if found == tag]


def open_page(world: World, session_id: str, **headers: str) -> Page:
    answer = world.app.test_client().get(f"/c/pay/{session_id}", headers=headers)
    assert answer.status_code == 200
    return Page(answer.text)


def submit(world: World, session_id: str, **typed: str) -> Any:
    return world.app.test_client().post(f"/c/pay/{session_id}", data=typed)


def test_the_page_says_test_shows_the_lines_and_labels_every_field(world: World) -> None:
    price = {"currency": "eur", "unit_amount": 19900, "product_data": {"name": "Early bird <b>"}}
    session = world.create(line_items=[{"price_data": price, "quantity": 3}], customer_email="")
    page = open_page(world, session.id)
    assert "TEST" in page.text
    assert "Early bird <b>" in page.text
    assert "3 × €199.00" in page.text
    assert "Pay €597.00" in page.text
    assert "http://shop.example/back" in page.all("a", "href")
    assert page.all("html", "lang") == ["en"]
    inputs = page.all("input", "id")
    assert inputs == ["email", "number", "expiry", "cvc", "name"]
    assert set(inputs) <= set(page.all("label", "for"))
    assert not [tag for tag, attributes in page.tags if tag in ("script", "style") or "style" in attributes]


def test_the_page_speaks_the_sessions_language_or_else_the_browsers(world: World) -> None:
    german = open_page(world, world.create(locale="de").id)
    assert german.all("html", "lang") == ["de"]
    assert "199,00\u00a0€ bezahlen" in german.text
    automatic = world.create(locale="auto").id
    assert open_page(world, automatic, **{"Accept-Language": "de-AT,en;q=0.5"}).all("html", "lang") == ["de"]
    assert open_page(world, automatic, **{"Accept-Language": "fr"}).all("html", "lang") == ["en"]
    assert open_page(world, world.create(locale="fr").id).all("html", "lang") == ["en"]


def test_a_good_card_pays_and_leads_back_to_the_shop(world: World) -> None:
    session = world.create()
    answer = submit(world, session.id, **CARD)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://shop.example/paid?session={session.id}"
    assert world.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_paying_twice_takes_the_money_once_and_still_leads_back(world: World) -> None:
    session = world.create()
    assert [submit(world, session.id, **CARD).status_code for _ in range(2)] == [303, 303]
    assert len(world.client.v1.charges.list().data) == 1


@pytest.mark.parametrize(("number", "sentence"), [(DECLINED, "was declined"), (POOR, "insufficient funds")])
def test_a_refused_card_is_explained_and_the_form_is_kept(world: World, number: str, sentence: str) -> None:
    session = world.create()
    answer = submit(world, session.id, **CARD | {"number": number, "name": "Ada"})
    page = Page(answer.text)
    assert answer.status_code == 402
    assert sentence in page.text
    assert "alert" in page.all("div", "role")
    assert number in page.all("input", "value") and "Ada" in page.all("input", "value")
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"number": "4242424242424241"}, "no card number"),
        ({"number": ""}, "no card number"),
        ({"expiry": "13/34"}, "month and the year"),
        ({"expiry": "02/27"}, "has expired"),
        ({"cvc": "12"}, "three or four digits"),
        ({"number": "5105105105105100"}, "only test cards"),
    ],
)
def test_what_is_wrong_with_a_card_is_said_at_its_field(world: World, typed: dict[str, str], sentence: str) -> None:
    session = world.create()
    answer = submit(world, session.id, **CARD | typed)
    assert answer.status_code in (402, 422)
    assert sentence in Page(answer.text).text
    assert "true" in Page(answer.text).all("input", "aria-invalid")
    assert submit(world, session.id, **CARD).status_code == 303


def test_a_page_that_ended_or_never_was_says_so(world: World) -> None:
    session = world.create()
    world.later(30 * 60)
    assert "Too late" in open_page(world, session.id).text
    assert "Too late" in Page(submit(world, session.id, **CARD).text).text
    missing = world.get("/c/pay/cs_test_none")
    assert (missing.status_code, "No such payment page" in missing.text) == (404, True)


def test_a_buyer_who_comes_while_stripe_is_down_is_told_to_come_back(world: World) -> None:
    session = world.create()
    world.turn(down="503")
    for answer in (world.get(f"/c/pay/{session.id}"), submit(world, session.id, **CARD)):
        assert (answer.status_code, "in a few minutes" in Page(answer.text).text) == (503, True)
    world.turn(down="no")
    assert submit(world, session.id, **CARD).status_code == 303


def test_reading_the_page_changes_nothing(world: World) -> None:
    session = world.create()
    for _ in range(3):
        open_page(world, session.id)
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert world.client.v1.events.list().data == []


def test_a_free_order_and_a_direct_debit_have_their_own_forms(world: World) -> None:
    free = world.create(amount=0)
    assert open_page(world, free.id).all("input", "id") == []
    assert submit(world, free.id).status_code == 303
    debit = world.create(payment_method_types=["sepa_debit"])
    assert open_page(world, debit.id).all("input", "id") == ["iban"]
    assert submit(world, debit.id, iban="DE00").status_code == 422
    assert submit(world, debit.id, iban="DE89 3704 0044 0532 0130 00").status_code == 303


def test_the_policy_lets_the_form_lead_to_the_shop_and_nothing_else_in(world: World) -> None:
    answer = world.get(f"/c/pay/{world.create().id}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "form-action 'self' http://shop.example;" in policy
    style = world.get("/style.css")
    assert (style.status_code, style.mimetype) == (200, "text/css")
