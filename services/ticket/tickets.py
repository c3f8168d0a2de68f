"""What an attendee carries: the ticket as PDF with its QR code, and an entry for the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from services.ticket.domain.order import Admission
from services.ticket.views import OrderView
from services.ticket.web import Desk, admission_link
from shared.web.i18n import catalog, day, moment

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "templates" / "ticket.typ"
SIX_PM = time(18, 0)


def tickets_pdf(at: Desk, view: OrderView, admissions: Sequence[Admission]) -> bytes:
    """One page per admission. Sets type: for the worker, not for web processes."""
    from shared.documents.typesetting import render_typst

    return render_typst(TEMPLATE, ticket_words(at, view, admissions), created_at=view.order.paid_at)


def ticket_words(at: Desk, view: OrderView, admissions: Sequence[Admission]) -> dict[str, object]:
    """What stands on each page, in its holder's language."""
    from shared.documents.qr import qr_svg

    conference = view.conference
    pages = []
    for admission in admissions:
        person = view.attendee(admission)
        language = person.locale if person else "en"
        _ = catalog(FOLDER, language).gettext
        link = admission_link(at, admission.admission_id)
        kind = conference.admission_type(admission.admission_type)
        pages.append(
            {
                "lang": language,
                "conference": conference.name,
                "place": conference.place,
                "days": [day(each, "full", language) for each in conference.days],
                "doors": moment(conference.doors_at, conference.time_zone, lang=language),
                "doors_label": _("Doors open"),
                "name": person.name if person else "",
                "type": kind.name(language),
                "note": kind.note(language),
                "reference": view.order.reference,
                "reference_label": _("Order"),
                "ticket_label": _("Ticket"),
                "hint": _("Show this code at the door, on paper or on your phone. It admits one person, once."),
                "demo": _("DEMO: this conference does not take place.") if conference.is_demo else "",
                "qr": qr_svg(link),
            }
        )
    return {"pages": pages}


def calendar_entry(view: OrderView, admission: Admission, link: str) -> bytes:
    """An .ics with one entry per day, in the conference's time zone."""
    from icalendar import Calendar, Event

    conference = view.conference
    zone = ZoneInfo(conference.time_zone)
    calendar = Calendar()
    calendar.add("prodid", "-//Stagedoor//tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    opens_at = conference.doors_at.astimezone(zone).time()
    for number, each in enumerate(conference.days, 1):
        entry = Event()
        starts = datetime.combine(each, opens_at, zone)
        ends = datetime.combine(each, max(SIX_PM, (starts + timedelta(hours=1)).time()), zone)
        entry.add("uid", f"{admission.admission_id}.{number}@stagedoor")
        entry.add("sequence", 0)
        entry.add("dtstamp", view.order.paid_at or view.order.created_at)
        entry.add("dtstart", starts)
        entry.add("dtend", ends)
        entry.add("summary", conference.name)
        entry.add("location", conference.place)
        entry.add("url", link)
        calendar.add_component(entry)
    calendar.add_missing_timezones(date(conference.days[0].year - 1, 1, 1), date(conference.days[-1].year + 1, 12, 31))
    return bytes(calendar.to_ical())
