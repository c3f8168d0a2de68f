"""Conferences, their legal texts, ladders and quotas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.conference import AdmissionType, Conference, LegalText
from services.ticket.domain.order import TAKING
from services.ticket.domain.policy import Step
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder, Tier
from services.ticket.store.tables import admissions, conferences, legal_texts, orders, quotas, tiers
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.errors import NotFound
from shared.money import Money

_BY_SLUG = sa.select(conferences).where(conferences.c.slug == sa.bindparam("slug"))
_BY_ID = sa.select(conferences).where(conferences.c.conference_id == sa.bindparam("conference_id"))
_ALL = sa.select(conferences).order_by(conferences.c.doors_at, conferences.c.slug)
_TIERS = (
    sa.select(tiers)
    .where(tiers.c.conference_id == sa.bindparam("conference_id"))
    .order_by(tiers.c.admission_type, tiers.c.position)
)
_TIERS_OF = _TIERS.where(tiers.c.admission_type.in_(sa.bindparam("types", expanding=True)))
_LOCK_TIERS_OF = _TIERS_OF.with_for_update()
_QUOTAS = sa.select(quotas).where(quotas.c.conference_id == sa.bindparam("conference_id")).order_by(quotas.c.quota_id)
_LOCK_QUOTAS = _QUOTAS.with_for_update()
_LEGAL = sa.select(legal_texts).where(legal_texts.c.conference_id == sa.bindparam("conference_id"))
_INSERT_CONFERENCE = sa.insert(conferences)
_INSERT_TIERS = sa.insert(tiers)
_INSERT_QUOTAS = sa.insert(quotas)
_INSERT_LEGAL = sa.insert(legal_texts)
_SAVE_TIERS = Prepared(
    sa.update(tiers)
    .where(tiers.c.tier_id == sa.bindparam("b_tier_id"))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("starts_at", "ends_at", "taken", "opened_at", "closed_at", "closed_by", "warned")
        }
    )
)
_SAVE_QUOTAS = Prepared(
    sa.update(quotas)
    .where(quotas.c.quota_id == sa.bindparam("b_quota_id"))
    .values(taken=sa.bindparam("taken"), capacity=sa.bindparam("capacity"))
)
_SAVE_CONFERENCE = sa.update(conferences).where(conferences.c.conference_id == sa.bindparam("b_conference_id"))
_TYPES_SOLD = (
    sa.select(admissions.c.admission_type)
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .where(
        admissions.c.conference_id == sa.bindparam("conference_id"),
        admissions.c.cancelled_at.is_(None),
        orders.c.state.in_([str(state) for state in TAKING]),
    )
    .distinct()
)


def conference_by_slug(connection: sa.Connection, slug: str) -> Conference:
    """Raises `NotFound`."""
    row = connection.execute(_BY_SLUG, {"slug": slug}).first()
    if row is None:
        raise NotFound("There is no conference at this address.", slug=slug)
    return _conference(row)


def conference_by_id(connection: sa.Connection, conference_id: str) -> Conference:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"conference_id": conference_id}).first()
    if row is None:
        raise NotFound("There is no such conference.", conference_id=conference_id)
    return _conference(row)


def list_conferences(connection: sa.Connection) -> list[Conference]:
    """By the day on which doors open."""
    return [_conference(row) for row in connection.execute(_ALL)]


def record_conference(
    tx: Transaction,
    conference: Conference,
    ladders: Iterable[Ladder],
    made: Iterable[Quota],
    texts: Iterable[LegalText],
) -> None:
    tx.execute(_INSERT_CONFERENCE, {"conference_id": conference.conference_id, **_conference_values(conference)})
    rows = [
        {
            "tier_id": tier.tier_id,
            "conference_id": conference.conference_id,
            "admission_type": tier.admission_type,
            "position": position,
            "name_en": tier.name_en,
            "name_de": tier.name_de,
            "price": tier.price.amount,
            "currency": tier.price.currency,
            "cap": tier.cap,
            **_tier_values(tier),
        }
        for ladder in ladders
        for position, tier in enumerate(ladder.tiers)
    ]
    tx.execute(_INSERT_TIERS, rows)
    tx.execute(_INSERT_QUOTAS, [{**asdict(quota), "admission_types": list(quota.admission_types)} for quota in made])
    record_legal_texts(tx, conference.conference_id, texts)


def save_conference(tx: Transaction, conference: Conference) -> None:
    tx.execute(_SAVE_CONFERENCE.values(**_conference_values(conference)), {"b_conference_id": conference.conference_id})


def record_legal_texts(tx: Transaction, conference_id: str, texts: Iterable[LegalText]) -> None:
    """New versions; old ones are never changed."""
    rows = [{"conference_id": conference_id, "since": tx.now, **asdict(text)} for text in texts]
    if rows:
        tx.execute(_INSERT_LEGAL, rows)


def legal_texts_of(connection: sa.Connection, conference_id: str) -> dict[tuple[str, str], LegalText]:
    """The newest version of each text, by (kind, language)."""
    newest: dict[tuple[str, str], LegalText] = {}
    for row in connection.execute(_LEGAL, {"conference_id": conference_id}):
        text = LegalText(row.kind, row.language, row.version, row.body)
        if (row.kind, row.language) not in newest or newest[row.kind, row.language].version < row.version:
            newest[row.kind, row.language] = text
    return newest


def load_ladders(connection: sa.Connection, conference_id: str) -> dict[str, Ladder]:
    """The ladders of a conference by admission type, to look at."""
    return _ladders(conference_id, connection.execute(_TIERS, {"conference_id": conference_id}))


def lock_ladders(tx: Transaction, conference_id: str, admission_types: Collection[str]) -> dict[str, Ladder]:
    """The ladders of these types, to be changed. Locked before quotas, vouchers and sequences."""
    if not admission_types:
        return {}
    parameters = {"conference_id": conference_id, "types": sorted(admission_types)}
    return _ladders(conference_id, tx.execute(_LOCK_TIERS_OF, parameters))


def save_ladders(tx: Transaction, changed: Iterable[Ladder]) -> None:
    rows = [{"b_tier_id": tier.tier_id, **_tier_values(tier)} for ladder in changed for tier in ladder.tiers]
    tx.put(_SAVE_TIERS, rows)


def save_tiers(tx: Transaction, changed: Iterable[Tier]) -> None:
    rows = [{"b_tier_id": tier.tier_id, **_tier_values(tier)} for tier in changed]
    tx.put(_SAVE_TIERS, rows)


def load_quotas(connection: sa.Connection, conference_id: str) -> list[Quota]:
    return [_quota(row) for row in connection.execute(_QUOTAS, {"conference_id": conference_id})]


def lock_quotas(tx: Transaction, conference_id: str, admission_types: Collection[str]) -> list[Quota]:
    """The quotas that these types draw on, in the order of their ids, to be changed."""
    found = [_quota(row) for row in tx.execute(_LOCK_QUOTAS, {"conference_id": conference_id})]
    return [quota for quota in found if set(quota.admission_types) & set(admission_types)]


def save_quotas(tx: Transaction, changed: Iterable[Quota]) -> None:
    rows = [{"b_quota_id": each.quota_id, "taken": each.taken, "capacity": each.capacity} for each in changed]
    tx.put(_SAVE_QUOTAS, rows)


def types_sold(connection: sa.Connection, conference_id: str) -> set[str]:
    """Codes of the types of which admissions are held, ordered or paid."""
    return set(connection.execute(_TYPES_SOLD, {"conference_id": conference_id}).scalars())


def _conference_values(conference: Conference) -> dict[str, Any]:
    values = asdict(conference)
    del values["conference_id"]
    return {
        **values,
        "days": [day.isoformat() for day in conference.days],
        "cancellation": [[step.days, step.percent] for step in conference.cancellation],
        "admission_types": [
            {**asdict(each), "days": [day.isoformat() for day in each.days]} for each in conference.admission_types
        ],
    }


def _conference(row: Any) -> Conference:
    facts: Mapping[str, Any] = row._mapping
    return Conference(
        **{
            **facts,
            "days": tuple(date.fromisoformat(day) for day in row.days),
            "cancellation": tuple(Step(*each) for each in row.cancellation),
            "admission_types": tuple(_admission_type(each) for each in row.admission_types),
        }
    )


def _admission_type(facts: Mapping[str, Any]) -> AdmissionType:
    return AdmissionType(**{**facts, "days": tuple(date.fromisoformat(day) for day in facts.get("days", ()))})


def _tier_values(tier: Tier) -> dict[str, Any]:
    return {
        "starts_at": tier.starts_at,
        "ends_at": tier.ends_at,
        "taken": tier.taken,
        "opened_at": tier.opened_at,
        "closed_at": tier.closed_at,
        "closed_by": tier.closed_by,
        "warned": " ".join(sorted(tier.warned)),
    }


def _ladders(conference_id: str, rows: Iterable[Any]) -> dict[str, Ladder]:
    found: dict[str, Ladder] = {}
    for row in rows:
        tier = Tier(
            tier_id=row.tier_id,
            admission_type=row.admission_type,
            name_en=row.name_en,
            name_de=row.name_de,
            price=Money(row.price, row.currency),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            cap=row.cap,
            taken=row.taken,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            warned=set(row.warned.split()),
        )
        found.setdefault(row.admission_type, Ladder(conference_id, row.admission_type, [])).tiers.append(tier)
    return found


def _quota(row: Any) -> Quota:
    return Quota(row.quota_id, row.conference_id, row.name, row.capacity, tuple(row.admission_types), row.taken)
