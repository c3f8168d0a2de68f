"""What the mails say: one function for each rule, in the reader's language. The layouts are under templates/mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.notification.access_words import invitation, waitlist_joined, waitlist_offered
from services.notification.domain import rule as rules
from services.notification.holder_words import links, ticket, ticket_changed, ticket_passed_on, ticket_void
from services.notification.payment_words import (
    how_to_pay,
    in_fours,
    names_missing,
    payment_due,
    payment_failed,
    refund_reason,
    tickets_returned,
)
from services.notification.wording import Matter, Words
from services.notification.wording import rows as _rows
from shared.web.i18n import N_


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
        notes=((_("Attached: the document that corrects your invoice."),) if m.files else ())
        + (_("If this was not your wish, answer this mail."),),
    )


def refund(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    amount, reference = say.money(m.facts.get("amount")), m.text("reference")
    return Words(
        subject=_("We return %(amount)s for order %(reference)s", amount=amount, reference=reference),
        headline=_("We return %(amount)s", amount=amount),
        paragraphs=(refund_reason(m), _("The money goes back the way you paid. This takes a few days.")),
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
            ("IBAN", in_fours(m.text("iban"))),
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
            ("IBAN", in_fours(m.text("iban"))),
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
            " · ".join(part for part in (_(str(meal.get("name", ""))), say.moment(meal.get("serves_at"))) if part),
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
    rules.HOW_TO_PAY.name: how_to_pay,
    rules.PAYMENT_DUE.name: payment_due,
    rules.NAMES_MISSING.name: names_missing,
    rules.ORDER_CANCELLED.name: order_cancelled,
    rules.TICKETS_RETURNED.name: tickets_returned,
    rules.PAYMENT_FAILED.name: payment_failed,
    rules.REFUND.name: refund,
    rules.PRICE_RISES.name: price_rises,
    rules.CONSENT_CONFIRM.name: consent_confirm,
    rules.INVOICE.name: invoice,
    rules.SPONSOR_REMINDER.name: sponsor_reminder,
    rules.VOUCHERS.name: vouchers,
    rules.WAITLIST_JOINED.name: waitlist_joined,
    rules.WAITLIST_OFFERED.name: waitlist_offered,
    rules.INVITATION.name: invitation,
    rules.MEAL_ORDER.name: meal_order,
    rules.PLATES_DRIFTED.name: plates_drifted,
}
