"""The door on a phone: by scanner, name and camera, in both languages, without JavaScript, and for an hour without network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import segno
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra.rehearsal.cast import Attendee
from services.ticket.app import SERVICE as TICKET
from services.ticket.domain.order import Admission
from services.ticket.store import orders
from tests.browser.conftest import Visit
from tests.browser.house import House, Show
from tests.browser.test_every_page import misfits
from tests.fixtures.chromium import launched

WORDS = {
    "en": {"open": "Check in with this device", "in": "Come in", "stop": "Stop", "undo": "Undo", "undone": "Undone"},
    "de": {"open": "Mit diesem Gerät einchecken", "in": "Herein", "stop": "Halt"},
}


@pytest.fixture
def show(calendar: House) -> Show:
    return calendar.open("einlass")


def sold(show: Show, *names: str, kind: str = "regular") -> dict[str, Admission]:
    """Paid tickets by their holders' names."""
    people = [Attendee(name, f"guest{n}@example.org", kind) for n, name in enumerate(names)]
    [basket] = show.shop.order(people, "paid")
    show.pay(basket)
    show.house.settle()
    database = show.house.stage.runtime.database(TICKET)
    with database.reading() as connection:
        order_id, _, _ = orders.secret_of(connection, basket.reference)
        order = orders.load_order(connection, order_id)
    return dict(zip(names, order.admissions, strict=True))


def code(show: Show, admission: Admission) -> str:
    """What stands in the ticket's QR code."""
    signer = show.house.stage.runtime.signer("ticket.admission")
    return f"{show.house.url}/admissions/{signer.sign({'a': admission.admission_id})}"


def at_the_door(show: Show, page: Page, language: str = "en") -> None:
    """A member of staff opens the door on this device."""
    page.goto(f"{show.house.url}/organise/{show.conference_id}/door")
    page.get_by_role("button", name=WORDS[language]["open"]).click()
    expect(page.locator("#text")).to_be_focused()


def ready(page: Page) -> None:
    """The device has the list, and may lose its network."""
    expect(page.locator("#ready")).to_contain_text("Ready for a gap")


def ready_page(show: Show, device: BrowserContext) -> Page:
    """The door on this device, with its list loaded."""
    page = device.new_page()
    at_the_door(show, page)
    ready(page)
    return page


