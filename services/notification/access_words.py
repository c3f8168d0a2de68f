"""What the mails to who is not in yet say: those who wait, and those who are invited."""

from __future__ import annotations

from services.notification.wording import Matter, Words, rows


def waitlist_joined(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("You are on the waiting list: %(conference)s", conference=m.title),
        headline=_("You are on the waiting list"),
        paragraphs=(
            _(
                "As soon as a ticket for %(conference)s comes back and it is your turn, we write to you and keep it for you.",
                conference=m.title,
            ),
        ),
        rows=rows((_("Ticket"), m.text("admission_type")), (_("Your place in the line"), m.text("position"))),
        action=m.action(_("See your place in the line"), "waiting"),
        notes=(_("There you can also leave the line. If you did not ask for this, do so: somebody mistyped."),),
    )


def waitlist_offered(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    return Words(
        subject=_("A ticket for you: %(conference)s", conference=m.title),
        headline=_("It is your turn"),
        paragraphs=(
            _(
                "A ticket for %(conference)s has come back. We keep it for you at this price until then.",
                conference=m.title,
            ),
        ),
        rows=rows(
            (_("Ticket"), m.text("admission_type")),
            (_("Price, VAT included"), say.money(m.facts.get("price"))),
            (_("Kept until"), say.moment(m.text("expires_at") or None)),
        ),
        action=m.action(_("Order your ticket"), "waiting"),
    )


def invitation(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    return Words(
        subject=_("You are invited: %(conference)s", conference=m.title),
        headline=_("You are invited"),
        paragraphs=(
            _("%(conference)s would be glad to have you there. This link is yours alone.", conference=m.title),
        ),
        rows=rows(
            (_("As"), m.text("admission_type")),
            (_("When"), say.days(m.conference.days if m.conference else ())),
            (_("Where"), m.conference.place if m.conference else ""),
        ),
        action=m.action(_("Open your invitation"), "invitation"),
    )
