"""Every kind of page of a house: what links lead to, and what only letters, mistakes and moments show."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from werkzeug.test import Client

from infra.rehearsal.cast import Attendee
from tests.browser.house import House, Show, link_in
from tests.browser.moments import ask_for_reminder

LINK = re.compile(r'<(?:a|iframe)\b[^>]*?(?:href|src)="([^"#]+)"')
NUMBER = re.compile(r"[a-z]{3}_[0-9A-Za-z]+|[0-9A-Z]{8}|rehearsal|[\w-]{40,}(\.[\w-]+)*")


def all_pages(show: Show) -> list[str]:
    """One address of each kind of page, for a member of staff who is a buyer too. It leaves a hold and a reminder behind."""
    house = show.house
    staff = staff_client(house)
    moments = [urljoin(house.url, path) for path in _moments(show)]
    # They come first: each leaves the cookie behind that its own later pages ask for.
    seen = {address: address for address in moments}
    queue = [*moments, "/staff", "/", f"/{show.slug}/?people=3", "/staff/sign-in", "/nothing/here"]
    while queue:
        address = urljoin(house.url, queue.pop(0))
        parts = urlsplit(address)
        shape = shape_of(address)
        # A letter is shown in a sandbox that runs nothing: it is a mail, no page.
        if shape in seen or "lang=" in parts.query or parts.path.endswith("/letter"):
            continue
        if not address.startswith(house.url):
            if address.startswith(house.stripe_url):
                seen[shape] = address
            continue
        answer = staff.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        if answer.location:
            queue.append(urljoin(address, answer.location))
        elif answer.mimetype == "text/html":
            seen[shape] = address
            queue += [urljoin(address, unescape(link)) for link in LINK.findall(answer.text)]
    return list(seen.values())


def shape_of(path: str) -> str:
    """Two addresses of one shape lead to the same kind of page."""
    parts = urlsplit(path)
    names = sorted(re.findall(r"([a-z]+)=", parts.query))
    return f"{parts.netloc}{NUMBER.sub('*', parts.path).rstrip('/')}?{names}"


def staff_client(house: House) -> Client:
    client = house.stage.browser()
    cookie = house.staff_cookie()
    client.set_cookie(cookie["name"], cookie["value"], domain=urlsplit(house.url).hostname or "")
    return client


def _moments(show: Show) -> list[str]:
    """A paid order, one that is held, and the page that confirms a reminder."""
    house = show.house
    [held] = show.shop.order(
        [Attendee("Ida Kraus", "ida@example.org"), Attendee("Mats Kraus", "mats@example.org")], "held"
    )
    [paid] = show.shop.order([Attendee("Nora Haas", "nora@example.org")], "paid", locale="de")
    show.pay(paid)
    house.settle()
    ask_for_reminder(show, "pia@example.org")
    [asked] = house.mails("pia@example.org")
    return [
        *(f"/orders/{basket.reference}?key={basket.secret}" for basket in (held, paid)),
        urlsplit(link_in(asked, "/mail/confirm/")).path,
    ]
