"""How messages, letters and facts are kept: explicit statements, built once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.notification.domain.message import Message, State
from services.notification.tables import (
    attempts,
    benefits,
    conferences,
    endings,
    letters,
    lots,
    messages,
)
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.events.ticketing import ConferenceChanged, ConferenceOpened
from shared.wire import Envelope

_record = Prepared(
    insert(messages)
    .on_conflict_do_nothing(index_elements=["rule", "subject", "occurrence"])
    .returning(messages.c.message_id)
)
_by_id = sa.select(messages).where(messages.c.message_id == sa.bindparam("id"))
_lock = _by_id.with_for_update()
_CHANGING = ("state", "reason", "not_after", "changed_at", "allowed_at", "mime_id", "tries", "sent_at", "asked_by")
_save = (
    sa.update(messages)
    .where(messages.c.message_id == sa.bindparam("id"))
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGING})
)
_begin_attempt = sa.insert(attempts)
_end_attempt = (
    sa.update(attempts)
    .where(attempts.c.message_id == sa.bindparam("id"), attempts.c.mime_id == sa.bindparam("mime"))
    .values(ended_at=sa.bindparam("at"), outcome=sa.bindparam("result"), reason=sa.bindparam("why"))
)
_keep_letter = insert(letters)
_keep_letter = _keep_letter.on_conflict_do_update(
    index_elements=["message_id"],
    set_={column.name: _keep_letter.excluded[column.name] for column in letters.c if column.name != "message_id"},
)
_conference = sa.select(conferences).where(conferences.c.conference_id == sa.bindparam("id"))
_ended = sa.select(endings.c.subject).where(endings.c.subject.in_(sa.bindparam("ids", expanding=True)))


# Messages


def _row(message: Message) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "conference_id": message.conference_id,
        "rule": message.rule,
        "subject": message.subject,
        "occurrence": message.occurrence,
        "recipient": message.recipient,
        "facts": dict(message.facts),
        "state": message.state.value,
        "reason": message.reason,
        "happened_at": message.happened_at,
        "not_after": message.not_after,
        "changed_at": message.changed_at,
        "allowed_at": message.allowed_at,
        "mime_id": message.mime_id,
        "tries": message.tries,
        "sent_at": message.sent_at,
        "again_of": message.again_of,
        "asked_by": message.asked_by,
    }


def message_from(facts: Mapping[str, Any]) -> Message:
    """A message as a row of `messages` says it is."""
    return Message(**{**facts, "state": State(facts["state"])})


def record_message(tx: Transaction, message: Message) -> bool:
    """Put a message into the ledger. False when its key is there already: nothing was changed then."""
    return tx.write(_record, _row(message)).first() is not None


def lock_message(tx: Transaction, message_id: str) -> Message:
    """The message, for a change. Raises `NotFound`."""
    row = tx.execute(_lock, {"id": message_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such mail.", message_id=message_id)
    return message_from(dict(row._mapping))


def load_message(connection: sa.Connection, message_id: str) -> Message:
    """The message, to look at. Raises `NotFound`."""
    row = connection.execute(_by_id, {"id": message_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such mail.", message_id=message_id)
    return message_from(dict(row._mapping))


def save_message(tx: Transaction, message: Message) -> None:
    row = _row(message)
    tx.execute(_save, {"id": message.message_id, **{f"new_{name}": row[name] for name in _CHANGING}})


def count_repetitions(tx: Transaction, message: Message) -> int:
    """How often a person had this sent again."""
    root = message.again_of or message.message_id
    count: int = tx.execute(sa.select(sa.func.count()).where(messages.c.again_of == root)).scalar_one()
    return count


# Attempts and letters


def begin_attempt(tx: Transaction, message: Message) -> None:
    """Note that a message goes to the mail server now."""
    row = {"message_id": message.message_id, "number": message.tries, "mime_id": message.mime_id, "began_at": tx.now}
    tx.execute(_begin_attempt, {**row, "ended_at": None, "outcome": State.SENDING.value, "reason": ""})


def end_attempt(tx: Transaction, message: Message, mime_id: str) -> None:
    """Note what came of it: the state the message has now."""
    tx.execute(
        _end_attempt,
        {"id": message.message_id, "mime": mime_id, "at": tx.now, "result": message.state.value, "why": message.reason},
    )


def load_attempts(connection: sa.Connection, message_id: str) -> Sequence[Any]:
    return connection.execute(
        sa.select(attempts).where(attempts.c.message_id == message_id).order_by(attempts.c.number)
    ).all()


def keep_letter(tx: Transaction, row: Mapping[str, object]) -> None:
    """Keep a mail as it was rendered; a later rendering of the same message replaces it."""
    tx.execute(_keep_letter, row)


def load_letter(connection: sa.Connection, message_id: str) -> Any | None:
    return connection.execute(sa.select(letters).where(letters.c.message_id == message_id)).one_or_none()


def forget_letter(tx: Transaction, message_id: str) -> None:
    tx.execute(sa.delete(letters).where(letters.c.message_id == message_id))


def forget_letters_to(tx: Transaction, recipient: str) -> None:
    """Everything that was rendered for this person (`service:per_...`)."""
    tx.execute(sa.delete(letters).where(letters.c.recipient == recipient))


# Facts heard from others


@dataclass(frozen=True, slots=True)
class Conference:
    """What a mail says about a conference. `tier_names` maps a tier's id to its names by language."""

    conference_id: str
    slug: str
    name: str
    place: str
    time_zone: str
    days: tuple[date, ...]
    doors_at: datetime
    seller: str
    reply_to: str
    tier_names: Mapping[str, Mapping[str, str]]
    is_demo: bool


