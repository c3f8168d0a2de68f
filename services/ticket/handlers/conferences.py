"""Opening and changing conferences, and the timers that turn their ladders when nobody buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.ticket.domain.conference import (
    AdmissionType,
    Conference,
    ConferencePlan,
    LegalText,
    TypePlan,
    plan_ladder,
)
from services.ticket.domain.policy import Step, check_steps, gives_less
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder, check_ladder
from services.ticket.handlers.reconciling import watch_nightly
from services.ticket.store import conferences
from shared.database import Transaction
from shared.errors import Conflict, NotFound
from shared.events import Event
from shared.service import Timer
from shared.web.i18n import N_


def open_conference(tx: Transaction, plan: ConferencePlan) -> Conference:
    """Put a conference on sale. Raises `InvalidInput` (with `errors` by field), `Conflict` where its address is taken."""
    plan.check()
    if any(each.slug == plan.slug for each in conferences.list_conferences(tx.connection)):
        sentence = "Another conference has this address already."
        raise Conflict(sentence, errors={"slug": [sentence]})
    conference = _conference(tx, plan)
    ladders = [_ladder(tx, each, conference) for each in plan.types if each.tiers]
    for ladder in ladders:
        check_ladder(ladder.tiers)
    quota = Quota(
        quota_id=tx.ids.new("quo", tx.now),
        conference_id=conference.conference_id,
        name="Capacity",
        capacity=plan.capacity,
        admission_types=tuple(each.code for each in plan.types),
    )
    texts = [LegalText(kind, language, 1, body) for (kind, language), body in plan.legal_texts.items() if body.strip()]
    events: list[Event] = [conference.opened([tier for ladder in ladders for tier in ladder.tiers])]
    for ladder in ladders:
        events += ladder.advance(tx.now)
    conferences.record_conference(tx, conference, ladders, [quota], texts)
    for ladder in ladders:
        schedule_ladder(tx, ladder, conference.time_zone)
    watch_nightly(tx, conference.time_zone)
    tx.publish(*events)
    return conference


def change_conference(
    tx: Transaction,
    conference_id: str,
    *,
    name: str | None = None,
    place: str | None = None,
    reply_to: str | None = None,
    capacity: int | None = None,
    legal_texts: Mapping[tuple[str, str], str] | None = None,
) -> Conference:
    """Change what is given. A capacity goes not below what is sold or held; a changed text gets a new version."""
    conference = conferences.conference_by_id(tx.connection, conference_id)
    every_type = [each.code for each in conference.admission_types]
    ladders = conferences.lock_ladders(tx, conference_id, every_type)
    events: list[Event] = []
    if capacity is not None and capacity != conference.capacity:
        quotas = [each for each in conferences.lock_quotas(tx, conference_id, every_type) if each.name == "Capacity"]
        for quota in quotas:
            events += quota.resize(capacity)
        conferences.save_quotas(tx, quotas)
        tx.schedule("serve_waitlist", conference_id, tx.now)
    changed = replace(
        conference,
        name=name or conference.name,
        place=place or conference.place,
        reply_to=reply_to or conference.reply_to,
        capacity=capacity or conference.capacity,
    ).revised(conference)
    if changed.revision != conference.revision:
        tx.schedule("tell_holders", conference_id, tx.now)
    known = conferences.legal_texts_of(tx.connection, conference_id)
    conferences.record_legal_texts(
        tx,
        conference_id,
        [
            LegalText(kind, language, old.version + 1 if old else 1, body)
            for (kind, language), body in (legal_texts or {}).items()
            if body.strip() and ((old := known.get((kind, language))) is None or old.body != body)
        ],
    )
    conferences.save_conference(tx, changed)
    tx.publish(*events, changed.changed([tier for ladder in ladders.values() for tier in ladder.tiers]))
    return changed


def change_policy(tx: Transaction, conference_id: str, steps: Sequence[Step]) -> None:
    """Other steps of what goes back. Raises `InvalidInput`; `Conflict` where somebody who bought would get less than promised."""
    check_steps(steps)
    conference = conferences.conference_by_id(tx.connection, conference_id)
    if gives_less(steps, conference.cancellation) and conferences.types_sold(tx.connection, conference_id):
        raise Conflict(N_("Tickets are sold with the promise of the old steps: the new ones may only give more."))
    conferences.save_conference(tx, replace(conference, cancellation=tuple(steps)))


def change_types(tx: Transaction, conference_id: str, changed: Sequence[AdmissionType]) -> None:
    """Other names, tax, days of the types; what is sold keeps its tax. Raises `InvalidInput`, `Conflict`."""
    conference = conferences.conference_by_id(tx.connection, conference_id)
    ladders = conferences.lock_ladders(tx, conference_id, [each.code for each in conference.admission_types])
    made = conference.with_types(changed, conferences.types_sold(tx.connection, conference_id))
    conferences.save_conference(tx, made)
    tx.publish(made.changed([tier for ladder in ladders.values() for tier in ladder.tiers]))


def move_tier_end(
    tx: Transaction, conference_id: str, tier_id: str, new_ends_at: datetime, reason: str
) -> tuple[Conference, Ladder]:
    """Move the end of the open tier. Raises as `Ladder.move_end`."""
    conference = conferences.conference_by_id(tx.connection, conference_id)
    ladders = conferences.lock_ladders(tx, conference_id, [each.code for each in conference.admission_types])
    for ladder in ladders.values():
        if any(tier.tier_id == tier_id for tier in ladder.tiers):
            events = ladder.move_end(tier_id, new_ends_at, reason, tx.now)
            conferences.save_ladders(tx, [ladder])
            schedule_ladder(tx, ladder, conference.time_zone)
            tx.publish(*events, conference.changed([tier for each in ladders.values() for tier in each.tiers]))
            return conference, ladder
    raise NotFound("There is no such tier.", tier_id=tier_id)


def schedule_ladder(tx: Transaction, ladder: Ladder, zone: str) -> None:
    """Wake up when the next tier is due, and when the end of the open one is to be announced.

    Each tier has timers of its own: a sale that closes one never waits for the timer of that one, which waits for the ladder.
    """
    for what, tier_id, due_at in ladder.due(zone, tx.now):
        facts = {"conference_id": ladder.conference_id, "admission_type": ladder.admission_type}
        if what == "turn":
            tx.schedule("turn_tier", tier_id, due_at, facts)
        else:
            tx.schedule("announce_tier_end", f"{tier_id}:{what}", due_at, {**facts, "tier_id": tier_id, "days": what})


def turn_tier(timer: Timer, tx: Transaction) -> None:
    """Publish a transition that is due and that no sale has published."""
    conference = conferences.conference_by_id(tx.connection, timer.facts["conference_id"])
    ladders = conferences.lock_ladders(tx, conference.conference_id, [timer.facts["admission_type"]])
    for ladder in ladders.values():
        tx.publish(*ladder.advance(tx.now))
        conferences.save_ladders(tx, [ladder])
        schedule_ladder(tx, ladder, conference.time_zone)


def announce_tier_end(timer: Timer, tx: Transaction) -> None:
    """Say that the price rises in some days: whoever asked is told."""
    conference = conferences.conference_by_id(tx.connection, timer.facts["conference_id"])
    ladders = conferences.lock_ladders(tx, conference.conference_id, [timer.facts["admission_type"]])
    for ladder in ladders.values():
        tx.publish(*ladder.announce(timer.facts["tier_id"], int(timer.facts["days"]), conference.time_zone, tx.now))
        conferences.save_ladders(tx, [ladder])


def _conference(tx: Transaction, plan: ConferencePlan) -> Conference:
    return Conference(
        conference_id=tx.ids.new("con", tx.now),
        slug=plan.slug,
        name=plan.name,
        place=plan.place,
        time_zone=plan.time_zone,
        currency=plan.currency,
        capacity=plan.capacity,
        days=plan.days,
        doors_at=plan.doors_at(),
        seller=plan.seller,
        seller_address=plan.seller_address,
        reply_to=plan.reply_to,
        admission_types=tuple(_admission_type(each, plan) for each in plan.types),
        is_demo=plan.is_demo,
        opened_at=tx.now,
        cancellation=plan.cancellation,
        description_en=plan.description_en,
        description_de=plan.description_de,
    )


def _admission_type(plan: TypePlan, conference: ConferencePlan) -> AdmissionType:
    rate = conference.vat_rate if plan.vat_rate is None else plan.vat_rate
    return AdmissionType(
        code=plan.code,
        name_en=plan.name_en,
        name_de=plan.name_de,
        vat_rate=rate,
        note_en=plan.note_en,
        note_de=plan.note_de,
        days=plan.days,
        exemption_en=plan.exemption_en,
        exemption_de=plan.exemption_de,
        is_hidden=plan.is_hidden,
    )


def _ladder(tx: Transaction, plan: TypePlan, conference: Conference) -> Ladder:
    tier_ids = [tx.ids.new("tie", tx.now) for _ in plan.tiers]
    return plan_ladder(plan, conference.conference_id, conference.currency, tier_ids)
