"""What people do by the way, without a browser, so that a test can begin in the middle."""

from __future__ import annotations

import re

from tests.browser.house import Show

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def ask_for_reminder(show: Show, email: str) -> None:
    """Ask for a mail before the price rises; the mail that asks back is on its way then."""
    client = show.house.stage.browser()
    page = client.get(f"/{show.slug}/")
    token = TOKEN.search(page.text)
    assert token is not None
    answer = client.post(
        "/mail/remind", data={"csrf_token": token[1], "conference_id": show.conference_id, "email": email}
    )
    assert answer.status_code == 303, answer.text
    show.house.settle()
