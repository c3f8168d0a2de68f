"""What the mails to the holder of a ticket say, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from services.notification.wording import Matter, Words, rows
from shared.web.i18n import N_


def ticket(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    files = m.files
    notes = []
    if any(name.endswith(".ics") for name in files):
        notes.append(_("Attached: the ticket as a PDF, and the dates for your calendar."))
    elif files:
        notes.append(_("Attached: the ticket as a PDF."))
    if m.text("note"):
        notes.append(m.text("note"))
    notes.append(_("At the door, show the code on the ticket: on paper or on your phone."))
    return Words(
        subject=_("Your ticket for %(conference)s", conference=m.title),
        headline=_("Your ticket"),
        paragraphs=(_("You are coming to %(conference)s. We look forward to seeing you.", conference=m.title),),
        rows=rows(
            (_("Name"), m.text("attendee") or m.name),
            (_("Ticket"), m.text("admission_type")),
            (_("When"), say.days(m.conference.days if m.conference else ())),
            (_("Doors open"), say.moment(m.conference.doors_at if m.conference else None)),
            (_("Where"), m.conference.place if m.conference else ""),
            (_("Order"), m.text("reference")),
        ),
        action=m.action(_("Open your ticket"), "admission"),
        notes=tuple(notes),
    )


def ticket_changed(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    return Words(
        subject=_("New dates or place: %(conference)s", conference=m.title),
        headline=_("Something has changed"),
        paragraphs=(
            _(
                "%(conference)s takes place at another time or place than we told you before. This is how it is now:",
                conference=m.title,
            ),
            _("Your ticket stays valid."),
        ),
        rows=rows(
            (_("When"), say.days(m.conference.days if m.conference else ())),
            (_("Doors open"), say.moment(m.conference.doors_at if m.conference else None)),
            (_("Where"), m.conference.place if m.conference else ""),
            (_("Order"), m.text("reference")),
        ),
        action=m.action(_("Open your ticket"), "admission"),
        notes=(_("Attached: the ticket as it is now, and an entry that moves the one in your calendar."),),
    )


def ticket_void(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Your ticket for %(conference)s is cancelled", conference=m.title),
        headline=_("Your ticket is cancelled"),
        paragraphs=(_("Your ticket for %(conference)s was cancelled and admits nobody any more.", conference=m.title),),
        rows=rows((_("Name"), m.text("attendee") or m.name), (_("Order"), m.text("reference"))),
        notes=(
            _("Attached: an entry that takes the dates out of your calendar."),
            _("If this was not your wish, answer this mail."),
        ),
    )


def ticket_passed_on(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Your ticket for %(conference)s was passed on", conference=m.title),
        headline=_("Your ticket was passed on"),
        paragraphs=(
            _(
                "Your ticket for %(conference)s is somebody else's now. Your code and your link open nothing any more.",
                conference=m.title,
            ),
        ),
        rows=rows((_("Order"), m.text("reference"))),
        notes=(
            _("Attached: an entry that takes the dates out of your calendar."),
            _("If this was not your wish, answer this mail."),
        ),
    )


def links(m: Matter) -> Words:
    _ = m.reader.gettext
    listed = [each for each in m.facts.get("listed") or () if isinstance(each, Mapping)]
    told = {"order": N_("Order %(reference)s"), "ticket": N_("Ticket of order %(reference)s")}
    return Words(
        subject=_("Your links for %(conference)s", conference=m.title),
        headline=_("Your orders and tickets"),
        paragraphs=(
            _(
                "Somebody, most likely you, asked for the links to the orders and tickets of this address. Each opens its page:"
            ),
        ),
        links=tuple(
            (
                _(told.get(str(each.get("kind")), told["order"]), reference=each.get("label", "")),
                str(each.get("link", "")),
            )
            for each in listed
        ),
        notes=(_("Keep them to yourself: whoever has a link can change what is behind it."),),
    )
