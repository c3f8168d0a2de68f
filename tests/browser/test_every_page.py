"""What holds of every kind of page: it fits a phone, axe finds no barrier, it speaks one language, its policy refuses nothing."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.house import Show
from tests.browser.rooms import all_pages

NARROW = 320
STRANGERS = {
    "de": re.compile(r"\b(the|until|your|nobody|yet|days?)\b", re.IGNORECASE),
    "en": re.compile(r"\b(und|nicht|oder|bis|noch|Tage?)\b"),
}
"""Words that only the other language has."""
WORDS = """() => [...document.querySelectorAll('h1, h2, th, label, button, p, dt, legend, summary, caption, small')]
    .filter(each => !each.closest('[lang]:not(html)')).map(each => each.innerText).join('\\n')"""


@pytest.fixture(scope="session")
def pages(season: Show) -> list[str]:
    found = all_pages(season)
    assert len(found) > 40, found
    return found


@pytest.mark.parametrize(("width", "scheme", "every"), [(NARROW, "dark", 1), (1200, "light", 5)])
def test_no_page_has_a_barrier_that_axe_finds(
    width: int, scheme: str, every: int, season: Show, pages: list[str], visit: Visit
) -> None:
    # Axe waits with timers, which stand still where the clock is played.
    page = visit(season.house, "de", width=width, staff=True, clock=False, color_scheme=scheme)
    axe, barriers = Axe(), []
    for address in pages[::every]:
        page.goto(address)
        barriers += [
            f"{address}: {each['id']}: {node['html'][:200]} {node['failureSummary']}"
            for each in axe.run(page).response["violations"]
            for node in each["nodes"]
        ]
    assert barriers == [], "\n".join(barriers)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_fits_a_phone_and_speaks_the_readers_language(
    language: str, season: Show, pages: list[str], visit: Visit
) -> None:
    page = visit(season.house, language, width=NARROW, staff=True, clock=False)
    wrong = []
    for address in pages:
        page.goto(address, wait_until="domcontentloaded")
        wrong += [f"{address}: {sentence}" for sentence in misfits(page, language)]
    assert wrong == [], "\n".join(wrong)


def misfits(page: Page, language: str) -> list[str]:
    """What is wider than the phone, without a title, or in the other language.

    Legal texts are the conference's own, subjects of mails are in their reader's language, the audit trail's facts as recorded.
    """
    wide = page.evaluate("document.documentElement.scrollWidth")
    wrong = [f"{wide} px wide"] if wide > NARROW else []
    if not page.title() or page.locator("h1").count() != 1:
        wrong.append("no title, or not one heading")
    if not any(part in page.url for part in ("/legal/", "/c/pay/", "/staff/audit")):
        lines = [line for line in page.evaluate(WORDS).splitlines() if not line.startswith("[Demo]")]
        wrong += [line for line in lines if STRANGERS[language].search(line)]
    return wrong
