"""The house that Chromium enters, and visitors who complain of every error that a page makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.house import NOW, OPENING, House, Show

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Nobody moves its clock: tests that need time to pass take `calendar`."""
    built = House(tmp_path_factory.mktemp("house"), NOW)
    yield built
    built.close()


@pytest.fixture
def calendar(tmp_path: Path) -> Iterator[House]:
    """A house of a test's own, whose clock may be moved."""
    built = House(tmp_path, NOW)
    yield built
    built.close()


@pytest.fixture(scope="session")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """A conference with a month of history: some sold each week, two sponsors of whom one is late, one hold."""
    built = House(tmp_path_factory.mktemp("season"), OPENING)
    show = built.open("buehnenlicht", early_birds=12, is_demo=True)
    for place in range(2):
        show.sign(place)
    while built.now < NOW:
        show.sell(2)
        show.sell(1, "student")
        built.wait_until(min(built.now.replace(hour=9, minute=30) + (NOW - OPENING) / 5, NOW))
        show.team.look_into_the_bank()
    show.team.count_extra_eaters(6, "Crew")
    built.settle()
    yield show
    built.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """`visit(house, "de", width=390, ...)` -> an empty page. At the end no page may have made an error of its own."""
    contexts, complaints = [], []

    def come(
        house: House,
        language: str = "en",
        *,
        width: int = 1200,
        staff: bool = False,
        clock: bool = True,
        **options: Any,
    ) -> Page:
        locale = {"en": "en-GB", "de": "de-DE"}[language]
        context = chromium.new_context(locale=locale, viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(10_000)
        if clock:
            # The house has a time of its own, and countdowns compare it with the browser's.
            context.clock.install(time=house.now)
        if staff:
            context.add_cookies([house.staff_cookie()])  # type: ignore[list-item]
        context.on("console", lambda said: complaints.extend(_complaints(said)))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield come
    for context in contexts:
        context.close()
    assert complaints == []


def _complaints(said: ConsoleMessage) -> list[str]:
    """Errors and refusals of the content policy; not that a page which says what is wrong has a status of its own."""
    is_status = said.text.startswith("Failed to load resource: the server responded with a status of 4")
    if said.type not in ("error", "warning") or is_status:
        return []
    return [f"{said.location.get('url')}: {said.text}"]
