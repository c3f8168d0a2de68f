"""A conference once more: the plan it could be opened with again, and the same for another year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.ticket.domain.conference import AdmissionType, Conference, ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.local_time import days_earlier, zone_of
from services.ticket.domain.tier import Ladder


def plan_of(
    conference: Conference, ladders: Mapping[str, Ladder], legal_texts: Mapping[tuple[str, str], str]
) -> ConferencePlan:
    """The plan that opens the same conference once more, before anything was sold."""
    return ConferencePlan(
        slug=conference.slug,
        name=conference.name,
        place=conference.place,
        time_zone=conference.time_zone,
        currency=conference.currency,
        capacity=conference.capacity,
        days=conference.days,
        seller=conference.seller,
        reply_to=conference.reply_to,
        types=tuple(_type_plan(each, ladders.get(each.code)) for each in conference.admission_types),
        legal_texts=dict(legal_texts),
        seller_address=conference.seller_address,
        doors_time=conference.doors_at.astimezone(zone_of(conference.time_zone)).time(),
        description_en=conference.description_en,
        description_de=conference.description_de,
        cancellation=conference.cancellation,
    )


def _type_plan(each: AdmissionType, ladder: Ladder | None) -> TypePlan:
    tiers = ladder.tiers if ladder else []
    return TypePlan(
        each.code,
        each.name_en,
        each.name_de,
        tuple(TierPlan(tier.name_en, tier.name_de, tier.price.amount, tier.ends_at, tier.cap) for tier in tiers),
        tiers[0].starts_at if tiers else None,
        each.vat_rate,
        each.note_en,
        each.note_de,
        each.days,
        each.exemption_en,
        each.exemption_de,
        each.is_hidden,
    )


def moved(plan: ConferencePlan, slug: str, name: str, first_day: date) -> ConferencePlan:
    """The same plan for another year: every date keeps its distance from the first day, and its time of day."""
    span = (first_day - plan.days[0]).days

    def later(instant: datetime | None) -> datetime | None:
        return None if instant is None else days_earlier(instant, -span, plan.time_zone)

    def days(each: Sequence[date]) -> tuple[date, ...]:
        return tuple(day + timedelta(days=span) for day in each)

    types = tuple(
        replace(
            each,
            days=days(each.days),
            sales_start_at=later(each.sales_start_at),
            tiers=tuple(replace(tier, ends_at=later(tier.ends_at)) for tier in each.tiers),
        )
        for each in plan.types
    )
    return replace(plan, slug=slug, name=name, days=days(plan.days), types=types)
