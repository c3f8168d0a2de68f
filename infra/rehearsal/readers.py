"""People who read mails: they ask to hear of price rises, open the link in the mail and press the button there."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from infra.rehearsal.cast import Attendee
from infra.rehearsal.stage import MailSink, Stage
from shared.errors import Conflict

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CONFERENCE = re.compile(r'name="conference_id" value="([^"]+)"')
OFFER = re.compile(r"https?://\S+/waiting/\w+\?key=[\w.~-]+")
VOUCHER = re.compile(r'name="voucher" value="([^"]+)"')
CONFIRM = re.compile(r"https?://\S+/mail/confirm/[\w.~-]+")


def ask_for_reminders(stage: Stage, slug: str, email: str, locale: str) -> None:
    """Fill in the form of the shop. The confirmation mail is in the sink when the stage has settled."""
    browser = stage.browser()
    page = _got(browser.get(f"/mail/remind?conference={slug}&lang={locale}"))
    form = {"csrf_token": _found(TOKEN, page), "conference_id": _found(CONFERENCE, page), "email": email}
    _got(browser.post("/mail/remind", data=form, follow_redirects=True))


def confirm_reminders(stage: Stage, sink: MailSink, email: str) -> None:
    """Open the newest confirmation link that came to this address, and press the button."""
    letters = [mail for recipient, mail in reversed(sink.mails) if recipient == email]
    links = [link for mail in letters for link in CONFIRM.findall(_text(mail))]
    if not links:
        raise Conflict(f"No confirmation mail came to {email}.")
    address = urlsplit(links[0]).path
    browser = stage.browser()
    page = _got(browser.get(address))
    _got(browser.post(address, data={"csrf_token": _found(TOKEN, page)}, follow_redirects=True))


def join_the_line(stage: Stage, slug: str, who: Attendee) -> None:
    """Nothing is left: join the waiting list by its form."""
    browser, at = stage.browser(), f"/{slug}/waiting/{who.admission_type}"
    form = {"csrf_token": _found(TOKEN, _got(browser.get(at))), "name": who.name, "email": who.email}
    _got(browser.post(at, data=form, follow_redirects=True))


def offered_code(stage: Stage, sink: MailSink, email: str) -> str:
    """Open the page behind the newest offer that came to this address: the code that orders it."""
    letters = [_text(mail) for recipient, mail in reversed(sink.mails) if recipient == email]
    links = [link for letter in letters for link in OFFER.findall(letter)]
    if not links:
        raise Conflict(f"No offer came to {email}.")
    parts = urlsplit(links[0])
    return _found(VOUCHER, _got(stage.browser().get(f"{parts.path}?{parts.query}")))


def _text(mail: bytes) -> str:
    part = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def _got(answer: TestResponse) -> str:
    if answer.status_code != 200:
        raise Conflict(f"{answer.request.path} answers {answer.status_code}: {answer.text[:300]}")
    return answer.text


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise Conflict(f"The page has no {pattern.pattern}.")
    return match[1]
