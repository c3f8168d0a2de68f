"""Badges and the list from A to Z: all, what is new since the last print, and names of any kind that fit."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader

from services.ticket.handlers import AttendeeWish, correct_name
from shared.events import StaffActed
from shared.internal import wsgi_transport
from tests.ticket.stage import Stage
from tests.ticket.test_door import door_at, sold
from tests.ticket.test_staff_pages import send, staff_browser

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
NAMES = ("Ada Lovelace", "=SUM(A1)", LONG, "עדה לאבלייס")


@pytest.fixture
def shop(stage: Stage) -> Stage:
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return stage


def printed(stage: Stage, which: str) -> list[str]:
    """The texts of the pages; none where there was nothing to print."""
    at = f"/organise/{stage.conference.conference_id}/door"
    answer = send(staff_browser(stage), f"{at}/badges.pdf", {"which": which}, page=at)
    if answer.status_code == 303:
        return []
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]


def test_all_badges_are_printed_and_then_only_what_is_new_or_reads_differently(shop: Stage) -> None:
    ada, _ = sold(shop, attendees=tuple(AttendeeWish(name, "a@example.org", "regular") for name in NAMES[:2]))
    [sheet] = printed(shop, "new")
    assert "Ada Lovelace" in sheet and "Regular" in sheet
    assert printed(shop, "new") == []
    sold(shop, "student")
    with shop.database.transaction() as tx:
        correct_name(tx, ada, "Ada King")
    [sheet] = printed(shop, "new")
    assert "Ada King" in sheet and "Guest 1" in sheet and "SUM" not in sheet
    assert "SUM" in printed(shop, "all")[0]
    assert [act.facts["count"] for act in shop.said(StaffActed) if act.action == "badges_printed"] == ["2", "2", "3"]


def test_one_badge_is_printed_by_itself(shop: Stage) -> None:
    one, _ = sold(shop, "regular", "regular")
    [sheet] = printed(shop, one)
    assert "Guest 1" in sheet and "Guest 2" not in sheet


def test_eight_fit_on_a_sheet_whatever_the_names_are(shop: Stage) -> None:
    for _ in range(3):
        sold(
            shop,
            attendees=tuple(AttendeeWish(name, "a@example.org", "student") for name in (*NAMES, "🎭 " + "W" * 190)),
        )
    pages = printed(shop, "all")
    assert len(pages) == 2, "fifteen badges"
    text = "".join("".join(pages).replace("\u200b", "").split())
    assert LONG in text
    assert "W" * 20 in text


def test_the_list_from_a_to_z_has_everybody_who_may_come_and_no_formula(shop: Stage) -> None:
    sold(shop, attendees=tuple(AttendeeWish(name, "a@example.org", "regular") for name in NAMES))
    held = shop.order("student")
    at = f"/organise/{shop.conference.conference_id}/door"
    browser = staff_browser(shop)
    sheet = browser.get(f"{at}/guests.csv").data.decode("utf-8-sig").splitlines()
    assert sheet[0] == "Name;Company;Ticket;Order"
    assert len(sheet) == 1 + len(NAMES) and any(line.startswith("'=SUM") for line in sheet)
    pdf = "".join(page.extract_text() for page in PdfReader(io.BytesIO(browser.get(f"{at}/guests.pdf").data)).pages)
    assert "Ada Lovelace" in pdf and held.reference not in pdf
    assert staff_browser(shop, con_other=["organiser"]).get(f"{at}/guests.csv").status_code == 403


def test_arrivals_are_a_picture_by_quarters_of_an_hour(shop: Stage) -> None:
    first, second, third = sold(shop, "regular", "regular", "regular")
    door = door_at(shop)
    for ticket, minutes in ((first, 3), (second, 9), (third, 30)):
        shop.clock.advance_to(shop.conference.doors_at + timedelta(minutes=minutes))
        assert door.colour(ticket) == ("green", "")
    page = staff_browser(shop).get(f"/organise/{shop.conference.conference_id}/door").get_data(as_text=True)
    assert "Mon 09:00: 2" in page and "Mon 09:30: 1" in page
