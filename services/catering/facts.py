"""The projections: what ticketing says, kept as rows that count themselves. Rebuilt from the topics at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from services.catering.domain.meal import AdmissionKind
from services.catering.tables import admissions, conferences, transitions
from shared.database import Transaction
from shared.database.upsert import Bulk, insert
from shared.errors import NotFound
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionIssued,
    AdmissionReinstated,
    ConferenceCalledOff,
    ConferenceChanged,
    ConferenceOpened,
    TierChanged,
    TierClosed,
)
from shared.wire import Envelope

_conference = insert(conferences)
_put_conference = _conference.on_conflict_do_update(
    index_elements=["conference_id"],
    set_={c.name: _conference.excluded[c.name] for c in conferences.c if c.name not in ("conference_id", "called_off")},
)
_call_off = sa.update(conferences).where(conferences.c.conference_id == sa.bindparam("id")).values(called_off=True)
_read_conference = sa.select(conferences).where(conferences.c.conference_id == sa.bindparam("id"))
_move_tier = sa.update(conferences).where(conferences.c.conference_id == sa.bindparam("id"))
_close_tier = insert(transitions).on_conflict_do_nothing(index_elements=["tier_id"])
_issue = Bulk(admissions, lambda fresh: fresh.on_conflict_do_nothing(index_elements=["admission_id"]))
_stand = (
    sa.update(admissions).where(admissions.c.admission_id == sa.bindparam("id")).values(standing=sa.bindparam("stands"))
)
_change = (
    sa.update(admissions)
    .where(admissions.c.admission_id == sa.bindparam("id"))
    .values(days=sa.bindparam("on_days"), add_ons=sa.bindparam("with_add_ons"), admission_type=sa.bindparam("of_type"))
)
_kinds = (
    sa.select(admissions.c.admission_type, admissions.c.days, admissions.c.add_ons, sa.func.count().label("number"))
    .where(admissions.c.conference_id == sa.bindparam("id"), admissions.c.standing.is_(True))
    .group_by(admissions.c.admission_type, admissions.c.days, admissions.c.add_ons)
)
_day = (admissions.c.issued_epoch - admissions.c.issued_epoch % sa.literal_column("86400")).label("day")
_curve = (
    sa.select(
        _day,
        sa.func.count().label("issued"),
        sa.func.sum(sa.case((admissions.c.standing.is_(True), 1), else_=0)).label("standing"),
    )
    .where(admissions.c.conference_id == sa.bindparam("id"))
    .group_by(_day)
    .order_by(_day)
)
_since = sa.select(sa.func.count()).where(
    admissions.c.conference_id == sa.bindparam("id"),
    admissions.c.standing.is_(True),
    admissions.c.issued_epoch > sa.bindparam("since"),
)


@dataclass(frozen=True, slots=True)
class TierEnd:
    """A tier transition on a picture: behind us (`reason` says why), or planned (`reason` is empty)."""

    tier_id: str
    name: str
    at: datetime
    reason: str = ""
    name_de: str = ""


@dataclass(frozen=True, slots=True)
class Conference:
    """What catering knows of a conference."""

    conference_id: str
    slug: str
    name: str
    place: str
    time_zone: str
    capacity: int
    days: tuple[date, ...]
    doors_at: datetime
    admission_types: tuple[dict[str, str], ...]
    tiers: tuple[dict[str, Any], ...]
    is_demo: bool
    called_off: bool


@dataclass(frozen=True, slots=True)
class SalesDay:
    """Admissions issued on one day (UTC), and how many of them stand."""

    day: date
    issued: int
    standing: int


def record_conferences(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """Keep what a conference is, and when its tiers closed."""
    for envelope in envelopes:
        event = envelope.event
        if isinstance(event, ConferenceOpened | ConferenceChanged):
            tx.execute(_put_conference, _conference_row(event))
        elif isinstance(event, ConferenceCalledOff):
            tx.execute(_call_off, {"id": event.conference_id})
        elif isinstance(event, TierChanged):
            _note_new_end(event, tx)
        elif isinstance(event, TierClosed):
            row = {"tier_id": event.tier_id, "conference_id": event.conference_id, "name": event.name}
            tx.execute(_close_tier, {**row, "closed_at": event.closed_at, "reason": event.reason})


def record_admissions(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """Keep who may eat: a row an admission, one statement a table and kind of change, whatever the batch holds."""
    fresh: dict[str, dict[str, Any]] = {}
    stands: dict[str, bool] = {}
    changes: dict[str, AdmissionChanged] = {}
    for envelope in envelopes:
        event = envelope.event
        if isinstance(event, AdmissionIssued):
            fresh[event.admission_id] = _admission_row(event)
        elif isinstance(event, AdmissionCancelled | AdmissionReinstated):
            stands[event.admission_id] = isinstance(event, AdmissionReinstated)
        elif isinstance(event, AdmissionChanged):
            changes[event.admission_id] = event
    if fresh:
        _issue.put(tx.connection, list(fresh.values()))
    if stands:
        tx.execute(_stand, [{"id": id, "stands": standing} for id, standing in stands.items()])
    if changes:
        tx.execute(
            _change,
            [
                {"id": id, "on_days": _dates(e.days), "with_add_ons": ",".join(e.add_ons), "of_type": e.admission_type}
                for id, e in changes.items()
            ],
        )


def load_conference(connection: sa.Connection, conference_id: str) -> Conference:
    """Raises `NotFound`."""
    conference = find_conference(connection, conference_id)
    if conference is None:
        raise NotFound("There is no such conference.", conference_id=conference_id)
    return conference


def find_conference(connection: sa.Connection, conference_id: str) -> Conference | None:
    """None where its opening was not heard of yet."""
    row = connection.execute(_read_conference, {"id": conference_id}).one_or_none()
    return None if row is None else _conference_from(row)


def list_conferences(connection: sa.Connection) -> list[Conference]:
    """All of them, the next one to open its doors first; a demo that was removed is none."""
    removed = conferences.c.is_demo & conferences.c.called_off
    rows = connection.execute(
        sa.select(conferences).where(~removed).order_by(conferences.c.doors_at, conferences.c.conference_id)
    )
    return [_conference_from(row) for row in rows]


def count_kinds(connection: sa.Connection, conference_id: str) -> list[tuple[AdmissionKind, int]]:
    """Admissions that stand, by what decides where they may eat."""
    rows = connection.execute(_kinds, {"id": conference_id})
    return [(_kind(row.admission_type, row.days, row.add_ons), row.number) for row in rows]


def load_curve(connection: sa.Connection, conference_id: str) -> list[SalesDay]:
    rows = connection.execute(_curve, {"id": conference_id})
    return [SalesDay(datetime.fromtimestamp(row.day, UTC).date(), row.issued, int(row.standing)) for row in rows]


def count_issued_since(connection: sa.Connection, conference_id: str, since: datetime) -> int:
    """Admissions issued later than `since` that stand."""
    return int(connection.execute(_since, {"id": conference_id, "since": int(since.timestamp())}).scalar_one())


def tier_ends(connection: sa.Connection, conference: Conference) -> list[TierEnd]:
    """Its tier transitions by time, behind us and planned."""
    rows = connection.execute(sa.select(transitions).where(transitions.c.conference_id == conference.conference_id))
    german = {tier["tier_id"]: str(tier["name_de"]) for tier in conference.tiers}
    ends = {
        row.tier_id: TierEnd(row.tier_id, row.name, row.closed_at, row.reason, german.get(row.tier_id, ""))
        for row in rows
    }
    for tier in conference.tiers:
        if tier["tier_id"] not in ends and tier["ends_at"]:
            at = datetime.fromisoformat(tier["ends_at"])
            ends[tier["tier_id"]] = TierEnd(tier["tier_id"], tier["name_en"], at, name_de=tier["name_de"])
    return sorted(ends.values(), key=lambda end: (end.at, end.tier_id))


def _note_new_end(event: TierChanged, tx: Transaction) -> None:
    conference = find_conference(tx.connection, event.conference_id)
    if conference is None:
        return
    until = event.new_ends_at.isoformat() if event.new_ends_at else None
    tiers = [{**tier, "ends_at": until} if tier["tier_id"] == event.tier_id else tier for tier in conference.tiers]
    tx.execute(_move_tier.values(tiers=tiers), {"id": event.conference_id})


def _conference_row(event: ConferenceOpened | ConferenceChanged) -> dict[str, Any]:
    return {
        "conference_id": event.conference_id,
        "slug": event.slug,
        "name": event.name,
        "place": event.place,
        "time_zone": event.time_zone,
        "capacity": event.capacity,
        "days": [day.isoformat() for day in event.days],
        "doors_at": event.doors_at,
        "admission_types": msgspec.to_builtins(event.admission_types),
        "tiers": msgspec.to_builtins(event.tiers),
        "is_demo": event.is_demo,
        "called_off": False,
    }


def _conference_from(row: Any) -> Conference:
    facts = dict(row._mapping)
    return Conference(
        **{
            **facts,
            "days": tuple(date.fromisoformat(day) for day in row.days),
            "admission_types": tuple(row.admission_types),
            "tiers": tuple(row.tiers),
        }
    )


def _admission_row(event: AdmissionIssued) -> dict[str, Any]:
    return {
        "admission_id": event.admission_id,
        "conference_id": event.conference_id,
        "standing": True,
        "admission_type": event.admission_type,
        "days": _dates(event.days),
        "add_ons": ",".join(event.add_ons),
        "issued_epoch": int(event.issued_at.timestamp()),
        "comp": event.comp,
    }


@lru_cache(maxsize=1000)
def _dates(days: tuple[date, ...]) -> str:
    return ",".join(day.isoformat() for day in days)


@lru_cache(maxsize=1000)
def _kind(admission_type: str, days: str, add_ons: str) -> AdmissionKind:
    return AdmissionKind(
        admission_type,
        tuple(date.fromisoformat(day) for day in days.split(",") if day),
        tuple(code for code in add_ons.split(",") if code),
    )
