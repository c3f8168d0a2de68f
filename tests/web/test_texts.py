"""Texts in two languages, money and times as readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from shared.money import Money
from shared.web import i18n


def test_every_text_of_the_frame_has_its_german() -> None:
    assert i18n.missing(i18n.OWN) == []


def test_a_text_without_german_is_found(tmp_path: Path) -> None:
    (tmp_path / "pages.py").write_text('title = _("Nobody translated this")\n')
    assert i18n.missing(tmp_path) == ["pages.py:1: 'Nobody translated this'"]


def test_money_is_written_as_readers_write_it() -> None:
    price = Money(123450, "EUR")
    assert i18n.money(price, lang="en") == "€1,234.50"
    assert i18n.money(price, lang="de") == "1.234,50\xa0€"
    assert i18n.money(Money(19900, "EUR"), short=True, lang="en") == "€199"
    assert i18n.money({"amount": 19900, "currency": "EUR"}, short=True, lang="de") == "199\xa0€"


def test_a_time_is_the_conferences_own() -> None:
    instant = datetime(2027, 5, 23, 21, 59, tzinfo=UTC)
    assert i18n.moment(instant, "Europe/Berlin", lang="en") == "Sun 23 May 2027, 23:59"
    assert i18n.moment(instant, "Europe/Berlin", lang="de") == "So. 23. Mai 2027, 23:59"
    assert i18n.day(date(2027, 6, 7), lang="en") == "7 June 2027"
    assert i18n.day(date(2027, 6, 7), lang="de") == "7. Juni 2027"
    assert i18n.city("Europe/Berlin") == "Berlin"
