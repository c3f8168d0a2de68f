"""A conference: one edition of a gathering, with its place in time, its admission types and its legal texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from services.ticket.domain.local_time import at_local, days_earlier, zone_of
from services.ticket.domain.policy import STANDARD, Step, check_steps
from services.ticket.domain.tier import Ladder, Tier
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import Event
from shared.events.ticketing import AdmissionTypeFact, ConferenceChanged, ConferenceOpened
from shared.money import Money

RESERVED_SLUGS: Final = frozenset(
    [
        "api",
        "tickets",
        "staff",
        "finance",
        "catering",
        "mail",
        "feed",
        "static",
        "orders",
        "admissions",
        "pay",
        "stripe",
        "organise",
        "internal",
        "invited",
        "waiting",
        "door",
        "livez",
        "readyz",
        "metrics",
    ]
)
SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
LEGAL_KINDS: Final = ("imprint", "terms", "privacy", "code_of_conduct")
CONSENT_KINDS: Final = ("terms", "privacy", "code_of_conduct")
"""Texts that a buyer agrees to; the imprint is only shown."""
DOORS_TIME: Final = time(9, 0)
CATERING_DAYS: Final = 7
CATERING_TIME: Final = time(12, 0)
LAST_STEP_BEFORE_CATERING: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AdmissionType:
    """Why somebody is let in. A type without tiers can only be had by voucher, as can one that `is_hidden`.

    `vat_rate` in hundredths of a percent; where it is 0, `exemption` says by which rule. `days` that it is for: none are all.
    """

    code: str
    name_en: str
    name_de: str
    vat_rate: int
    note_en: str = ""
    note_de: str = ""
    days: tuple[date, ...] = ()
    exemption_en: str = ""
    exemption_de: str = ""
    is_hidden: bool = False

    def name(self, language: str) -> str:
        return self.name_de if language == "de" else self.name_en

    def note(self, language: str) -> str:
        return self.note_de if language == "de" else self.note_en

    def exemption(self, language: str) -> str:
        return (self.exemption_de if language == "de" else self.exemption_en) or self.exemption_en or self.exemption_de


@dataclass(frozen=True, slots=True)
class LegalText:
    """One version of a text that buyers read or agree to. A change makes a new version; old ones stay with old orders."""

    kind: str
    language: str
    version: int
    body: str


@dataclass(slots=True)
class Conference:
    """`revision` counts the changes that calendars must follow; `most_days` is the most days it ever had."""

    conference_id: str
    slug: str
    name: str
    place: str
    time_zone: str
    currency: str
    capacity: int
    days: tuple[date, ...]
    doors_at: datetime
    seller: str
    seller_address: str
    reply_to: str
    admission_types: tuple[AdmissionType, ...]
    is_demo: bool = False
    opened_at: datetime | None = None
    called_off_at: datetime | None = None
    cancellation: tuple[Step, ...] = STANDARD
    description_en: str = ""
    description_de: str = ""
    revision: int = 0
    most_days: int = 0

    def admission_type(self, code: str) -> AdmissionType:
        for admission_type in self.admission_types:
            if admission_type.code == code:
                return admission_type
        known = ", ".join(each.code for each in self.admission_types)
        raise NotFound(f"{self.name} has no admission type {code!r}: there are {known}.", admission_type=code)

    def days_of(self, code: str) -> tuple[date, ...]:
        """The days that admissions of a type are for."""
        return self.admission_type(code).days or self.days

    def description(self, language: str) -> str:
        return (self.description_de if language == "de" else self.description_en) or self.description_en

    def with_types(self, changed: Sequence[AdmissionType], sold: Collection[str]) -> Conference:
        """With its types as they are now; `sold`: codes of which admissions stand. Raises `InvalidInput`, `Conflict`."""
        errors = [each.code for each in changed if not set(each.days) <= set(self.days)]
        if errors or [each.code for each in changed] != [each.code for each in self.admission_types]:
            raise InvalidInput("A type is for days of the conference, and keeps its code.", errors={"types": errors})
        if not any(not each.is_hidden for each in changed):
            raise InvalidInput("At least one type has to be seen.", errors={"types": ["Show one of them."]})
        for each in changed:
            if each.code in sold and set(self.days_of(each.code)) != set(each.days or self.days):
                raise Conflict("The days of a type that was sold stay as they are.", admission_type=each.code)
        return replace(self, admission_types=tuple(changed))

    @property
    def ends_at(self) -> datetime:
        """Midnight after its last day, where it is."""
        return at_local(self.days[-1] + timedelta(days=1), time(0), self.time_zone)

    def revised(self, before: Conference) -> Conference:
        """This conference, with one more revision where what stands in calendars differs from `before`."""
        shown = [(each.name, each.place, each.days, each.doors_at) for each in (before, self)]
        if shown[0] == shown[1]:
            return self
        most = max(len(before.days), before.most_days, len(self.days))
        return replace(self, revision=before.revision + 1, most_days=most)

    @property
    def catering_deadline(self) -> datetime:
        """When the caterer must know the number, by default: a week before the first day, at noon in its place."""
        return at_local(self.days[0] - timedelta(days=CATERING_DAYS), CATERING_TIME, self.time_zone)

    def opened(self, tiers: Sequence[Tier]) -> Event:
        return ConferenceOpened(**self._facts(tiers))

    def changed(self, tiers: Sequence[Tier]) -> Event:
        return ConferenceChanged(**self._facts(tiers))

    def _facts(self, tiers: Sequence[Tier]) -> dict[str, Any]:
        return {
            "conference_id": self.conference_id,
            "slug": self.slug,
            "name": self.name,
            "place": self.place,
            "time_zone": self.time_zone,
            "currency": self.currency,
            "capacity": self.capacity,
            "days": self.days,
            "doors_at": self.doors_at,
            "seller": self.seller,
            "reply_to": self.reply_to,
            "admission_types": tuple(
                AdmissionTypeFact(each.code, each.name_en, each.name_de) for each in self.admission_types
            ),
            "tiers": tuple(tier.fact() for tier in tiers),
            "is_demo": self.is_demo,
        }


@dataclass(frozen=True, slots=True)
class TierPlan:
    """A tier as an organiser writes it: `ends_at` as an instant (an end 'on a day' is that day's last moment there)."""

    name_en: str
    name_de: str
    price: int
    ends_at: datetime | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class TypePlan:
    """An admission type with its ladder; without tiers it is for vouchers only."""

    code: str
    name_en: str
    name_de: str
    tiers: tuple[TierPlan, ...] = ()
    sales_start_at: datetime | None = None
    vat_rate: int | None = None
    note_en: str = ""
    note_de: str = ""
    days: tuple[date, ...] = ()
    exemption_en: str = ""
    exemption_de: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class ConferencePlan:
    """All that is needed to open a conference. `legal_texts`: (kind, language) -> text; prices in minor units, gross."""

    slug: str
    name: str
    place: str
    time_zone: str
    currency: str
    capacity: int
    days: tuple[date, ...]
    seller: str
    reply_to: str
    types: tuple[TypePlan, ...]
    legal_texts: dict[tuple[str, str], str]
    seller_address: str = ""
    vat_rate: int = 1900
    doors_time: time = DOORS_TIME
    is_demo: bool = False
    description_en: str = ""
    description_de: str = ""
    cancellation: tuple[Step, ...] = STANDARD

    def check(self) -> None:
        """Raises `InvalidInput` whose `errors` say, field by field, what to mend."""
        errors: dict[str, list[str]] = {}

        def demand(holds: bool, name: str, sentence: str) -> None:
            if not holds:
                errors.setdefault(name, []).append(sentence)

        demand(bool(SLUG.fullmatch(self.slug)), "slug", "Use small letters, digits and hyphens.")
        demand(self.slug not in RESERVED_SLUGS, "slug", "This address is taken by a page of ours: choose another.")
        for name in ("name", "place", "seller"):
            demand(bool(str(getattr(self, name)).strip()), name, "This is needed.")
        demand("@" in self.reply_to, "reply_to", "Give the address that answers people.")
        demand(1 <= self.capacity <= 1_000_000, "capacity", "A capacity is between 1 and 1,000,000.")
        demand(bool(self.days), "days", "A conference has at least one day.")
        demand(
            len(set(self.days)) == len(self.days) and list(self.days) == sorted(self.days),
            "days",
            "List each day once, in order.",
        )
        demand(len(self.currency) == 3 and self.currency.isupper(), "currency", "Use three capital letters, like EUR.")
        demand(0 <= self.vat_rate <= 10_000, "vat_rate", "A VAT rate is between 0 and 100 %.")
        demand(any(each.tiers for each in self.types), "types", "At least one admission type needs a price.")
        demand(
            len({each.code for each in self.types}) == len(self.types),
            "types",
            "Each admission type has a code of its own.",
        )
        for each in self.types:
            outside = [day.isoformat() for day in each.days if day not in self.days]
            demand(not outside, "types", f"{each.code} is for {', '.join(outside)}, which is no day of the conference.")
        for kind in LEGAL_KINDS:
            has_one = any(self.legal_texts.get((kind, language), "").strip() for language in ("en", "de"))
            demand(has_one, f"legal_{kind}", "A shop needs this text before it opens.")
        try:
            zone_of(self.time_zone)
        except InvalidInput as error:
            errors.setdefault("time_zone", []).append(str(error))
        try:
            check_steps(self.cancellation)
        except InvalidInput as error:
            errors.setdefault("cancellation", []).append(str(error))
        if errors:
            raise InvalidInput("Some fields need another look.", errors=errors)

    def doors_at(self) -> datetime:
        return at_local(self.days[0], self.doors_time, self.time_zone)


def plan_ladder(plan: TypePlan, conference_id: str, currency: str, tier_ids: Sequence[str]) -> Ladder:
    """The ladder of a type: each tier begins where the one before it ends."""
    tiers: list[Tier] = []
    starts_at = plan.sales_start_at
    for tier_id, tier in zip(tier_ids, plan.tiers, strict=True):
        tiers.append(
            Tier(
                tier_id,
                plan.code,
                tier.name_en,
                tier.name_de,
                Money(tier.price, currency),
                starts_at,
                tier.ends_at,
                tier.cap,
            )
        )
        starts_at = tier.ends_at
    return Ladder(conference_id, plan.code, tiers)


def last_step_is_late(conference: Conference, ladder: Ladder) -> bool:
    """Whether the last price comes too late to move people before the caterer must know: less than a week before the deadline."""
    if len(ladder.tiers) < 2:
        return False
    starts_at = ladder.tiers[-1].opened_at or ladder.tiers[-1].starts_at
    latest = days_earlier(conference.catering_deadline, LAST_STEP_BEFORE_CATERING.days, conference.time_zone)
    return starts_at is None or starts_at > latest
