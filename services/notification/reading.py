"""The reader of a mail: their language, and how dates, times and money are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from shared.web import i18n

FOLDER = Path(__file__).parent
_DAY = {"en": "EEEE, d MMMM", "de": "EEEE, d. MMMM"}
_DATE = {"en": "d MMMM y", "de": "d. MMMM y"}
_MOMENT = {"en": "EEEE, d MMMM y, HH:mm", "de": "EEEE, d. MMMM y, HH:mm 'Uhr'"}
_UNTIL = {"en": "to", "de": "bis"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Writes for somebody who reads `locale`, about something in `time_zone`.

    The methods take what stands in JSON as well, and give '' for None.
    """

    locale: str
    time_zone: str = "UTC"

    @classmethod
    def of(cls, locale: str, time_zone: str = "UTC") -> Reader:
        """The nearest language we write: English for all that is not German."""
        return cls("de" if locale.lower().startswith("de") else "en", time_zone)

    def gettext(self, text: str, **names: object) -> str:
        translated = i18n.catalog(FOLDER, self.locale).gettext(text)
        return translated % names if names else translated

    def money(self, amount: Any) -> str:
        """`{"amount": 29900, "currency": "EUR"}` as €299.00."""
        return i18n.money(amount, lang=self.locale) if isinstance(amount, Mapping) else ""

    def is_something(self, amount: Any) -> bool:
        return isinstance(amount, Mapping) and int(amount["amount"]) != 0

    def day(self, day: Any) -> str:
        """A date, or the local date of a time."""
        found = self._day(day)
        return i18n.day(found, _DATE[self.locale], self.locale) if found else ""

    def weekday(self, day: Any) -> str:
        """Like `day`, with the day of the week and without the year."""
        found = self._day(day)
        return i18n.day(found, _DAY[self.locale], self.locale) if found else ""

    def days(self, days: Any) -> str:
        """From the first to the last day: '7 to 9 June 2027'."""
        if isinstance(days, str):
            days = [days]
        found = sorted(filter(None, (self._day(item) for item in days or ())))
        if not found:
            return ""
        first, last = found[0], found[-1]
        if first == last:
            return self.day(first)
        pattern = _DATE[self.locale]
        if first.year == last.year:
            pattern = pattern.removesuffix(" y").removesuffix(" MMMM" if first.month == last.month else "")
        return f"{i18n.day(first, pattern, self.locale)} {_UNTIL[self.locale]} {self.day(last)}"

    def moment(self, moment: Any) -> str:
        """A time in the conference's zone, which is named by its city."""
        if isinstance(moment, str) and moment:
            moment = datetime.fromisoformat(moment)
        if not isinstance(moment, datetime):
            return ""
        city = get_timezone_location(self.time_zone, locale=self.locale, return_city=True)
        return f"{i18n.moment(moment, self.time_zone, _MOMENT[self.locale], self.locale)} ({city})"

    def _day(self, day: Any) -> date | None:
        if isinstance(day, str) and day:
            day = datetime.fromisoformat(day) if "T" in day else date.fromisoformat(day)
        if isinstance(day, datetime):
            return day.astimezone(ZoneInfo(self.time_zone)).date()
        return day if isinstance(day, date) else None
