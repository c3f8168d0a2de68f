"""Academic mail domains that an organiser added, and how far the student ids of admissions are checked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.student import StudentCheck
from services.ticket.store.tables import academic_domains, admissions, orders
from shared.database import Transaction
from shared.errors import NotFound

_DOMAINS = (
    sa.select(academic_domains.c.domain)
    .where(academic_domains.c.conference_id == sa.bindparam("conference_id"))
    .order_by(academic_domains.c.domain)
)
_FORGET = sa.delete(academic_domains).where(academic_domains.c.conference_id == sa.bindparam("conference_id"))
_INSERT = sa.insert(academic_domains)
_LOCK = (
    sa.select(admissions.c.student_check)
    .where(
        admissions.c.admission_id == sa.bindparam("admission_id"),
        admissions.c.conference_id == sa.bindparam("conference_id"),
    )
    .with_for_update()
)
_SAVE = (
    sa.update(admissions)
    .where(admissions.c.admission_id == sa.bindparam("b_admission_id"))
    .values(student_check=sa.bindparam("student_check"))
)
_COUNTS = (
    sa.select(admissions.c.student_check, sa.func.count().label("n"))
    .join(orders, orders.c.order_id == admissions.c.order_id)
    .where(
        admissions.c.conference_id == sa.bindparam("conference_id"),
        admissions.c.student_check != "",
        admissions.c.cancelled_at.is_(None),
        orders.c.state == "paid",
    )
    .group_by(admissions.c.student_check)
)


def domains_of(connection: sa.Connection, conference_id: str) -> list[str]:
    return list(connection.execute(_DOMAINS, {"conference_id": conference_id}).scalars())


def save_domains(tx: Transaction, conference_id: str, domains: Collection[str]) -> None:
    """These and no others."""
    tx.execute(_FORGET, {"conference_id": conference_id})
    if domains:
        tx.execute(_INSERT, [{"conference_id": conference_id, "domain": each} for each in sorted(set(domains))])


def lock_check(tx: Transaction, conference_id: str, admission_id: str) -> StudentCheck:
    """How far an admission is checked, to be changed. Raises `NotFound`, also for one of another conference."""
    row: Any = tx.execute(_LOCK, {"admission_id": admission_id, "conference_id": conference_id}).first()
    if row is None:
        raise NotFound("There is no such ticket.")
    return StudentCheck(row.student_check)


def save_check(tx: Transaction, admission_id: str, check: StudentCheck) -> None:
    tx.execute(_SAVE, {"b_admission_id": admission_id, "student_check": str(check)})


def counts_of(connection: sa.Connection, conference_id: str) -> dict[str, int]:
    """How many paid student admissions are in each state."""
    return {row.student_check: row.n for row in connection.execute(_COUNTS, {"conference_id": conference_id})}
