"""Student ids at the door: seen, or not there. Nothing of an id is ever kept, only that it was seen."""

from __future__ import annotations

from services.ticket.domain.student import STUDENT, StudentCheck, difference, move
from services.ticket.store import conferences, orders, students
from shared.database import Transaction
from shared.errors import Conflict
from shared.money import Money


def see_student_id(tx: Transaction, conference_id: str, admission_id: str) -> None:
    """Somebody at the door saw it. Raises `Conflict` where there is nothing to check, `NotFound`."""
    seen = students.lock_check(tx, conference_id, admission_id)
    students.save_check(tx, admission_id, move(seen, StudentCheck.SEEN))


def refuse_student(tx: Transaction, conference_id: str, admission_id: str) -> Money:
    """They have none: what they still owe, by the regular price that is open now. Raises as `see_student_id`."""
    owed = difference_of(tx, conference_id, admission_id)
    seen = students.lock_check(tx, conference_id, admission_id)
    students.save_check(tx, admission_id, move(seen, StudentCheck.DIFFERENCE_DUE))
    return owed


def difference_of(tx: Transaction, conference_id: str, admission_id: str) -> Money:
    """What a student's ticket is short of what others pay now: the first other type's open tier, or its last one."""
    order = orders.load_order(tx.connection, orders.order_of_admission(tx.connection, admission_id))
    paid = next(each.price for each in order.admissions if each.admission_id == admission_id)
    conference = conferences.conference_by_id(tx.connection, conference_id)
    ladders = conferences.load_ladders(tx.connection, conference_id)
    for each in conference.admission_types:
        ladder = ladders.get(each.code)
        if each.code != STUDENT and ladder is not None and ladder.tiers:
            return difference(paid, (ladder.open_tier(tx.now) or ladder.tiers[-1]).price)
    raise Conflict("This conference sells no other ticket: there is no difference to pay.")