def scan(page: Page, text: str) -> None:
    """As a scanner does: it types, and ends with Enter."""
    page.locator("#text").fill(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_scanner_types_and_the_page_answers_with_colour_and_word(language: str, show: Show, visit: Visit) -> None:
    words, [ticket] = WORDS[language], sold(show, "Ada Lovelace").values()
    page = visit(show.house, language, width=320, staff=True, clock=False)
    at_the_door(show, page, language)
    scan(page, code(show, ticket))
    expect(page.get_by_role("status").get_by_role("heading", name=words["in"])).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text("Ada Lovelace")
    expect(page.locator("#text")).to_be_focused()
    scan(page, code(show, ticket))
    expect(page.get_by_role("alert").get_by_role("heading", name=words["stop"])).to_be_visible()
    assert misfits(page, language) == []
    axe = Axe().run(page).response["violations"]
    assert axe == [], axe


def test_without_javascript_a_name_is_found_checked_in_and_undone(show: Show, visit: Visit) -> None:
    words = WORDS["en"]
    sold(show, "Grace Hopper", "Alan Turing")
    page = visit(show.house, staff=True, java_script_enabled=False)
    at_the_door(show, page)
    scan(page, "hopper")
    page.get_by_role("button", name="Check in", exact=True).click()
    expect(page.get_by_role("heading", name=words["in"])).to_be_visible()
    expect(page.locator("#count")).to_contain_text("of 2 are in")
    page.get_by_role("button", name=words["undo"]).click()
    expect(page.get_by_text(words["undone"])).to_be_visible()


def test_a_students_id_is_asked_for_also_after_a_scan(show: Show, visit: Visit) -> None:
    [ticket] = sold(show, "Mary Shelley", kind="student").values()
    page = visit(show.house, staff=True, clock=False)
    at_the_door(show, page)
    scan(page, code(show, ticket))
    page.get_by_role("button", name="Seen").click()
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()


@pytest.fixture
def device(chromium: Browser, show: Show) -> Iterator[BrowserContext]:
    """A phone whose network can go away; that it complains of it is no fault."""
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    context.set_default_timeout(10_000)
    context.add_cookies([show.house.staff_cookie()])  # type: ignore[list-item]
    yield context
    context.close()


def test_an_hour_without_network_lets_people_in_refuses_forged_codes_and_is_entered_afterwards(
    show: Show, device: BrowserContext
) -> None:
    tickets = sold(show, "Ada Lovelace", "Grace Hopper")
    page = ready_page(show, device)
    device.set_offline(True)
    scan(page, code(show, tickets["Ada Lovelace"]))
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text("Ada Lovelace")
    expect(page.locator("#network")).to_contain_text("wait to be entered: 1")
    scan(page, code(show, tickets["Ada Lovelace"]))
    expect(page.get_by_role("heading", name="Stop")).to_be_visible()
    scan(page, code(show, tickets["Grace Hopper"])[:-4] + "abcd")
    expect(page.locator("#verdict")).to_contain_text("is not on the list")
    scan(page, "grace")
    page.get_by_role("button", name="Grace Hopper").click()
    expect(page.locator("#network")).to_contain_text("wait to be entered: 2")
    device.set_offline(False)
    expect(page.locator("#network")).to_be_hidden()
    expect(page.locator("#count")).to_contain_text("of 2 are in")
    assert page.locator("#count .figure").inner_text().startswith("2")


def test_a_ticket_that_two_devices_let_in_meanwhile_is_shown_on_both(show: Show, device: BrowserContext) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    away, here = device.new_page(), None
    at_the_door(show, away)
    ready(away)
    browser = device.browser
    assert browser is not None
    other = browser.new_context()
    other.add_cookies([show.house.staff_cookie()])  # type: ignore[list-item]
    here = other.new_page()
    at_the_door(show, here)
    device.set_offline(True)
    scan(away, code(show, ticket))
    expect(away.get_by_role("heading", name="Come in")).to_be_visible()
    scan(here, code(show, ticket))
    expect(here.get_by_role("heading", name="Come in")).to_be_visible()
    device.set_offline(False)
    expect(away.locator("#network")).to_be_hidden()
    for page in (away, here):
        page.reload()
        expect(page.locator("#count [role=alert]")).to_contain_text("Let in twice: Ada Lovelace")
    other.close()


def test_who_came_in_with_network_is_not_let_in_again_without_it(show: Show, device: BrowserContext) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    page = ready_page(show, device)
    scan(page, code(show, ticket))
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    device.set_offline(True)
    scan(page, code(show, ticket))
    expect(page.get_by_role("alert")).to_contain_text("in already")


def test_who_came_in_without_network_is_not_let_in_again_in_the_next_gap(show: Show, device: BrowserContext) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    page = ready_page(show, device)
    device.set_offline(True)
    scan(page, code(show, ticket))
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    device.set_offline(False)
    expect(page.locator("#network")).to_be_hidden()
    device.set_offline(True)
    scan(page, code(show, ticket))
    expect(page.get_by_role("alert")).to_contain_text("in already")


def test_a_scan_that_is_refused_afterwards_holds_up_no_other_and_says_why(show: Show, device: BrowserContext) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    page = ready_page(show, device)
    device.set_offline(True)
    scan(page, code(show, ticket))
    expect(page.locator("#network")).to_contain_text("wait to be entered: 1")
    page.evaluate(
        """() => {
            const [made] = JSON.parse(localStorage.getItem("door.queue"));
            const gone = { ...made, scan_id: "device-of-a-point-that-is-gone", point: "evening" };
            localStorage.setItem("door.queue", JSON.stringify([gone, made]));
        }"""
    )
    device.set_offline(False)
    expect(page.locator("#network")).to_contain_text("no such check-in point")
    expect(page.locator("#network")).to_contain_text("wait to be entered: 1")
    expect(page.locator("#count .figure")).to_contain_text("1 of 1 are in")


def test_a_server_that_does_not_answer_is_waited_for_once_and_not_at_every_scan(
    show: Show, device: BrowserContext
) -> None:
    tickets = sold(show, "Ada Lovelace", "Grace Hopper")
    page = ready_page(show, device)
    asked: list[str] = []
    page.route("**/api/v1/door/**", lambda route: asked.append(urlsplit(route.request.url).path))
    for name, ticket in tickets.items():
        scan(page, code(show, ticket))
        expect(page.locator("#verdict .green")).to_contain_text(name)
    assert asked.count("/api/v1/door/scans") == 1
    page.unroute("**/api/v1/door/**")
    expect(page.locator("#network")).to_be_hidden()
    expect(page.locator("#count .figure")).to_contain_text("2 of 2 are in")


def test_a_device_whose_pass_was_revoked_forgets_the_names(show: Show, device: BrowserContext) -> None:
    sold(show, "Ada Lovelace")
    page = ready_page(show, device)
    office = device.new_page()
    office.goto(f"{show.house.url}/organise/{show.conference_id}/door")
    office.get_by_role("button", name="Revoke").click()
    office.wait_for_load_state()
    page.reload()
    expect(page.get_by_text("This device is not at a door.")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_reload_without_network_still_shows_the_door(show: Show, device: BrowserContext) -> None:
    sold(show, "Ada Lovelace")
    page = device.new_page()
    at_the_door(show, page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{show.house.url}/door/")
    assert page.evaluate("caches.open('door').then(shelf => shelf.keys()).then(keys => keys.length > 2)")
    device.set_offline(True)
    page.reload()
    expect(page.locator("#text")).to_be_visible()
    expect(page.locator("#network")).to_contain_text("No network")


def video_of(text: str, path: Path) -> Path:
    """A film of a QR code, as Chromium takes it for a camera's."""
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(scale=6, border=4)]
    side = len(rows) + len(rows) % 2
    picture = bytearray()
    for y in range(side):
        row = rows[y] if y < len(rows) else [0] * len(rows)
        picture += bytes(16 if dark else 235 for dark in row) + bytes([235]) * (side - len(row))
    frame = b"FRAME\n" + bytes(picture) + bytes([128]) * (side * side // 2)
    path.write_bytes(f"YUV4MPEG2 W{side} H{side} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)
    return path


def test_the_camera_reads_a_ticket(show: Show, chromium: Browser, tmp_path: Path) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    film = video_of(code(show, ticket), tmp_path / "ticket.y4m")
    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with launched(chromium, *flags) as browser:
        context = browser.new_context(permissions=["camera"])
        context.set_default_timeout(15_000)
        context.add_cookies([show.house.staff_cookie()])  # type: ignore[list-item]
        page = context.new_page()
        at_the_door(show, page)
        page.get_by_role("button", name="Use the camera").click()
        expect(page.get_by_role("heading", name="Come in")).to_be_visible(timeout=15_000)
        expect(page.locator("#verdict")).to_contain_text("Ada Lovelace")


def test_the_phones_own_camera_app_opens_the_door_with_the_ticket_in_it(show: Show, visit: Visit) -> None:
    [ticket] = sold(show, "Ada Lovelace").values()
    page = visit(show.house, staff=True, clock=False)
    at_the_door(show, page)
    page.goto(code(show, ticket))
    assert urlsplit(page.url).path == "/door/"
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
