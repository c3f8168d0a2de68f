"""'The price rises on Friday', asked for, confirmed, mailed and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.house import House, link_in


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_reminder_is_asked_for_confirmed_and_taken_back(language: str, calendar: House, visit: Visit) -> None:
    words = {
        "en": ("Remind me", "Yes, remind me", "We will remind you", "Stop these mails", "We write no more reminders"),
        "de": (
            "Erinnern Sie mich",
            "Ja, erinnern Sie mich",
            "Wir erinnern Sie",
            "Diese Mails abbestellen",
            "Wir schreiben keine Erinnerungen mehr",
        ),
    }[language]
    show = calendar.open("reminders")
    page = visit(calendar, language, width=390, java_script_enabled=False)
    page.goto(show.url)
    page.locator("#remind + details summary").click()
    page.locator("#remind-email").fill("pia@example.org")
    page.locator("#remind + details button").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    calendar.settle()
    [asked] = calendar.mails("pia@example.org")
    page.goto(link_in(asked, "/mail/confirm/"))
    page.get_by_role("button", name=words[1]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words[2])
    calendar.wait_until(calendar.now + timedelta(days=9))
    told = calendar.mails("pia@example.org")[-1]
    assert "249" in str(told) or "349" in str(told.get_body(("plain",)))
    page.goto(link_in(told, "/mail/unsubscribe/"))
    page.get_by_role("button", name=words[3]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words[4])
