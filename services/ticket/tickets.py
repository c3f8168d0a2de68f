"""What an attendee carries: the ticket as PDF with its QR code, and an entry for the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from services.ticket.domain.order import Admission
from services.ticket.keys import admission_link
from services.ticket.views import OrderView
from services.ticket.web import Desk
from shared.web.i18n import catalog, day, moment

FORMATS = ("a4", "phone")
FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "templates" / "ticket.typ"
SIX_PM = time(18, 0)


def tickets_pdf(at: Desk, view: OrderView, admissions: Sequence[Admission], format: str = "a4") -> bytes:
    """One page per admission, for paper or a phone (see FORMATS). Sets type: for the worker, not for web processes."""
    from shared.documents.typesetting import render_typst

    words = ticket_words(at, view, admissions)
    return render_typst(TEMPLATE, words, created_at=view.order.paid_at, inputs={"format": format})


def ticket_words(at: Desk, view: OrderView, admissions: Sequence[Admission]) -> dict[str, object]:
    """What stands on each page, in its holder's language."""
    from shared.documents.qr import qr_svg

    conference = view.conference
    pages = []
    for admission in admissions:
        person = view.attendee(admission)
        language = person.locale if person else "en"
        _ = catalog(FOLDER, language).gettext
        link = admission_link(at, admission)
        kind = conference.admission_type(admission.admission_type)
        pages.append(
            {
                "lang": language,
                "conference": conference.name,
                "place": conference.place,
                "days": [day(each, "full", language) for each in admission.days],
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


def calendar_entry(view: OrderView, person_id: str, link: str, now: datetime, is_cancelled: bool = False) -> bytes:
    """An .ics with one entry per day, in the conference's time zone, of one person's visit.

    Its SEQUENCE rises with each change of the conference, so that a calendar follows; a day that fell away is cancelled. The
    entries of somebody who does not come any more are cancelled as a whole: METHOD:CANCEL.
    """
    from icalendar import Calendar, Event

    conference = view.conference
    zone = ZoneInfo(conference.time_zone)
    calendar = Calendar()
    calendar.add("prodid", "-//Stagedoor//tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    opens_at = conference.doors_at.astimezone(zone).time()
    for number in range(1, max(len(conference.days), conference.most_days) + 1):
        each = conference.days[min(number, len(conference.days)) - 1]
        entry = Event()
        starts = datetime.combine(each, opens_at, zone)
        ends = datetime.combine(each, max(SIX_PM, (starts + timedelta(hours=1)).time()), zone)
        entry.add("uid", f"{person_id}.{number}@stagedoor")
        entry.add("sequence", conference.revision + is_cancelled)
        entry.add("status", "CANCELLED" if is_cancelled or number > len(conference.days) else "CONFIRMED")
        entry.add("dtstamp", now)
        entry.add("dtstart", starts)
        entry.add("dtend", ends)
        entry.add("summary", conference.name)
        entry.add("location", conference.place)
        if link:
            entry.add("url", link)
        if is_cancelled:
            entry.add("organizer", f"mailto:{conference.reply_to}")
        calendar.add_component(entry)
    calendar.add_missing_timezones(date(conference.days[0].year - 1, 1, 1), date(conference.days[-1].year + 1, 12, 31))
    return bytes(calendar.to_ical())
