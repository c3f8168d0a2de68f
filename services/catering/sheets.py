"""The caterer's sheet: what is ordered, as PDF and CSV, and the link that needs no account."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.catering.facts import Conference
from services.catering.orderbook import Sheet
from shared.clock import utc
from shared.documents.typesetting import render_typst
from shared.runtime import Runtime
from shared.web.i18n import N_, catalog, day, moment

HERE = Path(__file__).parent
TEMPLATE = HERE / "templates" / "sheet.typ"
PURPOSE = "catering.sheet"
READABLE_FOR = timedelta(days=30)
"""How long after doors the caterer's link still opens."""

COLUMNS = (N_("Meal"), N_("Date"), N_("Time"), N_("Plates"))


def link(runtime: Runtime, conference: Conference, order_id: str) -> str:
    """The signed address of the newest sheet of an order."""
    token = runtime.signer(PURPOSE).sign({"order": order_id}, conference.doors_at + READABLE_FOR)
    return f"{runtime.settings.base_url}/catering/sheet/{token}"


def order_of(runtime: Runtime, token: str) -> str:
    """The order that a link is about. Raises `Unauthorized`."""
    return str(runtime.signer(PURPOSE).verify(token, runtime.clock.now())["order"])


def file_name(conference: Conference, sheet: Sheet, ending: str) -> str:
    return f"{conference.slug}-catering-{sheet.number}.{ending}"


def as_csv(conference: Conference, sheet: Sheet, language: str = "en") -> bytes:
    """UTF-8 with a byte order mark, semicolons (spreadsheets of German offices), one line a meal; no cell is a formula."""
    texts = catalog(HERE, language)
    zone = ZoneInfo(conference.time_zone)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([texts.gettext(column) for column in COLUMNS])
    for meal in sheet.meals:
        at = meal.served_at.astimezone(zone)
        writer.writerow([neutral(meal.name), at.date().isoformat(), f"{at:%H:%M}", meal.plates])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def neutral(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def as_pdf(conference: Conference, sheet: Sheet, language: str = "en") -> bytes:
    """One page for the kitchen's wall."""
    texts = catalog(HERE, language)
    zone = conference.time_zone

    def say(text: str, **names: object) -> str:
        return texts.gettext(text) % names if names else texts.gettext(text)

    data: dict[str, object] = {
        "language": language,
        "accent": "#a3122a",
        "title": title(sheet, language),
        "conference": conference.name,
        "place": conference.place,
        "days": " – ".join(day(d, lang=language) for d in dict.fromkeys((conference.days[0], conference.days[-1]))),
        "demo": say("DEMO: this conference is made up. Please cook nothing.") if conference.is_demo else "",
        "head": [say(column) for column in (N_("Meal"), N_("Served"), N_("Plates"))],
        "meals": [[say(m.name), moment(m.served_at, zone, lang=language), str(m.plates)] for m in sheet.meals],
        "notes": [
            say("Ordered on %(when)s", when=moment(sheet.ordered_at, zone, lang=language)),
            *([say("Why it changed: %(reason)s", reason=sheet.reason)] if sheet.reason else []),
            say("All times are local: %(zone)s.", zone=zone),
            say("The highest number is the one that counts."),
        ],
    }
    return render_typst(TEMPLATE, data, created_at=sheet.ordered_at)


def title(sheet: Sheet, language: str = "en") -> str:
    texts = catalog(HERE, language)
    text = N_("Catering order no. %(number)s") if sheet.number == 1 else N_("Catering order no. %(number)s (amended)")
    return texts.gettext(text) % {"number": sheet.number}


def as_facts(conference: Conference, sheet: Sheet) -> dict[str, Any]:
    """What a mail about this sheet says."""
    return {
        "conference": conference.name,
        "place": conference.place,
        "number": str(sheet.number),
        "amended": sheet.number > 1,
        "reason": sheet.reason,
        "ordered_at": iso(sheet.ordered_at),
        "meals": [
            {"name": meal.name, "serves_at": iso(meal.served_at), "plates": str(meal.plates)} for meal in sheet.meals
        ],
    }


def iso(instant: datetime) -> str:
    return utc(instant).isoformat().replace("+00:00", "Z")
