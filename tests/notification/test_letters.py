"""What the mails look like to those who get them: headers, both parts, both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.domain.rule import RULES
from services.notification.mime import Mail, as_bytes, build, clean_address, one_line
from services.notification.reading import Reader
from services.notification.rendering import render
from services.notification.store import Conference
from services.notification.wording import Matter
from services.notification.words import WORDS
from shared.errors import InvalidInput
from shared.web.i18n import missing
from tests.fixtures.smtp import MailServer
from tests.notification.conftest import House, admission, conference, order_paid

SEARCHLIGHT = Conference(
    conference_id="con_1",
    slug="searchlight",
    name="Searchlight 2027",
    place="Kulturbrauerei, Berlin",
    time_zone="Europe/Berlin",
    days=tuple(conference().days),
    doors_at=conference().doors_at,
    seller="Searchlight e. V.",
    reply_to="team@searchlight.example.org",
    tier_names={"tie_early": {"en": "Early bird", "de": "Frühbucher"}},
    is_demo=False,
)
FACTS: dict[str, Any] = {
    "reference": "SEA2345",
    "admission_type": "Regular",
    "attendees": "Ada Lovelace, Jörg Müller",
    "total": {"amount": 39800, "currency": "EUR"},
    "refund": {"amount": 19900, "currency": "EUR"},
    "amount": {"amount": 19900, "currency": "EUR"},
    "reason": "doubled",
    "tier_id": "tie_early",
    "tier": "Early bird",
    "price": {"amount": 19900, "currency": "EUR"},
    "next_price": {"amount": 29900, "currency": "EUR"},
    "ends_at": "2027-03-05T22:59:00+00:00",
    "pay_by": "2027-03-05T22:59:00+00:00",
    "number": "SP-2027-0007",
    "sponsor": "Beispiel GmbH",
    "open": {"amount": 595000, "currency": "EUR"},
    "due_on": "2027-03-15",
    "days_overdue": "10",
    "stage": 1,
    "payee": "Searchlight e. V.",
    "iban": "DE89370400440532013000",
    "payment_reference": "RF18539007547034",
    "codes": "ABCD-2345, EFGH-6789",
    "count": "2",
    "meals": [{"name": "Lunch", "serves_at": "2027-06-07T10:30:00Z", "plates": "240"}],
    "ordered": "240",
    "expected": "262",
    "tolerance": "10",
    "position": "3",
    "expires_at": "2027-03-07T11:00:00+00:00",
}
LINKS = {
    name: f"https://example.org/{name}?a=1&b=2"
    for name in ("admission", "order", "shop", "confirm", "sheet", "catering", "waiting", "invitation")
}


def a_matter(locale: str = "en", **changes: Any) -> Matter:
    facts: dict[str, Any] = {
        "reader": Reader.of(locale, "Europe/Berlin"),
        "name": "Ada Lovelace",
        "conference": SEARCHLIGHT,
        "facts": FACTS,
        "links": LINKS,
        "files": ("ticket.pdf", "conference.ics"),
    }
    return Matter(**{**facts, **changes})


def a_mail(**changes: Any) -> Mail:
    facts: dict[str, Any] = {
        "sender": "Stagedoor <tickets@example.org>",
        "to_name": "Ada Lovelace",
        "to_address": "ada@example.org",
        "reply_to": "team@example.org",
        "subject": "Your ticket",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "mime_id": "<msg_1.1@example.org>",
        "written_at": datetime(2027, 3, 1, 9, tzinfo=UTC),
    }
    return Mail(**{**facts, **changes})


def read(mail: Mail) -> EmailMessage:
    parsed = BytesParser(policy=policy.default).parsebytes(as_bytes(build(mail)))
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_every_rule_has_words() -> None:
    assert WORDS.keys() == RULES.keys()


def test_everything_is_said_in_german_too() -> None:
    assert missing(Path(__file__).parents[2] / "services" / "notification") == []


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_both_parts_of_every_letter_say_the_same(rule: str, locale: str) -> None:
    letter = render(rule, a_matter(locale), unsubscribe="https://example.org/u" if RULES[rule].consented else "")
    words = WORDS[rule](a_matter(locale))
    flat, page = one_line(letter.text, 10_000), unescape(letter.html)
    for part in (words.headline, *words.paragraphs, *words.notes, *words.codes, *(label for label, _ in words.rows)):
        assert part in flat
        assert part in page
    for _label, value in words.rows:
        assert one_line(value) in flat
    assert words.action is None or words.action[1] in letter.text
    assert "%(" not in letter.text and "None" not in letter.text
    assert max(len(line) for line in letter.text.splitlines() if "https://" not in line) <= 78
    assert "<script" not in letter.html and "http://fonts" not in letter.html and "<img" not in letter.html
    assert f'lang="{locale}"' in letter.html


@pytest.mark.parametrize("rule", sorted(RULES))
def test_german_letters_are_german(rule: str) -> None:
    english, german = (WORDS[rule](a_matter(locale)) for locale in ("en", "de"))
    assert english.headline != german.headline
    assert not set(english.paragraphs) & set(german.paragraphs)


def test_dates_times_and_money_are_written_as_the_reader_writes_them() -> None:
    english, german = render("price_rises", a_matter("en")), render("price_rises", a_matter("de"))
    assert "Friday, 5 March 2027, 23:59 (Berlin)" in english.text
    assert "Freitag, 5. März 2027, 23:59 Uhr (Berlin)" in german.text
    assert "€199.00" in english.text
    assert "199,00\xa0€" in german.text or "199,00 €" in german.text
    assert "Early bird" in english.text and "Frühbucher" in german.text
    assert Reader.of("en", "Europe/Berlin").days(SEARCHLIGHT.days) == "7 to 9 June 2027"
    assert Reader.of("de", "Europe/Berlin").days(("2027-05-31", "2027-06-01")) == "31. Mai bis 1. Juni 2027"


def test_a_name_cannot_bring_markup_into_a_letter() -> None:
    letter = render("ticket", a_matter(name='<a href="https://evil.example">Ada</a>', facts={}))
    assert 'evil.example">' not in letter.html
    assert "&lt;a" in letter.html


def test_mails_of_a_demo_and_of_a_test_are_marked() -> None:
    demo = render("ticket", a_matter(conference=replace(SEARCHLIGHT, is_demo=True)))
    assert demo.subject.startswith("[Demo]") and "DEMO" in demo.text and "DEMO" in demo.html
    test = render("ticket", a_matter(), is_test=True)
    assert test.subject.startswith("[Test]") and "TEST" in test.text and "TEST" in test.html


@settings(deadline=None, max_examples=200)
@given(name=st.text(max_size=80), subject=st.text(max_size=120))
def test_headers_cannot_be_injected(name: str, subject: str) -> None:
    mail = read(a_mail(to_name=name + "\r\nBcc: eve@example.org", subject=subject + "\nX-Evil: 1"))
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [address.addr_spec for address in mail["To"].addresses] == ["ada@example.org"]


@pytest.mark.parametrize(
    "name",
    ["Müller, Ada", "Ada (x) <eve@example.org>", 'O"Neil; Ada', "Ädä " * 30, "Ада Лавлейс", "=?utf-8?q?eve?=", "a@b.c"],
)
def test_a_name_of_any_form_leaves_one_recipient(name: str) -> None:
    (address,) = read(a_mail(to_name=name))["To"].addresses
    assert address.addr_spec == "ada@example.org"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@localhost",
        "a b@example.org",
        "a@example.org\r\nBcc: e@example.org",
        "a@example.org,e@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        clean_address(address)


def test_a_domain_with_umlauts_is_written_as_smtp_needs_it() -> None:
    assert clean_address("ada@müller.example") == "ada@xn--mller-kva.example"


def test_a_long_link_in_a_header_stays_one_link() -> None:
    link = "<https://example.org/mail/unsubscribe/" + "x" * 300 + ">"
    raw = as_bytes(build(a_mail(headers={"List-Unsubscribe": link})))
    assert f"List-Unsubscribe: {link}\r\n".encode() in raw


def test_a_mail_on_the_wire_is_plain_ascii_with_short_lines_in_its_body() -> None:
    raw = as_bytes(build(a_mail(subject="Ümläut", text="Ü" * 500 + "\n.\n", html="<p>" + "ü" * 2000 + "</p>")))
    raw.decode("ascii")
    assert all(len(line) <= 78 for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_ticket_arrives_with_its_files_and_the_conference_to_answer_to(house: House, mail_server: MailServer) -> None:
    house.hear(admission())
    house.work()
    (mail,) = mail_server.mails
    assert mail["Reply-To"] == "team@searchlight.example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == house.clock.now()
    assert mail["Message-ID"].startswith(f"<{house.ledger()[0].message_id}.1@")
    assert "List-Unsubscribe" not in mail, "a ticket is no newsletter"
    assert mail["To"].addresses[0].display_name == "Ada Lovelace"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert "https://example.org/a/1" in plain.get_content()
    assert "https://example.org/a/1" in html.get_content()
    assert [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()] == [("ticket.pdf", b"%PDF")]


def test_a_line_that_is_a_dot_does_not_end_the_mail(house: House, mail_server: MailServer) -> None:
    house.others.facts["order"] = {"attendees": ".\n.. Ada"}
    house.hear(order_paid())
    house.work()
    assert len(mail_server.mails) == 1


def test_a_german_reader_gets_german(house: House, mail_server: MailServer) -> None:
    house.hear(admission(1, "per_jörg"))
    house.work()
    assert mail_server.mails[0]["Subject"] == "[Test] Ihr Ticket für Searchlight 2027"
