"""What hangs around necks and lies on the desk: badges, and the list from A to Z. Both are set by the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.conference import Conference
from services.ticket.domain.door import DOOR
from services.ticket.store import check_ins, conferences, doors
from shared.web.i18n import catalog, day

FOLDER = Path(__file__).parent
BADGES = FOLDER / "templates" / "badges.typ"
GUEST_LIST = FOLDER / "templates" / "guests.typ"


@dataclass(frozen=True, slots=True)
class Badge:
    """What is printed for one admission; `content` tells two prints apart."""

    admission_id: str
    name: str
    company: str
    type: str
    days: str
    reference: str

    @property
    def content(self) -> str:
        text = "\n".join((self.name, self.company, self.type, self.days))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def badges_of(connection: sa.Connection, conference: Conference, language: str) -> list[Badge]:
    """Of every valid admission, by name; those without a name come first, to be written by hand."""
    rows = check_ins.all_guests(connection, conference.conference_id, DOOR)
    return [
        Badge(
            row.admission_id,
            row.name or "",
            row.company or "",
            conference.admission_type(row.admission_type).name(language),
            _days(conference, row.admission_type, language),
            row.reference,
        )
        for row in rows
    ]


def choose(badges: Sequence[Badge], which: str, printed: Mapping[str, str]) -> list[Badge]:
    """`all`, `new` since the last print (also one that reads differently now), or the one of an admission id."""
    if which == "all":
        return list(badges)
    if which == "new":
        return [each for each in badges if printed.get(each.admission_id) != each.content]
    return [each for each in badges if each.admission_id == which]


def set_badges(connection: sa.Connection, conference_id: str, which: str, language: str) -> tuple[bytes, list[Badge]]:
    """The PDF, eight on a sheet of A4, and what is on it. Nothing is noted as printed here."""
    from shared.documents.typesetting import render_typst

    conference = conferences.conference_by_id(connection, conference_id)
    chosen = choose(badges_of(connection, conference, language), which, doors.printed_of(connection, conference_id))
    words = [{"name": b.name, "company": b.company, "type": b.type, "days": b.days} for b in chosen]
    data = {"lang": language, "conference": conference.name, "badges": words}
    return render_typst(BADGES, data), chosen


def set_guest_list(connection: sa.Connection, conference_id: str, language: str) -> bytes:
    """The list for paper, with a box to tick."""
    from shared.documents.typesetting import render_typst

    _ = catalog(FOLDER, language).gettext
    conference = conferences.conference_by_id(connection, conference_id)
    data = {
        "lang": language,
        "title": _("Who comes to %(conference)s?") % {"conference": conference.name},
        "head": [_("Name"), _("Company"), _("Ticket"), _("Order")],
        "rows": guest_rows(connection, conference, language),
    }
    return render_typst(GUEST_LIST, data)


def guest_rows(connection: sa.Connection, conference: Conference, language: str) -> list[list[str]]:
    """Name, company, ticket (with its days, where it is not for all) and order of every valid admission, by name."""
    return [
        [each.name, each.company, f"{each.type} ({each.days})" if each.days else each.type, each.reference]
        for each in badges_of(connection, conference, language)
    ]


def _days(conference: Conference, admission_type: str, language: str) -> str:
    """Empty where it is for all of them."""
    days: tuple[date, ...] = conference.admission_type(admission_type).days
    return ", ".join(day(each, "EEEE", language) for each in days)


def as_facts(badges: Sequence[Badge]) -> dict[str, Any]:
    """What a print was of: admission id -> content."""
    return {each.admission_id: each.content for each in badges}
