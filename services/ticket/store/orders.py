"""Orders with their admissions, the people on them, and the answers that a repeated request gets again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.order import TAKING, Admission, Order, State
from services.ticket.domain.student import StudentCheck
from services.ticket.store.tables import admissions, conferences, idempotency, orders, people
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.events.ticketing import VatAmount
from shared.money import Money

KEY_KEPT = timedelta(hours=24)
"""How long the answer under an idempotency key is given again."""

_ORDER = (
    sa.select(orders, conferences.c.days, conferences.c.admission_types)
    .join(conferences, conferences.c.conference_id == orders.c.conference_id)
    .where(orders.c.order_id == sa.bindparam("order_id"))
)
_ADMISSIONS = (
    sa.select(admissions).where(admissions.c.order_id == sa.bindparam("order_id")).order_by(admissions.c.position)
)
_LOCK_ORDER = _ORDER.with_for_update(of=orders)
_BY_REFERENCE = sa.select(orders.c.order_id, orders.c.secret, orders.c.locale).where(
    orders.c.reference == sa.bindparam("reference")
)
_EXISTS = sa.select(orders.c.order_id).where(orders.c.order_id == sa.bindparam("order_id"))
_INSERT_ORDER = Prepared(sa.insert(orders))
_INSERT_ADMISSIONS = Prepared(sa.insert(admissions))
_INSERT_PEOPLE = Prepared(sa.insert(people))
_SAVE_ORDER = Prepared(
    sa.update(orders)
    .where(orders.c.order_id == sa.bindparam("b_order_id"))
    .values({name: sa.bindparam(name) for name in ("state", "paid_at", "ended_at", "end_reason", "pay_by")})
)
_NEXT_STANDING = (
    sa.select(orders.c.order_id)
    .where(
        orders.c.conference_id == sa.bindparam("conference_id"),
        orders.c.order_id > sa.bindparam("after"),
        orders.c.state.in_([str(state) for state in TAKING]),
    )
    .order_by(orders.c.order_id)
    .limit(1)
)
_STATES = (
    sa.select(orders.c.state, sa.func.count().label("n"))
    .where(orders.c.conference_id == sa.bindparam("conference_id"))
    .group_by(orders.c.state)
)
_SAVE_CANCELLED = (
    sa.update(admissions)
    .where(admissions.c.admission_id.in_(sa.bindparam("ids", expanding=True)))
    .values(cancelled_at=sa.bindparam("at"))
)
_ANSWER = sa.select(idempotency).where(idempotency.c.key == sa.bindparam("key"))
_keep = insert(idempotency)
_KEEP_ANSWER = Prepared(
    _keep.on_conflict_do_update(
        index_elements=["key"],
        set_={"request": _keep.excluded.request, "answer": _keep.excluded.answer, "at": _keep.excluded.at},
        where=idempotency.c.at <= sa.bindparam("too_old", type_=idempotency.c.at.type),
    ).returning(idempotency.c.key)
)
_FORGET_ANSWERS = sa.delete(idempotency).where(idempotency.c.at <= sa.bindparam("too_old", type_=idempotency.c.at.type))
_CONSENTS = sa.select(orders.c.consents).where(orders.c.order_id == sa.bindparam("order_id"))
_PEOPLE = sa.select(people).where(people.c.person_id.in_(sa.bindparam("ids", expanding=True)))
_PEOPLE_OF = sa.select(people).where(people.c.order_id == sa.bindparam("order_id"))
_EMAILS_OF_PAID = (
    sa.select(sa.func.lower(people.c.email))
    .join(orders, orders.c.order_id == people.c.order_id)
    .where(
        orders.c.conference_id == sa.bindparam("conference_id"),
        orders.c.state == State.PAID.value,
        sa.func.lower(people.c.email).in_(sa.bindparam("emails", expanding=True)),
    )
)
_ERASE = (
    sa.delete(people)
    .where(people.c.person_id.in_(sa.bindparam("ids", expanding=True)))
    .returning(people.c.person_id, people.c.order_id)
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an order names. The row goes when they are erased; their id then means nothing."""

    person_id: str
    name: str
    email: str
    locale: str
    company: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered under an idempotency key, and the digest of what was asked."""

    request: str
    answer: Mapping[str, Any]


def record_order(
    tx: Transaction, order: Order, secret: str, locale: str, consents: Mapping[str, Any], persons: Sequence[Person]
) -> None:
    tx.put(
        _INSERT_ORDER,
        [
            {
                "order_id": order.order_id,
                "conference_id": order.conference_id,
                "reference": order.reference,
                "secret": secret,
                "total": order.total.amount,
                "currency": order.currency,
                "vat": [[each.rate, each.net.amount, each.vat.amount] for each in order.vat],
                "payment_method": order.payment_method,
                "buyer": order.buyer,
                "locale": locale,
                "lot_id": order.lot_id,
                "voucher_code": order.voucher_code,
                "consents": dict(consents),
                "created_at": order.created_at,
                "hold_expires_at": order.hold_expires_at,
                **_state(order),
            }
        ],
    )
    tx.put(
        _INSERT_ADMISSIONS,
        [
            {
                "admission_id": each.admission_id,
                "order_id": order.order_id,
                "position": position,
                "conference_id": order.conference_id,
                "admission_type": each.admission_type,
                "tier_id": each.tier_id,
                "price": each.price.amount,
                "vat_rate": each.vat_rate,
                "attendee": each.attendee,
                "comp": each.comp,
                "by_voucher": each.by_voucher,
                "student_check": str(each.student_check),
            }
            for position, each in enumerate(order.admissions)
        ],
    )
    tx.put(
        _INSERT_PEOPLE,
        [
            {
                "person_id": each.person_id,
                "order_id": order.order_id,
                "name": each.name,
                "email": each.email,
                "locale": each.locale,
                "company": each.company,
                "country": each.country,
            }
            for each in persons
        ],
    )


def lock_order(tx: Transaction, order_id: str) -> Order:
    """An order to be changed; locked before everything else. Raises `NotFound`."""
    row = tx.execute(_LOCK_ORDER, {"order_id": order_id}).first()
    return _order(row, tx.execute(_ADMISSIONS, {"order_id": order_id}), order_id)


def load_order(connection: sa.Connection, order_id: str) -> Order:
    """An order to look at. Raises `NotFound`."""
    row = connection.execute(_ORDER, {"order_id": order_id}).first()
    return _order(row, connection.execute(_ADMISSIONS, {"order_id": order_id}), order_id)


def save_order(tx: Transaction, order: Order) -> None:
    """Its state, and which of its admissions were given back in this transaction."""
    tx.write(_SAVE_ORDER, {"b_order_id": order.order_id, **_state(order)})
    if given_back := [each.admission_id for each in order.admissions if each.cancelled_at == tx.now]:
        tx.execute(_SAVE_CANCELLED, {"ids": given_back, "at": tx.now})


def next_standing(connection: sa.Connection, conference_id: str, after: str) -> str | None:
    """The next order, by id, whose admissions still count."""
    found = connection.execute(_NEXT_STANDING, {"conference_id": conference_id, "after": after}).scalar()
    return None if found is None else str(found)


def count_states(connection: sa.Connection, conference_id: str) -> dict[str, int]:
    """State -> how many orders."""
    return {row.state: int(row.n) for row in connection.execute(_STATES, {"conference_id": conference_id})}


def is_known(connection: sa.Connection, order_id: str) -> bool:
    return connection.execute(_EXISTS, {"order_id": order_id}).first() is not None


def secret_of(connection: sa.Connection, reference: str) -> tuple[str, str, str]:
    """(order id, secret, locale) of a reference. Raises `NotFound`."""
    row = connection.execute(_BY_REFERENCE, {"reference": reference}).first()
    if row is None:
        raise NotFound("There is no order with this reference, or the link to it is not complete.")
    return row.order_id, row.secret, row.locale


def answer_under(connection: sa.Connection, key: str, now: datetime) -> Answer | None:
    """What was answered under this key within the last 24 hours."""
    row = connection.execute(_ANSWER, {"key": key}).first()
    if row is None or row.at <= now - KEY_KEPT:
        return None
    return Answer(row.request, row.answer)


def keep_answer(tx: Transaction, key: str, request: str, answer: Mapping[str, Any], otherwise: Exception) -> None:
    """Keep it. `otherwise` ends the transaction, at its commit at the latest, where another request under this key was quicker."""
    values = {"key": key, "request": request, "answer": dict(answer), "at": tx.now, "too_old": tx.now - KEY_KEPT}
    tx.put(_KEEP_ANSWER, [values], otherwise)


def forget_answers(tx: Transaction) -> None:
    tx.execute(_FORGET_ANSWERS, {"too_old": tx.now - KEY_KEPT})


def people_by_id(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Person]:
    """Those who are still known."""
    return {row.person_id: _person(row) for row in connection.execute(_PEOPLE, {"ids": list(ids)})}


def people_of(connection: sa.Connection, order_id: str) -> dict[str, Person]:
    return {row.person_id: _person(row) for row in connection.execute(_PEOPLE_OF, {"order_id": order_id})}


def emails_of_paid(connection: sa.Connection, conference_id: str, emails: set[str]) -> set[str]:
    """Which of these addresses (in small letters) stand on a paid order of the conference."""
    found = connection.execute(_EMAILS_OF_PAID, {"conference_id": conference_id, "emails": sorted(emails)})
    return set(found.scalars())


def consents_of(connection: sa.Connection, order_id: str) -> dict[str, Any]:
    """Which versions of the legal texts were accepted, and when."""
    return dict(connection.execute(_CONSENTS, {"order_id": order_id}).scalar_one())


def erase_people(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Forget them; returns the ids that were known."""
    return sorted(row.person_id for row in tx.execute(_ERASE, {"ids": list(ids)}))


