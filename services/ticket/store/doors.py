"""Check-in points, the passes by which helpers are at the door, and which badges are on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.door import Point
from services.ticket.store.door_tables import badge_prints, check_in_points, door_passes
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import NotFound

_POINTS = (
    sa.select(check_in_points)
    .where(check_in_points.c.conference_id == sa.bindparam("conference_id"))
    .order_by(check_in_points.c.position)
)
_FORGET_POINTS = sa.delete(check_in_points).where(check_in_points.c.conference_id == sa.bindparam("conference_id"))
_INSERT_POINTS = sa.insert(check_in_points)
_INSERT_PASS = sa.insert(door_passes)
_PASS = sa.select(door_passes).where(door_passes.c.pass_id == sa.bindparam("pass_id"))
_PASSES = (
    sa.select(door_passes)
    .where(door_passes.c.conference_id == sa.bindparam("conference_id"))
    .order_by(door_passes.c.made_at.desc(), door_passes.c.pass_id.desc())
    .limit(500)
)
_REVOKE = (
    sa.update(door_passes)
    .where(
        door_passes.c.pass_id == sa.bindparam("b_pass_id"),
        door_passes.c.conference_id == sa.bindparam("b_conference_id"),
        door_passes.c.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("at"))
    .returning(door_passes.c.name)
)

_PRINTED = sa.select(badge_prints.c.admission_id, badge_prints.c.content).where(
    badge_prints.c.conference_id == sa.bindparam("conference_id")
)
_print = insert(badge_prints)
_RECORD_PRINTS = _print.on_conflict_do_update(
    index_elements=["admission_id"],
    set_={"content": _print.excluded.content, "printed_at": _print.excluded.printed_at},
)


@dataclass(frozen=True, slots=True)
class DoorPass:
    """Lets one helper check in at one conference until it ends. No `points` are all of them."""

    pass_id: str
    conference_id: str
    name: str
    points: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def may(self, point: str) -> bool:
        return not self.points or point in self.points


def points_of(connection: sa.Connection, conference_id: str) -> list[Point]:
    """Those that were added to the door, in their order."""
    return [Point(row.code, row.name) for row in connection.execute(_POINTS, {"conference_id": conference_id})]


def save_points(tx: Transaction, conference_id: str, points: Sequence[Point]) -> None:
    """These and no others. What was scanned at a point that is gone stays."""
    tx.execute(_FORGET_POINTS, {"conference_id": conference_id})
    rows = [
        {"conference_id": conference_id, "code": each.code, "name": each.name, "position": position}
        for position, each in enumerate(points)
    ]
    if rows:
        tx.execute(_INSERT_POINTS, rows)


def record_pass(tx: Transaction, made: DoorPass) -> None:
    tx.execute(
        _INSERT_PASS,
        {
            "pass_id": made.pass_id,
            "conference_id": made.conference_id,
            "name": made.name,
            "points": list(made.points),
            "made_by": made.made_by,
            "made_at": made.made_at,
            "expires_at": made.expires_at,
            "revoked_at": made.revoked_at,
        },
    )


def load_pass(connection: sa.Connection, pass_id: str) -> DoorPass:
    """Raises `NotFound`."""
    row = connection.execute(_PASS, {"pass_id": pass_id}).first()
    if row is None:
        raise NotFound("There is no such pass.")
    return _pass(row)


def passes_of(connection: sa.Connection, conference_id: str) -> list[DoorPass]:
    """Of a conference, the newest first."""
    return [_pass(row) for row in connection.execute(_PASSES, {"conference_id": conference_id})]


def revoke_pass(tx: Transaction, conference_id: str, pass_id: str) -> str:
    """The name on it, empty where it was revoked already or is not of this conference."""
    row = tx.execute(_REVOKE, {"b_pass_id": pass_id, "b_conference_id": conference_id, "at": tx.now}).first()
    return "" if row is None else str(row.name)


def printed_of(connection: sa.Connection, conference_id: str) -> dict[str, str]:
    """Admission id -> how its badge read when it was last printed."""
    rows = connection.execute(_PRINTED, {"conference_id": conference_id})
    return {row.admission_id: row.content for row in rows}


def record_prints(tx: Transaction, conference_id: str, contents: Mapping[str, str]) -> None:
    """These badges are on paper now."""
    rows = [
        {"admission_id": each, "conference_id": conference_id, "content": content, "printed_at": tx.now}
        for each, content in contents.items()
    ]
    if rows:
        tx.execute(_RECORD_PRINTS, rows)


def _pass(row: Any) -> DoorPass:
    return DoorPass(
        row.pass_id,
        row.conference_id,
        row.name,
        tuple(row.points),
        row.made_by,
        row.made_at,
        row.expires_at,
        row.revoked_at,
    )
