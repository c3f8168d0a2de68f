"""The people who asked for reminders, their consents, and how often somebody asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.notification.domain.consent import Consent, ConsentState, Topic
from services.notification.tables import asks, consents, people
from shared.database import Transaction
from shared.database.upsert import insert


def find_people(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, str] | None]:
    """`name`, `email` and `locale` of each id; None where we know nobody (any more)."""
    rows = connection.execute(sa.select(people).where(people.c.person_id.in_(ids)))
    known = {row.person_id: {"name": row.name, "email": row.email, "locale": row.locale} for row in rows}
    return {person_id: known.get(person_id) for person_id in ids}


def meet(tx: Transaction, email: str, locale: str) -> str:
    """The id of the person with this address, who is new or known; the newest language counts."""
    person_id = tx.ids.new("per", tx.now)
    row = {
        "person_id": person_id,
        "name": "",
        "email": email,
        "email_key": key_of(email),
        "locale": locale,
        "met_at": tx.now,
    }
    statement = insert(people)
    return str(
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["email_key"], set_={"locale": statement.excluded.locale}
            ).returning(people.c.person_id),
            row,
        ).scalar_one()
    )


def correct_address(tx: Transaction, person_id: str, email: str) -> bool:
    """Give a person another address. False when somebody else has it."""
    taken = tx.execute(
        sa.select(people.c.person_id).where(people.c.email_key == key_of(email), people.c.person_id != person_id)
    ).first()
    if taken is not None:
        return False
    tx.execute(sa.update(people).where(people.c.person_id == person_id).values(email=email, email_key=key_of(email)))
    return True


def key_of(email: str) -> str:
    """The address to compare by."""
    return email.strip().casefold()


def _consent(row: Any) -> Consent:
    facts = dict(row._mapping)
    return Consent(**{**facts, "topic": Topic(facts["topic"]), "state": ConsentState(facts["state"])})


def lock_consent(tx: Transaction, consent_id: str) -> Consent | None:
    row = tx.execute(sa.select(consents).where(consents.c.consent_id == consent_id).with_for_update()).one_or_none()
    return None if row is None else _consent(row)


def load_consent(connection: sa.Connection, consent_id: str) -> Consent | None:
    row = connection.execute(sa.select(consents).where(consents.c.consent_id == consent_id)).one_or_none()
    return None if row is None else _consent(row)


def lock_consent_of(tx: Transaction, conference_id: str, person_id: str, topic: Topic) -> Consent | None:
    row = tx.execute(
        sa.select(consents)
        .where(
            consents.c.conference_id == conference_id,
            consents.c.person_id == person_id,
            consents.c.topic == topic.value,
        )
        .with_for_update()
    ).one_or_none()
    return None if row is None else _consent(row)


def save_consent(tx: Transaction, consent: Consent) -> None:
    """Insert or update by its id."""
    row = {
        "consent_id": consent.consent_id,
        "conference_id": consent.conference_id,
        "person_id": consent.person_id,
        "topic": consent.topic.value,
        "state": consent.state.value,
        "asked_at": consent.asked_at,
        "asks": consent.asks,
        "confirmed_at": consent.confirmed_at,
        "withdrawn_at": consent.withdrawn_at,
    }
    statement = insert(consents)
    changed = ("state", "asked_at", "asks", "confirmed_at", "withdrawn_at")
    set_ = {name: statement.excluded[name] for name in changed}
    tx.execute(statement.on_conflict_do_update(index_elements=["consent_id"], set_=set_), row)


def confirmed_consents(tx: Transaction, conference_id: str, topic: Topic) -> list[Consent]:
    rows = tx.execute(
        sa.select(consents)
        .where(
            consents.c.conference_id == conference_id,
            consents.c.topic == topic.value,
            consents.c.state == ConsentState.CONFIRMED.value,
        )
        .order_by(consents.c.consent_id)
    )
    return [_consent(row) for row in rows]


def forget_consent(tx: Transaction, consent: Consent) -> None:
    """Delete it, and the person when nothing else is known of them."""
    tx.execute(sa.delete(consents).where(consents.c.consent_id == consent.consent_id))
    others = sa.exists().where(consents.c.person_id == consent.person_id)
    tx.execute(sa.delete(people).where(people.c.person_id == consent.person_id, ~others))


def erase(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Delete people and their consents. Returns the ids of those who were known."""
    tx.execute(sa.delete(consents).where(consents.c.person_id.in_(ids)))
    return sorted(
        tx.execute(sa.delete(people).where(people.c.person_id.in_(ids)).returning(people.c.person_id)).scalars()
    )


def note_ask(tx: Transaction, client: str, address: str, since: datetime) -> tuple[int, int]:
    """Note that a client asked for an address (both as keyed digests); returns how often each did since, this time included.

    Older notes are deleted.
    """
    tx.execute(sa.delete(asks).where(asks.c.asked_at < since))
    row = {"ask_id": tx.ids.new("ask", tx.now), "client": client, "address": address, "asked_at": tx.now}
    tx.execute(sa.insert(asks), row)
    counts = [
        tx.execute(sa.select(sa.func.count()).where(column == value)).scalar_one()
        for column, value in ((asks.c.client, client), (asks.c.address, address))
    ]
    return counts[0], counts[1]
