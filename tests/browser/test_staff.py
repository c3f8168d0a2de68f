"""From the link of the first start to a sponsor's invoice and the caterer's order, as staff walk it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Visit
from tests.browser.house import House, Show, link_in, text_of

PASSWORD = "canvas lantern seven rivers"


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f'[name="{name}"]').fill(value)


def submit(page: Page) -> None:
    page.locator("main form button.button").first.click()


def test_the_first_link_makes_an_account_once_that_signs_in(calendar: House, visit: Visit) -> None:
    link = calendar.first_link()
    page = visit(calendar)
    page.goto(link)
    fill(page, name="Rosa Klee", email="rosa@example.org", password="rosa", again="rosa")
    submit(page)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#name")).to_have_value("Rosa Klee")
    fill(page, password=PASSWORD, again=PASSWORD)
    submit(page)
    expect(page.get_by_role("heading", name="Nothing is on sale yet")).to_be_visible()
    for name, question in (
        ("Tickets", "What is on sale?"),
        ("Sponsors", "Whose sponsors?"),
        ("Mail", "Which mails did not arrive?"),
        ("Health", "Does everything arrive?"),
        ("Audit trail", "Who did what?"),
    ):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(question)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{calendar.url}/staff")
    fill(page, email="rosa@example.org", password="something else entirely")
    submit(page)
    expect(page.get_by_role("alert")).to_be_visible()
    fill(page, password=PASSWORD)
    submit(page)
    expect(page.get_by_role("heading", name="Nothing is on sale yet")).to_be_visible()
    answer = page.goto(link)
    assert answer is not None and answer.status == 410


def test_an_organiser_opens_a_conference_and_it_is_on_sale(house: House, visit: Visit) -> None:
    page = visit(house, staff=True)
    page.goto(f"{house.url}/organise/new")
    fill(
        page,
        **{
            "name": "Searchlight 2027",
            "slug": "searchlight",
            "first_day": "2027-06-10",
            "place": "Hall 3, Leipzig",
            "capacity": "120",
            "seller": "Searchlight e. V.",
            "reply_to": "hello@searchlight.example",
        },
    )
    page.locator("main form button.button").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator('[name="name"]')).to_have_value("Searchlight 2027")
    for kind in ("imprint", "terms", "privacy", "code_of_conduct"):
        fill(page, **{f"legal.{kind}.en": "Written by hand."})
    fill(page, **{"tier.0.0.price": "249", "tier.0.0.cap": "30", "tier.0.1.price": "349"})
    page.locator("main form button.button").last.click()
    expect(page.get_by_role("heading", name="What do they pay?")).to_be_visible()
    page.goto(f"{house.url}/searchlight/")
    expect(page.get_by_role("heading", name="Searchlight 2027")).to_be_visible()
    expect(page.locator('[name="name.0"]')).to_be_visible()


def test_a_signed_sponsor_gets_an_invoice_and_their_payment_is_recorded(house: House, visit: Visit) -> None:
    show = house.open(f"sponsors-{len(house.shows)}")
    page = visit(house, "de", staff=True)
    page.goto(f"{house.url}/finance/sponsors/new")
    fill(page, name="Lampenwerk GmbH", contact_name="Ole Stern", contact_email="ole@lampenwerk.example")
    for name, value in (
        ("street", "Werftstraße 2"),
        ("address", "Werftstraße 2"),
        ("postcode", "24143"),
        ("city", "Kiel"),
    ):
        if page.locator(f'[name="{name}"]').count():
            fill(page, **{name: value})
    submit(page)
    expect(page.get_by_text("Lampenwerk GmbH").first).to_be_visible()
    page.goto(f"{house.url}/finance/conferences/{show.conference_id}/sign")
    page.locator("#sponsor_id").select_option(label="Lampenwerk GmbH")
    page.locator("#package_id").select_option(index=0)
    page.locator("#seller_id").select_option(value=f"sel_{show.team.key.lower()}")
    fill(page, signed_on="2027-03-19")
    submit(page)
    expect(page.get_by_role("heading", name="Lampenwerk GmbH")).to_be_visible()
    house.settle()
    link = page.get_by_role("link", name="Rechnung S").get_attribute("href")
    invoice = PdfReader(BytesIO(page.request.get(f"{house.url}{link}").body()))
    assert "Lampenwerk GmbH" in invoice.pages[0].extract_text()
    [mail, *_] = house.mails("ole@lampenwerk.example")
    assert "Rechnung" in str(mail["Subject"])
    page.locator("#payment form button").click()
    house.settle()
    page.goto(f"{house.url}/finance/conferences/{show.conference_id}")
    expect(page.locator("tr", has_text="Lampenwerk GmbH")).to_contain_text("bezahlt")


def test_the_caterer_opens_the_sheet_without_an_account_and_says_received(calendar: House, visit: Visit) -> None:
    show = calendar.open("plates", doors_on=(calendar.now + timedelta(days=9)).date(), early_birds=10)
    show.sell(12)
    show.team.count_extra_eaters(4, "Crew")
    calendar.wait_until(calendar.now + timedelta(days=4))
    [order] = calendar.mails("bestellung@kueche-kanal.example")
    page = visit(calendar, width=390)
    page.goto(link_in(order, "/catering/sheet/"))
    for language, received in (("de", "Erhalten"), ("en", "Received")):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        expect(page.get_by_role("button", name=received)).to_be_visible()
    page.get_by_role("button").first.click()
    expect(page.get_by_role("button", name="Received")).to_have_count(0)
    staff = visit(calendar, staff=True)
    staff.goto(f"{calendar.url}/catering/conferences/{show.conference_id}/order")
    expect(staff.locator("main")).to_contain_text("received")
    assert "Mittag" in text_of(order)


def test_a_finance_colleague_may_not_open_the_organisers_pages(season: Show, visit: Visit) -> None:
    page = visit(season.house)
    page.context.add_cookies([season.house.staff_cookie("finance")])  # type: ignore[list-item]
    answer = page.goto(f"{season.house.url}/organise/{season.conference_id}")
    assert answer is not None and answer.status == 403
    page.goto(f"{season.house.url}/finance/conferences/{season.conference_id}")
    expect(page.get_by_role("heading", name="Who owes us what?")).to_be_visible()
