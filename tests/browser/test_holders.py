"""What a holder does alone: in both languages, on a phone, by keyboard, without JavaScript, and with no barrier that axe finds."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from infra.rehearsal.cast import Attendee
from tests.browser.conftest import Visit
from tests.browser.house import House, Show, link_in
from tests.browser.test_every_page import misfits

WORDS = {
    "en": {
        "correct": "Correct the name",
        "save": "Save the name",
        "saved": "The name is corrected.",
        "pass": "Pass the ticket on to somebody else",
        "name": "Name of the new holder",
        "email": "Their e-mail",
        "send": "Pass the ticket on",
        "wrong": "This is no e-mail address",
        "passed": "The ticket is passed on",
        "again": "Mail the ticket to",
        "mailed": "The ticket is on its way by mail.",
        "data": "Your data",
        "erase": "Erase my data",
        "erase now": "Erase my data now",
        "lost": "Mail me the links",
        "known": "If we know this address",
    },
    "de": {
        "correct": "Namen berichtigen",
        "save": "Namen speichern",
        "saved": "Der Name ist berichtigt.",
        "pass": "Ticket an jemand anderen weitergeben",
        "name": "Name der neuen Person",
        "email": "Ihre E-Mail-Adresse",
        "send": "Ticket weitergeben",
        "wrong": "Das ist keine E-Mail-Adresse",
        "passed": "Das Ticket ist weitergegeben",
        "again": "Ticket noch einmal an",
        "mailed": "Das Ticket ist per Mail unterwegs.",
        "data": "Ihre Daten",
        "erase": "Meine Daten löschen",
        "erase now": "Meine Daten jetzt löschen",
        "lost": "Links zuschicken",
        "known": "Wenn wir diese Adresse kennen",
    },
}


@pytest.fixture(scope="module")
def show(house: House) -> Show:
    return house.open("holders")


def buy(show: Show, who: str, locale: str) -> str:
    """The link in the mail of somebody for whom a ticket was bought."""
    [basket] = show.shop.order([Attendee(who.title(), f"{who}@example.org")], f"holders-{who}", locale=locale)
    show.pay(basket)
    show.house.settle()
    tickets = [mail for mail in show.house.mails(f"{who}@example.org") if "/tickets/" in mail.as_string()]
    return link_in(tickets[-1], "/tickets/")


def by_keyboard(page: Page, role: str, name: str) -> None:
    """Tab to it and press Enter, as somebody without a mouse does."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is out of the keyboard's reach")


def type_into(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True).first
    for _ in range(60):
        if field.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_holder_needs_neither_mouse_nor_javascript_nor_a_wide_screen(language: str, show: Show, visit: Visit) -> None:
    words, who = WORDS[language], f"ada-{language}"
    page = visit(show.house, language, width=320, clock=False, java_script_enabled=False)
    page.goto(buy(show, who, language))
    assert "key=" not in page.url
    # Without JavaScript the focus cannot be read: what is walked by keyboard is walked in the test below.
    page.get_by_role("link", name=words["correct"]).click()
    page.locator("#name").fill("Zoë عبد الله 🐻")
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_role("status")).to_contain_text(words["saved"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoë عبد الله 🐻")
    page.get_by_role("button", name=words["again"]).click()
    expect(page.get_by_role("status")).to_contain_text(words["mailed"])
    page.get_by_role("link", name=words["data"]).click()
    page.locator("summary").click()
    page.get_by_role("button", name=words["erase now"]).click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Zoë")


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_ticket_is_passed_on_by_keyboard_alone_and_a_mistake_keeps_what_was_typed(
    language: str, show: Show, visit: Visit
) -> None:
    words, house, who = WORDS[language], show.house, f"ben-{language}"
    page = visit(house, language, width=320, clock=False)
    link = buy(show, who, language)
    page.goto(link)
    by_keyboard(page, "link", words["pass"])
    type_into(page, words["name"], "Noor Haddad")
    type_into(page, words["email"], "noor")
    page.locator("form[method=post]").evaluate("form => { form.noValidate = true }")
    by_keyboard(page, "button", words["send"])
    expect(page.get_by_text(words["wrong"])).to_be_visible()
    expect(page.locator("#name")).to_have_value("Noor Haddad")
    assert not misfits(page, language)
    type_into(page, words["email"], f"noor-{language}@example.org")
    by_keyboard(page, "button", words["send"])
    expect(page.get_by_role("heading", name=words["passed"])).to_be_visible()
    house.settle()
    [mail] = house.mails(f"noor-{language}@example.org")
    page.goto(link_in(mail, "/tickets/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Noor Haddad")
    assert page.goto(link).status == 404, "the link of the one before is dead"  # type: ignore[union-attr]


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_lost_link_comes_by_mail(language: str, show: Show, visit: Visit) -> None:
    words, house, who = WORDS[language], show.house, f"cem-{language}"
    buy(show, who, language)
    page = visit(house, language, width=320, clock=False)
    page.goto(f"{show.url}/lost-link" if not show.url.endswith("/") else f"{show.url}lost-link")
    page.locator("#email").fill(f"{who}@example.org")
    page.get_by_role("button", name=words["lost"]).click()
    expect(page.get_by_role("status")).to_contain_text(words["known"])
    house.settle()
    page.goto(link_in(house.mails(f"{who}@example.org")[-1], "/tickets/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(who.title())


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_page_of_a_holder_has_a_barrier(language: str, show: Show, visit: Visit) -> None:
    page = visit(show.house, language, width=320, clock=False, color_scheme="dark" if language == "de" else "light")
    page.goto(buy(show, f"dot-{language}", language))
    here, axe, barriers = page.url, Axe(), []
    shop = urlsplit(show.url).path.rstrip("/")
    for path in (here, f"{here}/name", f"{here}/transfer", f"{here}/data", f"{show.house.url}{shop}/lost-link"):
        page.goto(path)
        barriers += [
            f"{path}: {each['id']}: {each['nodes'][0]['html'][:200]}" for each in axe.run(page).response["violations"]
        ]
        barriers += [f"{path}: {sentence}" for sentence in misfits(page, language)]
    assert barriers == []
