"""Buying by bank transfer, in German, by keyboard alone: ordered, transferred, recorded by finance, and there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.house import House, Show


@pytest.fixture
def show(house: House) -> Show:
    return house.open(f"transfer-{len(house.shows)}", early_birds=3)


def tab_to(page: Page, selector: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the Tab key")


def test_a_company_buys_by_transfer_in_german_by_keyboard_alone(show: Show, visit: Visit) -> None:
    page = visit(show.house, "de", width=320)
    page.goto(show.url)
    for name, text in (("name.0", "Jörg Straße"), ("email.0", "joerg@beispiel.example")):
        tab_to(page, f'[name="{name}"]')
        page.keyboard.type(text)
    tab_to(page, "details:has([name=company]) > summary")
    page.keyboard.press("Enter")
    for name, text in (
        ("company", "Beispiel GmbH"),
        ("address", "Musterweg 5"),
        ("postcode", "80331"),
        ("city", "München"),
    ):
        tab_to(page, f'[name="{name}"]')
        page.keyboard.type(text)
    tab_to(page, "#pay-card")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#pay-transfer")).to_be_checked()
    expect(page.get_by_text("Bitte überweisen Sie so, dass")).to_be_visible()
    tab_to(page, "#consent")
    page.keyboard.press("Space")
    tab_to(page, '[value="order"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/**")
    expect(page.get_by_role("heading", name="Das Ticket gehört Ihnen: Bitte zahlen Sie")).to_be_visible()
    expect(page.get_by_text("IBAN")).to_be_visible()
    expect(page.get_by_role("img", name="GiroCode")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "no page is wider than a phone"
    reference = page.locator("dd.code").last.inner_text()

    show.house.settle()
    desk = visit(show.house, "de", staff=True)
    desk.goto(f"{show.house.url}/organise/{show.conference_id}/transfers")
    for name, text in (("reference", reference), ("amount", "249,00")):
        tab_to(desk, f'[name="{name}"]')
        desk.keyboard.type(text)
    desk.locator('[name="booked_on"]').fill(show.team.today.isoformat())
    tab_to(desk, 'form[action$="/transfers"] button')
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_be_visible()

    show.house.settle()
    page.reload()
    expect(page.get_by_role("heading", name="Sie sind dabei")).to_be_visible()
    assert [str(each["Subject"]) for each in show.house.mails("joerg@beispiel.example")] != []
