"""What the mails say: one function for each rule, in the reader's language. The layouts are under templates/mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.notification.domain import rule as rules
from services.notification.reading import Reader
from services.notification.store import Conference

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A letter's parts from top to bottom; `action` is the label and address of its one button."""

    subject: str
    headline: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    codes: tuple[str, ...] = ()
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


def ticket(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    files = m.files
    notes = []
    if any(name.endswith(".ics") for name in files):
        notes.append(_("Attached: the ticket as a PDF, and the dates for your calendar."))
    elif files:
        notes.append(_("Attached: the ticket as a PDF."))
    notes.append(_("At the door, show the code on the ticket: on paper or on your phone."))
    return Words(
        subject=_("Your ticket for {conference}").format(conference=m.title),
        headline=_("Your ticket"),
        paragraphs=(_("You are coming to {conference}. We look forward to seeing you.").format(conference=m.title),),
        rows=_rows(
            (_("Name"), m.text("attendee") or m.name),
            (_("Ticket"), m.text("admission_type")),
            (_("When"), say.days(m.facts.get("days") or (m.conference.days if m.conference else ()))),
            (_("Doors open"), say.moment(m.facts.get("doors_at") or (m.conference.doors_at if m.conference else None))),
            (_("Where"), m.conference.place if m.conference else m.text("place")),
            (_("Order"), m.text("reference")),
        ),
        action=m.action(_("Open your ticket"), "admission"),
        notes=tuple(notes),
    )


def order_confirmation(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    attendees = m.facts.get("attendees") or ()
    names = [attendees] if isinstance(attendees, str) else [
        str(a.get("name", "")) if isinstance(a, Mapping) else str(a) for a in attendees
    ]
    return Words(
        subject=_("Your order {reference} for {conference}").format(reference=m.text("reference"), conference=m.title),
        headline=_("Thank you for your order"),
        paragraphs=(
            _("Your order for {conference} is complete. Each attendee gets their own ticket by mail.").format(
                conference=m.title
            ),
        ),
        rows=_rows(
            (_("Order"), m.text("reference")),
            (_("For"), ", ".join(name for name in names if name)),
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
        _("Your order {reference} for {conference} is cancelled. Its tickets admit nobody any more.").format(
            reference=m.text("reference"), conference=m.title
        )
    ]
    if refund:
        paragraphs.append(_("We return {amount} the way you paid. This takes a few days.").format(amount=refund))
    return Words(
        subject=_("Your order {reference} is cancelled").format(reference=m.text("reference")),
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
        why = _("Order {reference} was paid twice. We return the second payment; your tickets stay as they are.")
    else:
        why = _("Your payment for order {reference} came after the reservation had ended, and the places were gone. We return it.")
    return Words(
        subject=_("We return {amount} for order {reference}").format(amount=amount, reference=reference),
        headline=_("We return {amount}").format(amount=amount),
        paragraphs=(why.format(reference=reference), _("The money goes back the way you paid. This takes a few days.")),
        rows=_rows((_("Conference"), m.title), (_("Order"), reference), (_("Amount"), amount)),
        action=m.action(_("See your order"), "order"),
    )


def price_rises(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    day, until = say.day(m.facts.get("ends_at")), say.moment(m.facts.get("ends_at"))
    names = m.conference.tier_names.get(m.text("tier_id"), {}) if m.conference else {}
    tier = names.get(say.locale) or m.text("tier")
    price, next_price = say.money(m.facts.get("price")), say.money(m.facts.get("next_price"))
    if day:
        headline = _("The price rises on {day}").format(day=day)
    else:
        headline = _("The price rises soon")
    if next_price:
        told = _("A ticket for {conference} costs {price} until then, and {next_price} afterwards.")
    else:
        told = _("A ticket for {conference} costs {price} until then.")
    return Words(
        subject=f"{m.title}: {headline}",
        headline=headline,
        paragraphs=(
            _("You asked us to tell you before the price rises."),
            told.format(conference=m.title, price=price, next_price=next_price),
        ),
        rows=_rows((tier, price), (_("Until"), until), (_("Afterwards"), next_price)),
        action=m.action(_("To the tickets"), "shop"),
    )


def consent_confirm(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Shall we remind you? Please confirm: {conference}").format(conference=m.title),
        headline=_("Shall we remind you?"),
        paragraphs=(
            _("Somebody, probably you, asked us to write to this address before the ticket price of {conference} rises.").format(
                conference=m.title
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
        subject=_("Invoice {number}: {conference}").format(number=number, conference=m.title),
        headline=_("Invoice {number}").format(number=number),
        paragraphs=(
            _("Thank you for supporting {conference}. The invoice is attached.").format(conference=m.title),
            _("Please give the reference when you pay: then we find your payment at once."),
        ),
        rows=_rows(
            (_("Invoice"), number),
            (_("For"), m.text("sponsor")),
            (_("Amount"), say.money(m.facts.get("total"))),
            (_("Due"), say.date(m.facts.get("due_on"))),
            (_("Reference"), m.text("payment_reference")),
        ),
    )


def sponsor_reminder(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    number, due, open_ = m.text("number"), say.date(m.facts.get("due_on")), say.money(m.facts.get("open"))
    stage = int(m.facts.get("stage") or 1)
    if stage <= 1:
        headline = _("Has it slipped by?")
        told = _("Invoice {number} was due on {due}, and we have not seen the payment yet. It may have slipped by: it is attached again.")
    elif stage == 2:
        headline = _("Second reminder")
        told = _("Invoice {number} was due on {due} and is still open. Please pay it within a week, or tell us what is missing.")
    else:
        headline = _("Last reminder")
        told = _("Invoice {number} was due on {due} and is still open after two reminders. Please pay it within a week. After that we hand the matter to our treasurer, who may charge statutory interest.")
    return Words(
        subject=_("Reminder: invoice {number}, {conference}").format(number=number, conference=m.title),
        headline=headline,
        paragraphs=(
            told.format(number=number, due=due),
            _("If you paid in the last days, thank you: then this mail has crossed your payment."),
        ),
        rows=_rows(
            (_("Invoice"), number),
            (_("For"), m.text("sponsor")),
            (_("Due"), due),
            (_("Days overdue"), m.text("days_overdue")),
            (_("Still open"), open_),
            (_("Reference"), m.text("payment_reference")),
        ),
    )


def vouchers(m: Matter) -> Words:
    _ = m.reader.gettext
    codes = m.facts.get("codes") or ()
    codes = (codes,) if isinstance(codes, str) else tuple(str(code) for code in codes)
    count = str(m.facts.get("count") or len(codes))
    return Words(
        subject=_("Your vouchers for {conference}").format(conference=m.title),
        headline=_("Your vouchers"),
        paragraphs=(
            _("Thank you for supporting {conference}. Here are your free tickets: pass the codes on to those who are to come.").format(
                conference=m.title
            ),
            _("Enter a code in the shop when you order."),
        ),
        rows=_rows((_("Tickets"), count), (_("For"), m.text("sponsor"))),
        codes=codes,
        action=m.action(_("To the tickets"), "shop"),
    )


def meal_order(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    number = m.text("number")
    amended = bool(m.facts.get("amended"))
    meals = [meal for meal in m.facts.get("meals") or () if isinstance(meal, Mapping)]
    rows = [
        (
            " · ".join(part for part in (str(meal.get("name", "")), say.moment(meal.get("serves_at"))) if part),
            _("{plates} plates").format(plates=meal.get("plates", "")),
        )
        for meal in meals
    ]
    if amended:
        headline = _("Amended order no. {number}").format(number=number)
        told = _("This amends our catering order for {conference}. The attached sheet replaces the earlier one.")
    else:
        headline = _("Catering order no. {number}").format(number=number)
        told = _("This is our binding catering order for {conference}. The sheet is attached.")
    return Words(
        subject=f"{headline}: {m.title}",
        headline=headline,
        paragraphs=(told.format(conference=m.title), _("Please confirm on the page behind the button that you have it.")),
        rows=_rows(*rows, (_("Where"), m.conference.place if m.conference else ""), (_("Reason"), m.text("reason"))),
        action=m.action(_("Open the order and confirm"), "sheet"),
    )


def plates_drifted(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Plates no longer fit: {conference}").format(conference=m.title),
        headline=_("The plates no longer fit"),
        paragraphs=(
            _("For one meal we now expect {expected} plates and ordered {ordered}. That is more than {tolerance} off.").format(
                expected=m.text("expected"), ordered=m.text("ordered"), tolerance=m.text("tolerance")
            ),
            _("Amend the order if the caterer can still change it."),
        ),
        rows=_rows((_("Ordered"), m.text("ordered")), (_("Expected now"), m.text("expected"))),
        action=m.action(_("Open the catering order"), "catering"),
    )


WORDS: dict[str, Callable[[Matter], Words]] = {
    rules.TICKET.name: ticket,
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
