"""Waiting lists and who stands in them. A list is locked after its orders and before ladders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.waitlist import Entry, Waiting
from services.ticket.store.orders import Person
from services.ticket.store.tables import people, waiting, waitlists
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import NotFound

_LOCK = (
    sa.select(waitlists)
    .where(waitlists.c.conference_id == sa.bindparam("conference_id"))
    .order_by(waitlists.c.waitlist_id)
    .with_for_update()
)
_WAITING = (
    sa.select(waiting)
    .where(waiting.c.conference_id == sa.bindparam("conference_id"), waiting.c.state == str(Waiting.WAITING))
    .order_by(waiting.c.entry_id)
)
_NEXT = _WAITING.limit(200)
_ENSURE = insert(waitlists).on_conflict_do_nothing()
_LIST = sa.select(waitlists.c.waitlist_id).where(
    waitlists.c.conference_id == sa.bindparam("conference_id"),
    waitlists.c.admission_type == sa.bindparam("admission_type"),
)
_INSERT = sa.insert(waiting)
_INSERT_PERSON = sa.insert(people)
_BY_ID = sa.select(waiting).where(waiting.c.entry_id == sa.bindparam("entry_id"))
_BY_LOT = sa.select(waiting).where(waiting.c.lot_id == sa.bindparam("lot_id"))
_SAVE = (
    sa.update(waiting)
    .where(waiting.c.entry_id == sa.bindparam("b_entry_id"))
    .values(
        {
            name: sa.bindparam(name, type_=waiting.c[name].type)
            for name in ("state", "lot_id", "offer_expires_at", "ended_at")
        }
    )
)
_STANDS_IN = (
    sa.select(waiting.c.entry_id)
    .join(people, people.c.person_id == waiting.c.person)
    .where(
        waiting.c.conference_id == sa.bindparam("conference_id"),
        waiting.c.admission_type == sa.bindparam("admission_type"),
        waiting.c.state.in_([str(Waiting.WAITING), str(Waiting.OFFERED)]),
        sa.func.lower(people.c.email) == sa.bindparam("email"),
    )
)
_AHEAD = sa.select(sa.func.count()).where(
    waiting.c.waitlist_id == sa.bindparam("waitlist_id"),
    waiting.c.state == str(Waiting.WAITING),
    waiting.c.entry_id < sa.bindparam("entry_id"),
)
_OF_CONFERENCE = (
    sa.select(waiting, people.c.name, people.c.email)
    .outerjoin(people, people.c.person_id == waiting.c.person)
    .where(waiting.c.conference_id == sa.bindparam("conference_id"))
    .order_by(waiting.c.entry_id)
    .limit(1000)
)


@dataclass(slots=True)
class Line:
    """Who waits at a conference, in order, under the lock of its lists."""

    conference_id: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def types(self) -> set[str]:
        return {entry.admission_type for entry in self.entries}


def lock_line(tx: Transaction, conference_id: str) -> Line:
    """Lock the conference's lists; those who wait, up to 200. Locked before ladders, quotas and vouchers."""
    if not tx.execute(_LOCK, {"conference_id": conference_id}).all():
        return Line(conference_id)
    return Line(conference_id, [_entry(row) for row in tx.execute(_NEXT, {"conference_id": conference_id})])


def ensure_list(tx: Transaction, conference_id: str, admission_type: str) -> str:
    """The id of the list of this type, made where there was none."""
    values = {"conference_id": conference_id, "admission_type": admission_type}
    tx.execute(_ENSURE, {"waitlist_id": tx.ids.new("wtl", tx.now), **values})
    return str(tx.execute(_LIST, values).scalar_one())


def record_entry(tx: Transaction, entry: Entry, secret: str, person: Person) -> None:
    """Somebody at the end of the line, and who they are."""
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    tx.execute(_INSERT, {**values, "state": str(entry.state), "secret": secret})
    tx.execute(
        _INSERT_PERSON,
        {
            "person_id": person.person_id,
            "order_id": entry.entry_id,
            "name": person.name,
            "email": person.email,
            "locale": person.locale,
            "company": "",
            "country": "",
        },
    )


def save_entries(tx: Transaction, entries: Sequence[Entry]) -> None:
    rows = [
        {
            "b_entry_id": each.entry_id,
            "state": str(each.state),
            "lot_id": each.lot_id,
            "offer_expires_at": each.offer_expires_at,
            "ended_at": each.ended_at,
        }
        for each in entries
    ]
    if rows:
        tx.execute(_SAVE, rows)


def load_entry(connection: sa.Connection, entry_id: str) -> tuple[Entry, str]:
    """An entry and the secret of its page. To be changed only under `lock_line`. Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"entry_id": entry_id}).first()
    if row is None:
        raise NotFound("There is no such place in a line, or the link to it is not complete.")
    return _entry(row), str(row.secret)


def entry_of_lot(connection: sa.Connection, lot_id: str) -> Entry | None:
    row = connection.execute(_BY_LOT, {"lot_id": lot_id}).first()
    return None if row is None else _entry(row)


def stands_in_line(connection: sa.Connection, conference_id: str, admission_type: str, email: str) -> bool:
    """Whether somebody with this address waits already, or has an offer."""
    values = {"conference_id": conference_id, "admission_type": admission_type, "email": email.lower()}
    return connection.execute(_STANDS_IN, values).first() is not None


def position_of(connection: sa.Connection, entry: Entry) -> int:
    """1 for who is next; 0 for who does not wait."""
    if entry.state is not Waiting.WAITING:
        return 0
    values = {"waitlist_id": entry.waitlist_id, "entry_id": entry.entry_id}
    return int(connection.execute(_AHEAD, values).scalar_one()) + 1


def lines_of(connection: sa.Connection, conference_id: str) -> list[Any]:
    """Rows of entries with `name` and `email` (None: erased), in order, up to 1,000."""
    return list(connection.execute(_OF_CONFERENCE, {"conference_id": conference_id}))


def counts_of(rows: Collection[Any]) -> dict[str, int]:
    """How many rows are in each state."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    return counts


def _entry(row: Any) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        waitlist_id=row.waitlist_id,
        conference_id=row.conference_id,
        admission_type=row.admission_type,
        person=row.person,
        joined_at=row.joined_at,
        state=Waiting(row.state),
        lot_id=row.lot_id,
        offer_expires_at=row.offer_expires_at,
        ended_at=row.ended_at,
    )