def record_conferences(
    envelopes: Sequence[Envelope[ConferenceOpened] | Envelope[ConferenceChanged]], tx: Transaction
) -> None:
    """Keep the newest facts of each conference."""
    newest = {envelope.event.conference_id: envelope.event for envelope in envelopes}
    statement = insert(conferences)
    statement = statement.on_conflict_do_update(
        index_elements=["conference_id"],
        set_={c.name: statement.excluded[c.name] for c in conferences.c if c.name != "conference_id"},
    )
    rows = [
        {
            "conference_id": event.conference_id,
            "slug": event.slug,
            "name": event.name,
            "place": event.place,
            "time_zone": event.time_zone,
            "days": [day.isoformat() for day in event.days],
            "doors_at": event.doors_at,
            "seller": event.seller,
            "reply_to": event.reply_to,
            "tier_names": {tier.tier_id: {"en": tier.name_en, "de": tier.name_de} for tier in event.tiers},
            "is_demo": event.is_demo,
        }
        for event in newest.values()
    ]
    tx.execute(statement, rows)


def conference_from(row: Any) -> Conference:
    facts = dict(row._mapping)
    return Conference(**{**facts, "days": tuple(date.fromisoformat(day) for day in facts["days"])})


def time_zones(connection: sa.Connection) -> dict[str, str]:
    """Conference -> its time zone."""
    rows = connection.execute(sa.select(conferences.c.conference_id, conferences.c.time_zone))
    return {row.conference_id: row.time_zone for row in rows}


def load_conference(connection: sa.Connection, conference_id: str) -> Conference | None:
    """The conference, None while nobody told us of it."""
    row = connection.execute(_conference, {"id": conference_id}).one_or_none()
    return None if row is None else conference_from(row)


def find_conference(connection: sa.Connection, slug: str) -> Conference | None:
    row = connection.execute(
        sa.select(conferences).where(conferences.c.slug == slug).order_by(conferences.c.is_demo)
    ).first()
    return None if row is None else conference_from(row)


def list_conferences(connection: sa.Connection) -> list[Conference]:
    """All of them, the latest doors first."""
    rows = connection.execute(sa.select(conferences).order_by(conferences.c.doors_at.desc()))
    return [conference_from(row) for row in rows]


def record_endings(tx: Transaction, ended: Mapping[str, datetime]) -> None:
    """Keep that tiers closed or conferences were called off, by id; the first word counts."""
    rows = [{"subject": subject, "ended_at": at} for subject, at in ended.items()]
    tx.execute(insert(endings).on_conflict_do_nothing(index_elements=["subject"]), rows)


def any_ended(connection: sa.Connection, subjects: Iterable[str]) -> bool:
    return connection.execute(_ended, {"ids": list(subjects)}).first() is not None


def record_benefits(tx: Transaction, contacts: Mapping[str, str]) -> None:
    rows = [{"benefit_id": benefit, "contact": contact} for benefit, contact in contacts.items()]
    tx.execute(insert(benefits).on_conflict_do_nothing(index_elements=["benefit_id"]), rows)


def record_lots(tx: Transaction, rows: Sequence[Mapping[str, str]]) -> None:
    """Keep lots that belong to benefits: `lot_id`, `benefit_id`, `conference_id`."""
    tx.execute(insert(lots).on_conflict_do_nothing(index_elements=["lot_id"]), rows)


def lots_with_contact(tx: Transaction, benefit_id: str) -> Sequence[Any]:
    """`lot_id`, `conference_id` and `contact` of a benefit's lots; empty while either half is missing."""
    return tx.execute(
        sa.select(lots.c.lot_id, lots.c.conference_id, benefits.c.contact)
        .join(benefits, benefits.c.benefit_id == lots.c.benefit_id)
        .where(lots.c.benefit_id == benefit_id)
        .order_by(lots.c.lot_id)
    ).all()
