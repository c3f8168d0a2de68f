"""From the shop to the ticket, as a buyer walks it."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from infra.rehearsal.buyers import DECLINED_CARD, GOOD_CARD
from infra.rehearsal.cast import Attendee
from tests.browser.conftest import Visit
from tests.browser.house import House, Show, text_of

WORDS = {
    "en": {
        "accept": "I accept the terms",
        "order": "Order with obligation to pay €249.00",
        "kept": "Your ticket is kept for you",
        "pay": "Pay €249.00",
        "coming": "You are coming",
        "download": "Download the ticket (PDF)",
    },
    "de": {
        "accept": "Ich akzeptiere die AGB",
        "order": "Zahlungspflichtig bestellen: 249,00 €",
        "kept": "Ihr Ticket ist reserviert",
        "pay": "249,00 € zahlen",
        "coming": "Sie sind dabei",
        "download": "Ticket herunterladen (PDF)",
    },
}


def fill_in(page: Page, name: str = "Ada Linde", email: str = "ada@example.org") -> None:
    page.locator('[name="name.0"]').fill(name)
    page.locator('[name="email.0"]').fill(email)
    page.locator("#consent").check()


def order(page: Page) -> None:
    page.locator('button[name="action"][value="order"]').click()


def pay_by_card(page: Page, number: str = GOOD_CARD) -> None:
    """On the fake's page."""
    page.locator("#number").fill(number)
    page.locator("#expiry").fill("12/34")
    page.locator("#cvc").fill("123")
    page.locator("form button").click()


@pytest.fixture
def show(house: House, request: pytest.FixtureRequest) -> Show:
    """A conference of this test's own with three early birds left."""
    return house.open(f"show-{len(house.shows)}", early_birds=3)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_last_early_bird_is_bought_and_everything_moves(language: str, show: Show, visit: Visit) -> None:
    words = WORDS[language]
    house = show.house
    show.sell(2)
    page = visit(house, language, width=390)
    page.goto(show.url)
    expect(page.locator(".ladder .open .price")).to_contain_text("249")
    fill_in(page, "Ada Linde", f"ada-{language}@example.org")
    expect(page.get_by_role("checkbox", name=words["accept"])).to_be_checked()
    page.get_by_role("button", name=words["order"]).click()
    expect(page.get_by_role("heading", name=words["kept"])).to_be_visible()
    countdown = page.locator("time[data-countdown]")
    expect(countdown).to_contain_text(re.compile(r"(30:00|29:5\d)"))
    page.clock.run_for(65_000)
    expect(countdown).to_contain_text(re.compile(r"28:\d\d"))
    page.get_by_role("link", name=words["pay"]).click()
    expect(page.get_by_text("TEST", exact=True)).to_be_visible()
    pay_by_card(page)
    expect(page.get_by_role("heading", name=words["coming"])).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name=words["download"]).click()
    ticket = PdfReader(BytesIO(Path(downloading.value.path()).read_bytes()))
    assert "Ada Linde" in ticket.pages[0].extract_text()

    house.settle()
    page.goto(show.url)
    expect(page.locator(".ladder .past")).to_contain_text("249")
    expect(page.locator(".ladder .open .price")).to_contain_text("349")
    [mail] = house.mails(f"ada-{language}@example.org")[:1]
    assert "Ada Linde" in text_of(mail)
    staff = visit(house, language, staff=True)
    staff.goto(f"{house.url}/staff?conference={show.slug}")
    expect(staff.locator("section[aria-labelledby=eating]")).to_contain_text("3")
    expect(staff.locator("section[aria-labelledby=paying] .figure")).to_contain_text("349")
    staff.goto(f"{house.url}/mail/outbox")
    expect(staff.get_by_text(f"ada-{language}@example.org").first).to_be_visible()


