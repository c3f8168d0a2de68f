"""What the mails about a payment by bank transfer say, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from services.notification.wording import Matter, Row, Words, rows
from shared.web.i18n import N_


def in_fours(text: str) -> str:
    """As people read an IBAN or a reference."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def how_to_pay(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_(
            "How to pay for %(conference)s: order %(reference)s", conference=m.title, reference=m.text("reference")
        ),
        headline=_("Your order stands: this is how to pay"),
        paragraphs=(
            _(
                "Your places at %(conference)s are yours. The tickets follow when the money is here.",
                conference=m.title,
            ),
            _("Please give the reference when you pay: then we find your payment at once."),
        ),
        rows=_account(m),
        action=m.action(_("See your order"), "order"),
        notes=_notes(m),
    )


def payment_due(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    return Words(
        subject=_("Three days left to pay: order %(reference)s", reference=m.text("reference")),
        headline=_("Three days left to pay"),
        paragraphs=(
            _(
                "We have not seen your payment for %(conference)s yet. Without it your places go back on sale after %(day)s.",
                conference=m.title,
                day=say.day(m.facts.get("pay_by")),
            ),
            _("If you paid in the last days, thank you: then this mail has crossed your payment."),
        ),
        rows=_account(m),
        action=m.action(_("See your order"), "order"),
        notes=_notes(m),
    )


def payment_failed(m: Matter) -> Words:
    _ = m.reader.gettext
    return Words(
        subject=_("Your payment for order %(reference)s did not go through", reference=m.text("reference")),
        headline=_("Your payment did not go through"),
        paragraphs=(
            _(
                "Your bank returned the payment for %(conference)s, and the tickets went back on sale.",
                conference=m.title,
            ),
            _("Nothing is owed. If you still want to come, please order again."),
        ),
        rows=rows((_("Order"), m.text("reference"))),
        action=m.action(_("See your order"), "order"),
    )


def tickets_returned(m: Matter) -> Words:
    _, say = m.reader.gettext, m.reader
    returned = say.money(m.facts.get("returned")) if say.is_something(m.facts.get("returned")) else ""
    paragraphs = [
        _(
            "Tickets of your order %(reference)s for %(conference)s were given back. The others stay valid.",
            reference=m.text("reference"),
            conference=m.title,
        )
    ]
    if returned:
        paragraphs.append(_("We return %(amount)s the way you paid. This takes a few days.", amount=returned))
    return Words(
        subject=_("Tickets of your order %(reference)s were given back", reference=m.text("reference")),
        headline=_("Tickets were given back"),
        paragraphs=tuple(paragraphs),
        rows=rows((_("Order"), m.text("reference")), (_("We return"), returned)),
        action=m.action(_("See your order"), "order"),
        notes=((_("Attached: the document that corrects your invoice."),) if m.files else ())
        + (_("If this was not your wish, answer this mail."),),
    )


def names_missing(m: Matter) -> Words:
    _ = m.reader.gettext
    found = m.facts.get("listed")
    listed = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    return Words(
        subject=_("Who is coming to %(conference)s? Names are missing", conference=m.title),
        headline=_("Who is coming?"),
        paragraphs=(
            _(
                "Some tickets of your order %(reference)s have no name yet. Without a name there is no badge for them.",
                reference=m.text("reference"),
            ),
            _("Each link opens a ticket: write the name there, or pass it on to whoever comes."),
        ),
        links=tuple((str(each.get("label", "")), str(each.get("link", ""))) for each in listed),
        action=m.action(_("See your order"), "order"),
    )


_WHY = {
    "doubled": N_("Order %(reference)s was paid twice. We return the second payment; your tickets stay as they are."),
    "overpaid": N_(
        "More was paid for order %(reference)s than it costs. We return the rest; your tickets stay as they are."
    ),
    "partial": N_("Only a part was paid for order %(reference)s, and its time is over. We return what you paid."),
}
_LATE = N_(
    "Your payment for order %(reference)s came after the reservation had ended, and the places were gone. We return it."
)


def refund_reason(m: Matter) -> str:
    """Why money goes back that nobody asked for."""
    return m.reader.gettext(_WHY.get(m.text("reason"), _LATE), reference=m.text("reference"))


def _account(m: Matter) -> tuple[Row, ...]:
    _, say = m.reader.gettext, m.reader
    return rows(
        (_("Order"), m.text("reference")),
        (_("Amount"), say.money(m.facts.get("missing"))),
        (_("At the bank by"), say.day(m.facts.get("pay_by"))),
        (_("Payee"), m.text("payee")),
        ("IBAN", in_fours(m.text("iban"))),
        ("BIC", m.text("bic")),
        (_("Reference"), in_fours(m.text("payment_reference"))),
    )


def _notes(m: Matter) -> tuple[str, ...]:
    _ = m.reader.gettext
    notes = []
    if "girocode.png" in m.files:
        notes.append(_("Attached: a GiroCode. Scan it with your banking app, and all of this is filled in."))
    if any(name.endswith(".pdf") for name in m.files):
        notes.append(_("Attached: the invoice."))
    return tuple(notes)
