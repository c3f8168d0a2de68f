"""What the mails say: one function for each rule, in the reader's language. The layouts are under templates/mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.notification.domain import rule as rules
from services.notification.reading import Reader
from services.notification.store import Conference
from shared.web.i18n import N_

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A letter's parts from top to bottom; `links` are labels and addresses, `action` those of its one button."""

    subject: str
    headline: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    codes: tuple[str, ...] = ()
    links: tuple[Row, ...] = ()
    action: Row | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter can speak of: the reader, the conference if any, the facts of event and service, links, files."""

    reader: Reader
    name: str
    conference: Conference | None
    facts: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.conference.name if self.conference else str(self.facts.get("conference") or "")

    def text(self, name: str) -> str:
        value = self.facts.get(name)
        return "" if value is None else str(value)

    def action(self, label: str, link: str) -> Row | None:
        return (label, self.links[link]) if self.links.get(link) else None


def _rows(*rows: Row) -> tuple[Row, ...]:
    """Rows that have something to say."""
    return tuple((label, value) for label, value in rows if value)


def _in_fours(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


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
        rows=_rows(
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
        rows=_rows(
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
        rows=_rows((_("Name"), m.text("attendee") or m.name), (_("Order"), m.text("reference"))),
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
        rows=_rows((_("Order"), m.text("reference"))),
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


def order_confirmation(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    return Words(
        subject=_(
            "Your tickets for %(conference)s: order %(reference)s", reference=m.text("reference"), conference=m.title
        ),
        headline=_("Thank you for your order"),
        paragraphs=(
            _(
                "Your order for %(conference)s is complete. Each attendee gets their own ticket by mail.",
                conference=m.title,
            ),
        ),
        rows=_rows(
            (_("Order"), m.text("reference")),
            (_("For"), m.text("attendees")),
            (_("When"), say.days(m.conference.days if m.conference else ())),
            (_("Where"), m.conference.place if m.conference else ""),
            (_("Total, VAT included"), say.money(m.facts.get("total"))),
        ),
        action=m.action(_("See your order"), "order"),
        notes=(_("Attached: all tickets as a PDF."),) if m.files else (),
    )


def order_cancelled(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    refund = say.money(m.facts.get("refund")) if say.is_something(m.facts.get("refund")) else ""
    paragraphs = [
        _(
            "Your order %(reference)s for %(conference)s is cancelled. Its tickets admit nobody any more.",
            reference=m.text("reference"),
            conference=m.title,
        )
    ]
    if refund:
        paragraphs.append(_("We return %(amount)s the way you paid. This takes a few days.", amount=refund))
    return Words(
        subject=_("Your order %(reference)s is cancelled", reference=m.text("reference")),
        headline=_("Your order is cancelled"),
        paragraphs=tuple(paragraphs),
        rows=_rows((_("Order"), m.text("reference")), (_("We return"), refund)),
        action=m.action(_("See your order"), "order"),
        notes=(_("If this was not your wish, answer this mail."),),
    )


def refund(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    amount, reference = say.money(m.facts.get("amount")), m.text("reference")
    if m.text("reason") == "doubled":
        why = N_("Order %(reference)s was paid twice. We return the second payment; your tickets stay as they are.")
    else:
        why = N_(
            "Your payment for order %(reference)s came after the reservation had ended, and the places were gone. We return it."
        )
    return Words(
        subject=_("We return %(amount)s for order %(reference)s", amount=amount, reference=reference),
        headline=_("We return %(amount)s", amount=amount),
        paragraphs=(_(why, reference=reference), _("The money goes back the way you paid. This takes a few days.")),
        rows=_rows((_("Conference"), m.title), (_("Order"), reference), (_("Amount"), amount)),
        action=m.action(_("See your order"), "order"),
    )


def price_rises(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    day, until = say.weekday(m.facts.get("ends_at")), say.moment(m.facts.get("ends_at"))
    names = m.conference.tier_names.get(m.text("tier_id"), {}) if m.conference else {}
    tier = names.get(say.locale) or m.text("tier")
    price, next_price = say.money(m.facts.get("price")), say.money(m.facts.get("next_price"))
    headline = _("The price rises on %(day)s", day=day) if day else _("The price rises soon")
    if next_price:
        told = N_("A ticket for %(conference)s costs %(price)s until then, and %(next_price)s afterwards.")
    else:
        told = N_("A ticket for %(conference)s costs %(price)s until then.")
    return Words(
        subject=f"{m.title}: {headline}",
        headline=headline,
        paragraphs=(
            _("You asked us to tell you before the price rises."),
            _(told, conference=m.title, price=price, next_price=next_price),
        ),
        rows=_rows((tier, price), (_("Until"), until), (_("Afterwards"), next_price)),
        action=m.action(_("To the tickets"), "shop"),
    )


def consent_confirm(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Shall we remind you? Please confirm: %(conference)s", conference=m.title),
        headline=_("Shall we remind you?"),
        paragraphs=(
            _(
                "Somebody, probably you, asked us to write to this address before the ticket price of %(conference)s rises.",
                conference=m.title,
            ),
            _("The page behind the button asks you to confirm. Until you do, we send nothing."),
        ),
        action=m.action(_("Open the page and confirm"), "confirm"),
        notes=(
            _("The link works for 7 days."),
            _("If it was not you, do nothing: we forget the address by ourselves."),
        ),
    )


def invoice(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    number = m.text("number")
    return Words(
        subject=_("Invoice %(number)s: %(conference)s", number=number, conference=m.title),
        headline=_("Invoice %(number)s", number=number),
        paragraphs=(
            _("Thank you for supporting %(conference)s. The invoice is attached.", conference=m.title),
            _("Please give the reference when you pay: then we find your payment at once."),
        ),
        rows=_rows(
            (_("Invoice"), number),
            (_("For"), m.text("sponsor")),
            (_("Amount"), say.money(m.facts.get("total"))),
            (_("Due"), say.day(m.facts.get("due_on"))),
            (_("Payee"), m.text("payee")),
            ("IBAN", _in_fours(m.text("iban"))),
            (_("Reference"), m.text("payment_reference")),
        ),
    )


def sponsor_reminder(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    number, due, open_ = m.text("number"), say.day(m.facts.get("due_on")), say.money(m.facts.get("open"))
    stage = int(m.facts.get("stage") or 1)
    if stage <= 1:
        headline = _("A friendly reminder")
        told = N_(
            "Invoice %(number)s was due on %(due)s, and we have not seen the payment yet. "
            "It may have slipped by: it is attached again."
        )
    elif stage == 2:
        headline = _("Second reminder")
        told = N_(
            "Invoice %(number)s was due on %(due)s and is still open. Please pay it within a week, or tell us what is missing."
        )
    else:
        headline = _("Last reminder")
        told = N_(
            "Invoice %(number)s was due on %(due)s and is still open after two reminders. Please pay it within "
            "a week. After that we hand the matter to our treasurer, who may charge statutory interest."
        )
    return Words(
        subject=_("Reminder: invoice %(number)s, %(conference)s", number=number, conference=m.title),
        headline=headline,
        paragraphs=(
            _(told, number=number, due=due),
            _("If you paid in the last days, thank you: then this mail has crossed your payment."),
        ),
        rows=_rows(
            (_("Invoice"), number),
            (_("For"), m.text("sponsor")),
            (_("Due"), due),
            (_("Days overdue"), m.text("days_overdue")),
            (_("Still open"), open_),
            (_("Payee"), m.text("payee")),
            ("IBAN", _in_fours(m.text("iban"))),
            (_("Reference"), m.text("payment_reference")),
        ),
    )


def vouchers(m: Matter) -> Words:
    _ = m.reader.gettext
    codes = tuple(code.strip() for code in m.text("codes").split(",") if code.strip())
    count = str(m.facts.get("count") or len(codes))
    return Words(
        subject=_("Your vouchers for %(conference)s", conference=m.title),
        headline=_("Your vouchers"),
        paragraphs=(
            _(
                "Thank you for supporting %(conference)s. Here are your free tickets: pass the codes on to those who are to come.",
                conference=m.title,
            ),
            _("Enter a code in the shop when you order."),
        ),
        rows=_rows((_("Tickets"), count), (_("Kind"), m.text("admission_type"))),
        codes=codes,
        action=m.action(_("To the tickets"), "shop"),
    )


def meal_order(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    number = m.text("number")
    amended = m.facts.get("amended") is True
    meals = [meal for meal in m.facts.get("meals") or () if isinstance(meal, Mapping)]
    rows = [
        (
            " · ".join(part for part in (str(meal.get("name", "")), say.moment(meal.get("serves_at"))) if part),
            _("%(plates)s plates", plates=meal.get("plates", "")),
        )
        for meal in meals
    ]
    if amended:
        headline = _("Amended order no. %(number)s", number=number)
        told = N_("This amends our catering order for %(conference)s. The attached sheet replaces the earlier one.")
    else:
        headline = _("Catering order no. %(number)s", number=number)
        told = N_("This is our binding catering order for %(conference)s. The sheet is attached.")
    return Words(
        subject=f"{headline}: {m.title}",
        headline=headline,
        paragraphs=(_(told, conference=m.title), _("Please confirm on the page behind the button that you have it.")),
        rows=_rows(*rows, (_("Where"), m.conference.place if m.conference else ""), (_("Reason"), m.text("reason"))),
        action=m.action(_("Open the order and confirm"), "sheet"),
    )


def plates_drifted(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Plates no longer fit: %(conference)s", conference=m.title),
        headline=_("The plates no longer fit"),
        paragraphs=(
            _(
                "For one meal we now expect %(expected)s plates and ordered %(ordered)s. That is more than %(tolerance)s off.",
                expected=m.text("expected"),
                ordered=m.text("ordered"),
                tolerance=m.text("tolerance"),
            ),
            _("Amend the order if the caterer can still change it."),
        ),
        rows=_rows((_("Ordered"), m.text("ordered")), (_("Expected now"), m.text("expected"))),
        action=m.action(_("Open the catering order"), "catering"),
    )


WORDS: dict[str, Callable[[Matter], Words]] = {
    rules.TICKET.name: ticket,
    rules.TICKET_CHANGED.name: ticket_changed,
    rules.TICKET_VOID.name: ticket_void,
    rules.TICKET_PASSED_ON.name: ticket_passed_on,
    rules.LINKS.name: links,
    rules.ORDER_CONFIRMATION.name: order_confirmation,
    rules.ORDER_CANCELLED.name: order_cancelled,
    rules.REFUND.name: refund,
    rules.PRICE_RISES.name: price_rises,
    rules.CONSENT_CONFIRM.name: consent_confirm,
    rules.INVOICE.name: invoice,
    rules.SPONSOR_REMINDER.name: sponsor_reminder,
    rules.VOUCHERS.name: vouchers,
    rules.MEAL_ORDER.name: meal_order,
    rules.PLATES_DRIFTED.name: plates_drifted,
}
