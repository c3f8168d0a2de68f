"""The reader of a mail: their language, and how dates, times and money are written in it."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

LOCALES = ("en", "de")
_FORMS = {"en": "en_GB", "de": "de_DE"}
_DAY = {"en": "EEEE, d MMMM", "de": "EEEE, d. MMMM"}
_DATE = {"en": "d MMMM y", "de": "d. MMMM y"}
_MOMENT = {"en": "EEEE, d MMMM y, HH:mm", "de": "EEEE, d. MMMM y, HH:mm 'Uhr'"}
_NEXT = {"en": " to ", "de": " bis "}


@cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """The German words from translations/de.po; English stands in the code."""
    path = Path(__file__).parent / "translations" / f"{locale}.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        binary = io.BytesIO()
        write_mo(binary, read_po(file, locale=locale))
    binary.seek(0)
    return gettext.GNUTranslations(binary)


@dataclass(frozen=True, slots=True)
class Reader:
    """Writes for somebody who reads `locale`, about something in `time_zone`. Every method takes None and gives ''."""

    locale: str
    time_zone: str = "UTC"

    @classmethod
    def of(cls, locale: str, time_zone: str = "UTC") -> Reader:
        """The nearest language we write: English for all that is not German."""
        return cls("de" if locale.lower().startswith("de") else "en", time_zone)

    def gettext(self, text: str) -> str:
        return catalogue(self.locale).gettext(text)

    def money(self, amount: Any) -> str:
        """`{"amount": 29900, "currency": "EUR"}` as EUR 299.00 is written here."""
        if not isinstance(amount, Mapping):
            return ""
        value = Decimal(int(amount["amount"])).scaleb(-2)
        return format_currency(value, str(amount["currency"]), locale=_FORMS[self.locale])

    def is_something(self, amount: Any) -> bool:
        return isinstance(amount, Mapping) and int(amount["amount"]) != 0

    def date(self, day: Any) -> str:
        """A date, or the local date of a time."""
        found = self._day(day)
        return format_date(found, _DATE[self.locale], locale=_FORMS[self.locale]) if found else ""

    def day(self, day: Any) -> str:
        """Like `date`, with the day of the week and without the year."""
        found = self._day(day)
        return format_date(found, _DAY[self.locale], locale=_FORMS[self.locale]) if found else ""

    def days(self, days: Any) -> str:
        """From the first to the last day: '7 to 9 June 2027'."""
        if isinstance(days, str):
            return days
        found = sorted(day for day in (self._day(item) for item in days or ()) if day is not None)
        if not found:
            return ""
        first, last = found[0], found[-1]
        if first == last:
            return self.date(first)
        short = "d." if self.locale == "de" else "d"
        if (first.year, first.month) != (last.year, last.month):
            short = _DATE[self.locale].removesuffix(" y") if first.year == last.year else _DATE[self.locale]
        return format_date(first, short, locale=_FORMS[self.locale]) + _NEXT[self.locale] + self.date(last)

    def moment(self, moment: Any) -> str:
        """A time in the conference's zone, which is named by its city."""
        if isinstance(moment, str) and moment:
            moment = datetime.fromisoformat(moment)
        if not isinstance(moment, datetime):
            return ""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        city = self.time_zone.rpartition("/")[2].replace("_", " ")
        return f"{format_datetime(local, _MOMENT[self.locale], locale=_FORMS[self.locale])} ({city})"

    def _day(self, day: Any) -> date | None:
        if isinstance(day, str) and day:
            day = datetime.fromisoformat(day) if "T" in day else date.fromisoformat(day)
        if isinstance(day, datetime):
            return day.astimezone(ZoneInfo(self.time_zone)).date()
        return day if isinstance(day, date) else None


