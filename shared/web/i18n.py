"""Languages: English in the code, German from each service's `translations/de.po`, read straight from that file.

In Python `from shared.web.i18n import gettext as _`; in templates `_()`, `ngettext()` and `{% trans %}` (where a percent sign is
written `%%`). Both take names: `_("%(count)s tickets", count=3)`. `N_` marks a text that is translated later.
Mails and documents, which belong to no request, use `catalog(package, language)`.
"""

from __future__ import annotations

import gettext as machinery
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta, get_timezone_location
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Flask, Response, g, has_request_context, request

from shared.money import Money

LANGUAGES = ("en", "de")
OWN = Path(__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
_texts: ContextVar[machinery.NullTranslations | None] = ContextVar("texts", default=None)


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown."""
    return text


def gettext(text: str, **names: object) -> str:
    """The text in the reader's language."""
    translated = _current().gettext(text) if text else ""
    return translated % names if names else translated


def ngettext(one: str, many: str, n: int, **names: object) -> str:
    """The right form for `n` in the reader's language; `%(num)s` is `n`."""
    return _plural(one, many, n) % {"num": n, **names}


def _plural(one: str, many: str, n: int) -> str:
    return _current().ngettext(one, many, n)


def language() -> str:
    """The reader's language: en or de."""
    return str(g.get("language", "en")) if has_request_context() else "en"


def this_page_in(other: str) -> str:
    """The address of this page in another language; what was asked for stays."""
    return "?" + urlencode(
        [*((name, value) for name, value in request.args.items(multi=True) if name != "lang"), ("lang", other)]
    )


@cache
def catalog(folder: Path, language: str) -> machinery.NullTranslations:
    """The texts of the service in `folder`, with the frame's own behind them. English is what stands in the code."""
    chain: machinery.NullTranslations = machinery.NullTranslations()
    for place in (OWN, folder):
        path = place / "translations" / f"{language}.po"
        if language == "en" or not path.exists():
            continue
        with path.open("rb") as file:
            messages = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, messages)
        compiled.seek(0)
        texts = machinery.GNUTranslations(compiled)
        texts.add_fallback(chain)
        chain = texts
    return chain


def missing(folder: Path, language: str = "de") -> list[str]:
    """Texts marked in `folder` (a service's package) that its `translations/<language>.po` lacks: for tests."""
    known = catalog(folder, language)
    lost = []
    for name, line, text, _comments, context in extract_from_dir(str(folder), method_map=METHODS):
        message = text[0] if isinstance(text, tuple) else text
        table = getattr(known, "_catalog", {})
        shared = getattr(getattr(known, "_fallback", None), "_catalog", {})
        if message and not any(key in place for place in (table, shared) for key in (message, (message, 0))):
            lost.append(f"{name}:{line}: {message!r}{f' ({context})' if context else ''}")
    return lost


def install(app: Flask) -> None:
    """Choose the language of each request by `?lang=`, cookie, Accept-Language; texts and filters in templates."""
    folder = Path(app.root_path)

    def choose() -> None:
        asked = request.args.get("lang", ""), request.cookies.get("lang", "")
        chosen = next((lang for lang in asked if lang in LANGUAGES), None)
        g.language = chosen or request.accept_languages.best_match(LANGUAGES, default="en")
        _texts.set(catalog(folder, g.language))

    def remember(response: Response) -> Response:
        response.headers.setdefault("Content-Language", language())
        response.vary.update(["Accept-Language", "Cookie"])
        if request.args.get("lang") in LANGUAGES:
            kind = {"samesite": "Lax", "path": "/", "httponly": True, "secure": request.is_secure}
            response.set_cookie("lang", language(), max_age=31_536_000, **kind)  # type: ignore[arg-type]
        return response

    app.before_request(choose)
    app.after_request(remember)
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    # Jinja fills in the names by itself, with what it must escape escaped.
    environment.install_gettext_callables(gettext, _plural, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(language=language, languages=LANGUAGES, this_page_in=this_page_in)
    environment.filters.update(FILTERS)


def _current() -> machinery.NullTranslations:
    return (_texts.get() if has_request_context() else None) or machinery.NullTranslations()


def money(value: Money | Mapping[str, Any], short: bool = False, lang: str | None = None) -> str:
    """`€199.00`; `short` leaves out cents that are zero."""
    amount, currency = (
        (value.amount, value.currency) if isinstance(value, Money) else (int(value["amount"]), str(value["currency"]))
    )
    whole = short and amount % 100 == 0
    digits = {"format": "¤#,##0" if (lang or language()) == "en" else "#,##0\xa0¤", "currency_digits": False}
    locale = lang or language()
    return format_currency(Decimal(amount) / 100, currency, locale=locale, **(digits if whole else {}))  # type: ignore[arg-type]


def typed(value: Money) -> str:
    """An amount as one types it into a form: `5950.00`, `5950,00`. `Form.money` reads both."""
    return f"{value.amount // 100}{',' if language() == 'de' else '.'}{value.amount % 100:02}"


def day(value: date, style: str = "long", lang: str | None = None) -> str:
    """`7 June 2027`. Styles: long, full (with the weekday), medium, short, or a pattern of CLDR."""
    locale = lang or language()
    british = {"long": "d MMMM y", "medium": "d MMM y", "full": "EEEE d MMMM y"} if locale == "en" else {}
    return format_date(value, _in_order(british.get(style, style), locale), locale=locale)


def moment(value: datetime, zone: str = "", style: str = "EEE d MMM y, HH:mm", lang: str | None = None) -> str:
    """An instant at the conference's local time: `Sun 23 May 2027, 23:59`."""
    locale = lang or language()
    return format_datetime(value, _in_order(style, locale), tzinfo=ZoneInfo(zone or "UTC"), locale=locale)


def _in_order(pattern: str, locale: str) -> str:
    """A British pattern as the language writes it: `Sonntag, 23. Mai`."""
    return pattern.replace("EEEE d", "EEEE, d").replace("d MMM", "d. MMM") if locale == "de" else pattern


def clock_time(value: datetime, zone: str = "", lang: str | None = None) -> str:
    """`23:59` at the conference's local time."""
    return format_time(value, "HH:mm", tzinfo=ZoneInfo(zone or "UTC"), locale=lang or language())


def ago(value: datetime, now: datetime) -> str:
    """`3 minutes ago`, `in 5 days`, `just now`."""
    if abs((value - now).total_seconds()) < 1:
        return gettext("just now")
    # Six weeks say more than one month: the next unit begins at one and a half of it.
    return format_timedelta(value - now, threshold=1.5, add_direction=True, locale=language())


def city(zone: str) -> str:
    """`Berlin` for Europe/Berlin."""
    return get_timezone_location(zone, locale=language(), return_city=True)


def number(value: float | Decimal, lang: str | None = None) -> str:
    return format_decimal(value, locale=lang or language())


def percent(value: float, lang: str | None = None) -> str:
    return format_percent(value, locale=lang or language())


FILTERS = {
    "money": money,
    "date": day,
    "datetime": moment,
    "time": clock_time,
    "ago": ago,
    "city": city,
    "number": number,
    "percent": percent,
}