def find_orders(
    connection: sa.Connection, conference_id: str, search: str = "", before: str = "", limit: int = 50
) -> list[Any]:
    """Rows of orders, newest first; `search` is a reference or the beginning of one, `before` an order id to page from."""
    statement = sa.select(orders).where(orders.c.conference_id == conference_id).order_by(orders.c.order_id.desc())
    if search:
        statement = statement.where(orders.c.reference.startswith(search.strip().upper(), autoescape=True))
    if before:
        statement = statement.where(orders.c.order_id < before)
    return list(connection.execute(statement.limit(limit)))


def order_of_admission(connection: sa.Connection, admission_id: str) -> str:
    """Raises `NotFound`."""
    found = connection.execute(
        sa.select(admissions.c.order_id).where(admissions.c.admission_id == admission_id)
    ).scalar()
    if found is None:
        raise NotFound("There is no such ticket.")
    return str(found)


def _state(order: Order) -> dict[str, Any]:
    return {
        "state": str(order.state),
        "paid_at": order.paid_at,
        "ended_at": order.ended_at,
        "end_reason": order.end_reason,
        "pay_by": order.pay_by,
    }


def _person(row: Any) -> Person:
    return Person(row.person_id, row.name, row.email, row.locale, row.company, row.country)


def _order(row: Any, seats: Iterable[Any], order_id: str) -> Order:
    if row is None:
        raise NotFound("There is no such order.", order_id=order_id)
    currency = row.currency
    days = {each["code"]: each.get("days") or row.days for each in row.admission_types}
    return Order(
        order_id=row.order_id,
        conference_id=row.conference_id,
        reference=row.reference,
        currency=currency,
        buyer=row.buyer,
        payment_method=row.payment_method,
        created_at=row.created_at,
        hold_expires_at=row.hold_expires_at,
        admissions=[
            Admission(
                seat.admission_id,
                seat.admission_type,
                seat.tier_id,
                Money(seat.price, currency),
                seat.attendee,
                seat.comp,
                seat.by_voucher,
                generation=seat.generation,
                cancelled_at=seat.cancelled_at,
                student_check=StudentCheck(seat.student_check),
                vat_rate=seat.vat_rate,
                days=tuple(date.fromisoformat(day) for day in days.get(seat.admission_type, row.days)),
            )
            for seat in seats
        ],
        vat=tuple(VatAmount(rate, Money(net, currency), Money(vat, currency)) for rate, net, vat in row.vat),
        lot_id=row.lot_id,
        voucher_code=row.voucher_code,
        state=State(row.state),
        paid_at=row.paid_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        pay_by=row.pay_by,
    )
