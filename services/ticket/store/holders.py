"""Who holds an admission, what they asked for and how often, and who is to be found by an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.order import Admission
from services.ticket.store.billing_tables import billing, documents, transfer_refunds, transfers
from services.ticket.store.orders import Person
from services.ticket.store.tables import admissions, asks, link_requests, orders, people, waiting
from shared.database import Transaction

ASKS_WITHIN = timedelta(hours=24)

_RENAME = (
    sa.update(people)
    .where(people.c.person_id == sa.bindparam("b_person_id"))
    .values(name=sa.bindparam("name"))
    .returning(people.c.person_id)
)
_RECORD = sa.insert(people)
_PASS_ON = (
    sa.update(admissions)
    .where(admissions.c.admission_id == sa.bindparam("b_admission_id"))
    .values(attendee=sa.bindparam("attendee"), generation=sa.bindparam("generation"))
)
_NOTE = sa.insert(asks)
_COUNT = sa.select(sa.func.count()).where(
    asks.c.what == sa.bindparam("what"), asks.c.who == sa.bindparam("who"), asks.c.asked_at > sa.bindparam("since")
)
_FORGET_ASKS = sa.delete(asks).where(asks.c.asked_at <= sa.bindparam("since"))
_RECORD_REQUEST = sa.insert(link_requests)
_TAKE_REQUEST = (
    sa.delete(link_requests)
    .where(link_requests.c.request_id == sa.bindparam("request_id"))
    .returning(link_requests.c.conference_id, link_requests.c.email)
)
_WITH_ADDRESS = (
    sa.select(people.c.person_id, people.c.order_id, orders.c.conference_id)
    .join(orders, orders.c.order_id == people.c.order_id)
    .where(
        orders.c.conference_id == sa.bindparam("conference_id"),
        sa.func.lower(people.c.email) == sa.bindparam("email"),
    )
    .order_by(people.c.person_id)
)
_PERSON = (
    sa.select(people, orders.c.conference_id)
    .join(orders, orders.c.order_id == people.c.order_id)
    .where(people.c.person_id == sa.bindparam("person_id"))
)
_WAITING = (
    sa.select(waiting.c.person, waiting.c.admission_type, waiting.c.joined_at, waiting.c.state)
    .join(people, people.c.person_id == waiting.c.person)
    .where(
        waiting.c.conference_id == sa.bindparam("conference_id"),
        sa.func.lower(people.c.email) == sa.bindparam("email"),
    )
    .order_by(waiting.c.entry_id)
)
_BOUGHT_BY = sa.select(orders.c.order_id).where(
    orders.c.order_id.in_(sa.bindparam("order_ids", expanding=True)),
    orders.c.buyer.in_(sa.bindparam("ids", expanding=True)),
)
_THEIRS: sa.BindParameter[str] = sa.bindparam("order_ids", expanding=True)
_FORGET_BILLING = sa.delete(billing).where(
    billing.c.order_id.in_(_THEIRS), ~sa.exists().where(documents.c.order_id == billing.c.order_id)
)
_FORGET_PAYERS = sa.update(transfers).where(transfers.c.order_id.in_(_THEIRS)).values(iban="", payer="")
_FORGET_PAYEES = (
    sa.update(transfer_refunds)
    .where(transfer_refunds.c.order_id.in_(_THEIRS), transfer_refunds.c.done_on.is_not(None))
    .values(iban="", payee="")
)
_NEXT_OF_CONFERENCE = (
    sa.select(admissions.c.admission_id, admissions.c.order_id)
    .where(
        admissions.c.conference_id == sa.bindparam("conference_id"), admissions.c.admission_id > sa.bindparam("after")
    )
    .order_by(admissions.c.admission_id)
    .limit(sa.bindparam("most"))
)


def rename(tx: Transaction, person_id: str, name: str) -> bool:
    """False where the person is erased."""
    return tx.execute(_RENAME, {"b_person_id": person_id, "name": name}).first() is not None


def record_holder(tx: Transaction, order_id: str, person: Person) -> None:
    tx.execute(
        _RECORD,
        {
            "person_id": person.person_id,
            "order_id": order_id,
            "name": person.name,
            "email": person.email,
            "locale": person.locale,
            "company": person.company,
            "country": person.country,
        },
    )


def save_holder(tx: Transaction, admission: Admission) -> None:
    tx.execute(
        _PASS_ON,
        {
            "b_admission_id": admission.admission_id,
            "attendee": admission.attendee,
            "generation": admission.generation,
        },
    )


def note_ask(tx: Transaction, what: str, who: str) -> int:
    """Note that `who` (an id or a digest, never an address) asked for this; how often within a day, this time included."""
    since = tx.now - ASKS_WITHIN
    tx.execute(_FORGET_ASKS, {"since": since})
    tx.execute(_NOTE, {"ask_id": tx.ids.new("ask", tx.now), "what": what, "who": who, "asked_at": tx.now})
    return int(tx.execute(_COUNT, {"what": what, "who": who, "since": since}).scalar_one())


def record_request(tx: Transaction, conference_id: str, email: str) -> str:
    request_id = tx.ids.new("lrq", tx.now)
    tx.execute(_RECORD_REQUEST, {"request_id": request_id, "conference_id": conference_id, "email": email})
    return request_id


def take_request(tx: Transaction, request_id: str) -> tuple[str, str] | None:
    """(conference id, address); it is forgotten with that."""
    row = tx.execute(_TAKE_REQUEST, {"request_id": request_id}).first()
    return None if row is None else (row.conference_id, row.email)


def people_with(connection: sa.Connection, conference_id: str, email: str) -> list[Any]:
    """(person_id, order_id) of everybody at this address in the conference's orders, in the order in which we met them."""
    return list(connection.execute(_WITH_ADDRESS, {"conference_id": conference_id, "email": email.strip().lower()}))


def find_person(connection: sa.Connection, person_id: str) -> Any:
    """A row of a person with order_id and conference_id; None where they are erased."""
    return connection.execute(_PERSON, {"person_id": person_id}).first()


def waiting_with(connection: sa.Connection, conference_id: str, email: str) -> list[Any]:
    """(person, admission_type, joined_at, state) of everybody at this address in the conference's waiting lists."""
    return list(connection.execute(_WAITING, {"conference_id": conference_id, "email": email.strip().lower()}))


def forget_money_facts(tx: Transaction, order_ids: Sequence[str], ids: Sequence[str]) -> None:
    """Of orders that these people bought: where they are billed, whose account paid, and whose got money back, once it did.

    Whom an invoice was made out to stays as long as the invoice does, for it may have to be corrected; so does who is still to be
    paid back.
    """
    rows = tx.execute(_BOUGHT_BY, {"order_ids": list(order_ids), "ids": list(ids)})
    if bought := [row.order_id for row in rows]:
        for statement in (_FORGET_BILLING, _FORGET_PAYERS, _FORGET_PAYEES):
            tx.execute(statement, {"order_ids": bought})


def same_person(connection: sa.Connection, person_id: str) -> list[str]:
    """Their id, and others by which the same order names the same address. Nothing where they are erased."""
    row = find_person(connection, person_id)
    if row is None:
        return []
    known = people_with(connection, row.conference_id, row.email)
    return [each.person_id for each in known if each.order_id == row.order_id]


def admissions_after(connection: sa.Connection, conference_id: str, after: str, most: int) -> Sequence[Any]:
    """(admission_id, order_id) of the conference's next admissions by id."""
    return connection.execute(_NEXT_OF_CONFERENCE, {"conference_id": conference_id, "after": after, "most": most}).all()
