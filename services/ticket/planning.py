"""The guided form of a new conference, read into a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Final
from zoneinfo import available_timezones

from services.ticket.domain.conference import LEGAL_KINDS, ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.local_time import end_of
from shared.errors import Conflict, InvalidInput
from shared.web.forms import Form
from shared.web.i18n import gettext as _

TYPES: Final = 4
TIERS: Final = 3
MOST_DAYS: Final = 14

BEGINNING: Final[Mapping[str, str]] = {
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "doors_time": "09:00",
    "vat_rate": "19",
    "type.0.code": "regular",
    "type.0.name_en": "Regular",
    "type.0.name_de": "Regulär",
    "tier.0.0.name_en": "Early bird",
    "tier.0.0.name_de": "Frühbucher",
    "tier.0.1.name_en": "Regular",
    "tier.0.1.name_de": "Regulär",
    "tier.0.2.name_en": "Last minute",
    "tier.0.2.name_de": "Last Minute",
    "type.1.code": "student",
    "type.1.name_en": "Student",
    "type.1.name_de": "Studierende",
    "type.1.note_en": "bring your student card",
    "type.1.note_de": "bitte den Studienausweis mitbringen",
    "tier.1.0.name_en": "Student",
    "tier.1.0.name_de": "Studierende",
    "type.2.code": "sponsor",
    "type.2.name_en": "Sponsor",
    "type.2.name_de": "Sponsor",
}
"""What the form begins with: the usual types and steps; a type without a price can be had with a voucher only."""


def read(form: Form) -> ConferencePlan | None:
    """The plan, or None with sentences at the fields. What only the whole shows is checked when it is opened."""
    zone = form.choice("time_zone", available_timezones())
    first, last = form.day("first_day"), form.day("last_day", required=False)
    days = _days(form, first, last or first)
    currency = form.text("currency", longest=3).upper()
    types = tuple(each for n in range(TYPES) if (each := _type(form, n, zone, currency or "EUR")))
    rate = form.money("vat_rate", "EUR")
    plan = ConferencePlan(
        slug=form.text("slug", longest=60),
        name=form.text("name"),
        place=form.text("place"),
        time_zone=zone or "UTC",
        currency=currency,
        capacity=form.integer("capacity", lowest=1) or 0,
        days=days,
        seller=form.text("seller"),
        seller_address=form.text("seller_address", required=False, lines=True, longest=500),
        reply_to=form.email("reply_to"),
        types=types,
        legal_texts={
            (kind, language): form.text(f"legal.{kind}.{language}", required=False, longest=100_000, lines=True)
            for kind in LEGAL_KINDS
            for language in ("en", "de")
        },
        vat_rate=rate.amount if rate else 0,
        doors_time=_time(form, "doors_time"),
        description_en=form.text("description_en", required=False),
        description_de=form.text("description_de", required=False),
    )
    return None if form.errors else plan


def refused(form: Form, error: InvalidInput | Conflict) -> None:
    """Show at its field what the domain would not take."""
    fields = error.facts.get("errors")
    if not isinstance(fields, Mapping):
        form.wrong("", _(str(error)))
        return
    for name, sentences in fields.items():
        place = {"days": "first_day", "types": "type.0.code"}.get(str(name), str(name))
        if place.startswith("legal_"):
            place = f"legal.{place.removeprefix('legal_')}.en"
        form.wrong(place, " ".join(_(each) for each in sentences))


def _days(form: Form, first: date | None, last: date | None) -> tuple[date, ...]:
    if first is None or last is None:
        return ()
    span = (last - first).days
    if not 0 <= span < MOST_DAYS:
        form.wrong("last_day", _("The last day is not before the first, and at most two weeks after it."))
        return ()
    return tuple(first + timedelta(days=n) for n in range(span + 1))


def _time(form: Form, name: str) -> time:
    try:
        return time.fromisoformat(form.text(name))
    except ValueError:
        form.wrong(name, _("A time like 09:00, please."))
        return time(9)


def _type(form: Form, n: int, zone: str, currency: str) -> TypePlan | None:
    """None where its code was left empty."""
    code = form.text(f"type.{n}.code", required=False, longest=40).lower()
    if not code:
        return None
    tiers = tuple(each for k in range(TIERS) if (each := _tier(form, n, k, zone, currency)))
    return TypePlan(
        code=code,
        name_en=form.text(f"type.{n}.name_en", longest=100),
        name_de=form.text(f"type.{n}.name_de", required=False, longest=100) or form.values.get(f"type.{n}.name_en", ""),
        tiers=tiers,
        note_en=form.text(f"type.{n}.note_en", required=False),
        note_de=form.text(f"type.{n}.note_de", required=False),
    )


def _tier(form: Form, n: int, k: int, zone: str, currency: str) -> TierPlan | None:
    """None where its price was left empty."""
    at = f"tier.{n}.{k}"
    if not form.values.get(f"{at}.price", "").strip() or len(currency) != 3 or not currency.isupper():
        return None
    price = form.money(f"{at}.price", currency)
    ends_on = form.day(f"{at}.ends_on", required=False)
    name = form.text(f"{at}.name_en", longest=100)
    return TierPlan(
        name_en=name,
        name_de=form.text(f"{at}.name_de", required=False, longest=100) or name,
        price=price.amount if price else 0,
        ends_at=end_of(ends_on, zone) if ends_on and zone else None,
        cap=form.integer(f"{at}.cap", lowest=1, required=False),
    )