def test_a_declined_card_charges_nothing_and_another_one_pays(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)
    fill_in(page)
    order(page)
    page.get_by_role("link", name="Pay €249.00").click()
    pay_by_card(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    pay_by_card(page)
    expect(page.get_by_role("heading", name="You are coming")).to_be_visible()


def test_a_buyer_who_holds_keeps_the_price_while_it_rises(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)
    fill_in(page)
    order(page)
    expect(page.get_by_role("heading", name="Your ticket is kept for you")).to_be_visible()
    show.sell(2)
    assert show.price() == 34_900
    page.reload()
    page.get_by_role("link", name="Pay €249.00").click()
    pay_by_card(page)
    expect(page.locator("tr.total")).to_contain_text("€249.00")


def test_nobody_pays_a_price_they_did_not_see(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)
    fill_in(page)
    show.sell(3)
    order(page)
    expect(page.get_by_role("alert")).to_contain_text("It was €249.00, it is €349.00 now.")
    expect(page.locator('[name="name.0"]')).to_have_value("Ada Linde")
    order(page)
    expect(page.get_by_role("link", name="Pay €349.00")).to_be_visible()


def test_more_than_are_left_at_this_price_are_refused_with_both_prices(show: Show, visit: Visit) -> None:
    show.sell(2)
    page = visit(show.house)
    page.goto(show.url)
    page.get_by_role("button", name="Add another person").click()
    fill_in(page)
    page.locator('[name="name.1"]').fill("Ben Acker")
    page.locator('[name="email.1"]').fill("ben@example.org")
    order(page)
    expect(page.get_by_role("alert")).to_contain_text("Only 1 left at €249. The next price is €349.")
    expect(page.locator('[name="name.1"]')).to_have_value("Ben Acker")


def test_what_was_typed_is_kept_when_something_is_wrong(show: Show, visit: Visit) -> None:
    page = visit(show.house, java_script_enabled=False)
    page.goto(show.url)
    fill_in(page, email="ada at home")
    page.locator("form").last.evaluate("form => form.noValidate = true")
    order(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing is ordered yet")
    expect(page.locator('[name="name.0"]')).to_have_value("Ada Linde")
    expect(page.locator('[name="email.0"]')).to_have_value("ada at home")
    expect(page.locator('[name="email.0"]')).to_have_attribute("aria-invalid", "true")


def test_the_total_follows_the_kind_of_ticket_before_anything_is_ordered(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)
    page.locator('[name="admission_type.0"]').select_option("student")
    expect(page.locator("#sum .figure")).to_have_text("€49.00")


def test_without_script_a_ticket_is_bought_as_well(show: Show, visit: Visit) -> None:
    page = visit(show.house, "de", width=390, java_script_enabled=False)
    page.goto(show.url)
    fill_in(page)
    order(page)
    expect(page.locator("time[data-countdown]")).to_contain_text("30 Minuten")
    page.locator("#order a.button").click()
    pay_by_card(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie sind dabei")
    page.get_by_role("link", name="Ada Linde").click()
    expect(page.locator("svg.qr, img.qr, .qr")).to_be_visible()


def test_a_ticket_is_bought_by_keyboard_alone(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} is not reached by the Tab key")

    for name, text in (("name.0", "Ada Linde"), ("email.0", "ada@example.org")):
        tab_to(f'[name="{name}"]')
        page.keyboard.type(text)
    tab_to("#consent")
    page.keyboard.press("Space")
    tab_to('[value="order"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/**")
    tab_to('a[href^="/pay/"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/pay/**")
    for name, text in (("#number", GOOD_CARD), ("#expiry", "12/34"), ("#cvc", "123")):
        tab_to(name)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are coming")).to_be_visible()


def test_a_paid_order_is_cancelled_and_the_money_goes_back(show: Show, visit: Visit) -> None:
    page = visit(show.house)
    page.goto(show.url)
    fill_in(page)
    order(page)
    page.locator("#order a.button").click()
    pay_by_card(page)
    page.get_by_role("link", name="Give tickets back").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Give these tickets back").click()
    expect(page.get_by_role("heading", name="This order was cancelled")).to_be_visible()
    show.house.settle()
    page.reload()
    expect(page.locator(".lead")).to_contain_text("€249.00 went back to you")


def test_a_sponsors_voucher_lets_a_guest_in_for_free(show: Show, visit: Visit) -> None:
    show.sign(0)
    mail = show.house.mails("frauke.linde@sponsor-0.example")[-1]
    [code, *_] = re.findall(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}\b", text_of(mail))
    page = visit(show.house)
    page.goto(show.url)
    page.locator("summary", has_text="Voucher").click()
    page.locator("#voucher").fill(code)
    page.get_by_role("button", name="Redeem").click()
    expect(page.locator('[name="admission_type.0"]')).to_have_value("sponsor")
    fill_in(page, "Jan Gast")
    page.get_by_role("button", name="Order for free").click()
    expect(page.get_by_role("heading", name="You are coming")).to_be_visible()


def test_a_stranger_does_not_see_an_order(show: Show, visit: Visit) -> None:
    [basket] = show.shop.order([Attendee("Ada Linde", "ada@example.org")], f"{show.slug}-secret")
    page = visit(show.house)
    answer = page.goto(f"{show.house.url}/orders/{basket.reference}")
    assert answer is not None and answer.status in (401, 403, 404)
    expect(page.locator("body")).not_to_contain_text("Ada Linde")
