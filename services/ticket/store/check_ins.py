"""Scans at the door: one row each, of which at most one admits a ticket at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.door import Entry, Reason
from services.ticket.store.door_tables import check_ins, door_passes
from services.ticket.store.money_tables import disputes
from services.ticket.store.tables import admissions, orders, people
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import insert

_TICKET = (
    sa.select(
        admissions.c.admission_id,
        admissions.c.order_id,
        admissions.c.conference_id,
        admissions.c.admission_type,
        admissions.c.generation,
        admissions.c.student_check,
        admissions.c.cancelled_at,
        orders.c.reference,
        orders.c.state,
        people.c.name,
        people.c.company,
        sa.exists()
        .where(disputes.c.order_id == orders.c.order_id, disputes.c.closed_at.is_(None))
        .label("is_disputed"),
    )
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .outerjoin(people, people.c.person_id == admissions.c.attendee)
    .where(admissions.c.admission_id == sa.bindparam("admission_id"))
)
_LOCK_TICKET = _TICKET.with_for_update(of=orders)
_SEEN = (
    sa.select(check_ins, door_passes.c.name)
    .join(door_passes, door_passes.c.pass_id == check_ins.c.pass_id)
    .where(
        sa.or_(
            check_ins.c.scan_id == sa.bindparam("scan_id"),
            sa.and_(
                check_ins.c.admission_id == sa.bindparam("admission_id"),
                check_ins.c.point == sa.bindparam("point"),
                check_ins.c.admits,
            ),
        )
    )
)
_SCANS_OF = (
    sa.select(check_ins)
    .where(check_ins.c.admission_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(check_ins.c.scanned_at)
)
_record = insert(check_ins)
_RECORD = Prepared(_record.on_conflict_do_nothing().returning(check_ins.c.scan_id))
_ADMITTED = (
    sa.select(check_ins.c.scan_id, check_ins.c.scanned_at, door_passes.c.name)
    .join(door_passes, door_passes.c.pass_id == check_ins.c.pass_id)
    .where(
        check_ins.c.admission_id == sa.bindparam("admission_id"),
        check_ins.c.point == sa.bindparam("point"),
        check_ins.c.admits,
    )
)
_UNDO = (
    sa.update(check_ins)
    .where(check_ins.c.scan_id == sa.bindparam("b_scan_id"), check_ins.c.admits)
    .values(admits=False, undone_at=sa.bindparam("at"), undone_by=sa.bindparam("by"))
)
_DISPUTED_ORDERS = sa.select(disputes.c.order_id).where(
    disputes.c.conference_id == sa.bindparam("conference_id"), disputes.c.closed_at.is_(None)
)
_VALID = sa.and_(
    admissions.c.conference_id == sa.bindparam("conference_id"),
    admissions.c.cancelled_at.is_(None),
    orders.c.state == "paid",
)
_EXPECTED = (
    sa.select(admissions.c.admission_type, sa.func.count().label("n"))
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .where(_VALID)
    .group_by(admissions.c.admission_type)
)
_IN = (
    sa.select(admissions.c.admission_type, sa.func.count().label("n"))
    .join(check_ins, check_ins.c.admission_id == admissions.c.admission_id)
    .where(
        check_ins.c.conference_id == sa.bindparam("conference_id"),
        check_ins.c.point == sa.bindparam("point"),
        check_ins.c.admits,
    )
    .group_by(admissions.c.admission_type)
)
_GUESTS = (
    sa.select(
        admissions.c.admission_id,
        admissions.c.order_id,
        admissions.c.admission_type,
        admissions.c.generation,
        admissions.c.student_check,
        orders.c.reference,
        people.c.name,
        people.c.company,
        check_ins.c.scanned_at,
    )
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .outerjoin(people, people.c.person_id == admissions.c.attendee)
    .outerjoin(
        check_ins,
        sa.and_(
            check_ins.c.admission_id == admissions.c.admission_id,
            check_ins.c.point == sa.bindparam("point"),
            check_ins.c.admits,
        ),
    )
    .where(_VALID)
)
_DOUBLED = (
    sa.select(
        check_ins.c.admission_id,
        check_ins.c.scanned_at,
        door_passes.c.name,
        orders.c.reference,
        people.c.name.label("attendee"),
    )
    .join(door_passes, door_passes.c.pass_id == check_ins.c.pass_id)
    .join(admissions, admissions.c.admission_id == check_ins.c.admission_id)
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .outerjoin(people, people.c.person_id == admissions.c.attendee)
    .where(
        check_ins.c.conference_id == sa.bindparam("conference_id"),
        check_ins.c.point == sa.bindparam("point"),
        check_ins.c.let_in,
        check_ins.c.reason == Reason.DOUBLED.value,
        check_ins.c.heard_at >= sa.bindparam("since"),
    )
    .order_by(check_ins.c.heard_at.desc())
    .limit(50)
)
_ARRIVALS = (
    sa.select(check_ins.c.scanned_at)
    .where(
        check_ins.c.conference_id == sa.bindparam("conference_id"),
        check_ins.c.point == sa.bindparam("point"),
        check_ins.c.admits,
    )
    .order_by(check_ins.c.scanned_at)
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """An admission with what the door wants to know of its order and its holder; no name where they were erased or not named."""

    admission_id: str
    order_id: str
    conference_id: str
    admission_type: str
    generation: int
    student_check: str
    cancelled_at: datetime | None
    reference: str
    state: str
    name: str | None
    company: str | None
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The scan that let a ticket in."""

    scan_id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A scan as it was judged. `scanned_at` by the device, `heard_at` when we got to know.

    `let_in`: somebody went in with it. `admits`: it is the scan that counts for its ticket and point, until it is undone; a
    ticket that a second device let in while it had no network was let in twice, and counts once.
    """

    scan_id: str
    conference_id: str
    admission_id: str
    point: str
    pass_id: str
    scanned_at: datetime
    heard_at: datetime
    colour: str
    reason: str
    let_in: bool
    admits: bool
    undone_at: datetime | None = None
    undone_by: str = ""


def lock_ticket(tx: Transaction, admission_id: str) -> Ticket | None:
    """An admission as the door sees it, its order locked; None where there is none."""
    row = tx.execute(_LOCK_TICKET, {"admission_id": admission_id}).first()
    return None if row is None else Ticket(**row._mapping)


def load_ticket(connection: sa.Connection, admission_id: str) -> Ticket:
    """As it is now, in the transaction that has it locked."""
    return Ticket(**connection.execute(_TICKET, {"admission_id": admission_id}).one()._mapping)


def seen_before(connection: sa.Connection, scan: tuple[str, str, str]) -> tuple[CheckIn | None, Seen | None]:
    """For (scan id, admission id, point): this very scan, where it is known; and the one that let the ticket in at this point.

    Read after the ticket was locked: another device may have been quicker.
    """
    known, inside = None, None
    values = dict(zip(("scan_id", "admission_id", "point"), scan, strict=True))
    for row in connection.execute(_SEEN, values):
        facts = dict(row._mapping)
        by = facts.pop("name")
        made = CheckIn(**facts)
        if made.scan_id == scan[0]:
            known = made
        if made.admits and made.admission_id == scan[1] and made.point == scan[2]:
            inside = Seen(made.scan_id, Entry(made.scanned_at, by))
    return known, inside


def record_scan(tx: Transaction, made: CheckIn, otherwise: Exception) -> None:
    """`otherwise` ends the transaction where another scan let the ticket in at this point meanwhile."""
    tx.put(_RECORD, [asdict(made)], otherwise)


def scans_of(connection: sa.Connection, admission_ids: Sequence[str]) -> list[CheckIn]:
    """Every scan of these admissions, in their order."""
    return [CheckIn(**row._mapping) for row in connection.execute(_SCANS_OF, {"ids": list(admission_ids)})]


def admitted(connection: sa.Connection, admission_id: str, point: str) -> Seen | None:
    """What let a ticket in at a point."""
    row = connection.execute(_ADMITTED, {"admission_id": admission_id, "point": point}).first()
    return None if row is None else Seen(row.scan_id, Entry(row.scanned_at, row.name))


def undo_scan(tx: Transaction, scan_id: str, pass_id: str) -> None:
    tx.execute(_UNDO, {"b_scan_id": scan_id, "at": tx.now, "by": pass_id})


def disputed_orders(connection: sa.Connection, conference_id: str) -> set[str]:
    """Ids of the orders of which a payment is disputed now."""
    return set(connection.execute(_DISPUTED_ORDERS, {"conference_id": conference_id}).scalars())


def count_expected(connection: sa.Connection, conference_id: str) -> Mapping[str, int]:
    """Valid admissions by type."""
    return {row.admission_type: int(row.n) for row in connection.execute(_EXPECTED, {"conference_id": conference_id})}


def count_in(connection: sa.Connection, conference_id: str, point: str) -> Mapping[str, int]:
    """Let in at a point, by type."""
    return {
        row.admission_type: int(row.n)
        for row in connection.execute(_IN, {"conference_id": conference_id, "point": point})
    }


def find_guests(connection: sa.Connection, conference_id: str, point: str, search: str, limit: int = 20) -> list[Any]:
    """Valid admissions whose holder, company or order's reference holds `search`, by name; `scanned_at` where they are in."""
    text = search.strip().lower()
    statement = _GUESTS.where(
        sa.or_(
            sa.func.lower(people.c.name).contains(text, autoescape=True),
            sa.func.lower(people.c.company).contains(text, autoescape=True),
            orders.c.reference == text.upper(),
        )
    ).order_by(sa.func.lower(people.c.name), admissions.c.admission_id)
    return list(connection.execute(statement.limit(limit), {"conference_id": conference_id, "point": point}))


def all_guests(connection: sa.Connection, conference_id: str, point: str) -> list[Any]:
    """Every valid admission, by name."""
    statement = _GUESTS.order_by(sa.func.lower(people.c.name), admissions.c.admission_id)
    return list(connection.execute(statement, {"conference_id": conference_id, "point": point}))


def doubled_since(connection: sa.Connection, conference_id: str, point: str, since: datetime) -> list[Any]:
    """Tickets that two devices let in while they could not ask each other, newest first.

    Rows of admission_id, reference, attendee (None where erased), and of the second device scanned_at and name.
    """
    return list(connection.execute(_DOUBLED, {"conference_id": conference_id, "point": point, "since": since}))


def arrivals(connection: sa.Connection, conference_id: str, point: str) -> list[datetime]:
    """When people were let in, in order."""
    return list(connection.execute(_ARRIVALS, {"conference_id": conference_id, "point": point}).scalars())
