"""What staff see of the ledger: messages by state, letters of the mailbox, each within their roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.notification.domain.message import Message, State
from services.notification.domain.rule import RULES, Audience
from services.notification.store import message_from
from services.notification.tables import letters, messages
from shared.web.staff import EVERYWHERE, Staff

PAGE = 50
MONEY_RULES = tuple(sorted(rule.name for rule in RULES.values() if rule.audience is Audience.CONTACT))
"""What finance may see: the mails to sponsors."""
NOT_ARRIVED = (State.FAILED, State.UNKNOWN, State.HELD)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with what the list shows of its letter: empty where none is kept."""

    message: Message
    name: str
    email: str
    subject_line: str
    written_at: datetime | None


def within_roles(staff: Staff) -> sa.ColumnElement[bool]:
    """The condition that leaves what this member of staff may see."""
    parts: list[sa.ColumnElement[bool]] = []
    for place, roles in staff.roles.items():
        here = sa.true() if place == EVERYWHERE else messages.c.conference_id == place
        if "organiser" in roles:
            parts.append(here)
        elif "finance" in roles:
            parts.append(sa.and_(here, messages.c.rule.in_(MONEY_RULES)))
    return sa.or_(sa.false(), *parts)


def may_see(staff: Staff, message: Message) -> bool:
    if staff.may("organiser", conference_id=message.conference_id):
        return True
    return message.rule in MONEY_RULES and staff.may("finance", conference_id=message.conference_id)


def count_by_state(connection: sa.Connection, scope: sa.ColumnElement[bool]) -> dict[State, int]:
    rows = connection.execute(sa.select(messages.c.state, sa.func.count()).where(scope).group_by(messages.c.state))
    return {State(state): count for state, count in rows}


def list_messages(
    connection: sa.Connection, scope: sa.ColumnElement[bool], states: Sequence[State], before: str = ""
) -> tuple[list[Entry], str]:
    """The newest messages in these states, and the key of the next page, empty where there is none."""
    where = [scope, messages.c.state.in_([state.value for state in states])]
    if before:
        where.append(messages.c.message_id < before)
    return _page(connection, where, inner=False)


def list_letters(connection: sa.Connection, scope: sa.ColumnElement[bool], before: str = "") -> tuple[list[Entry], str]:
    """The mailbox: what was handed over and is kept, the newest first."""
    where = [scope, messages.c.state == State.SENT.value]
    if before:
        where.append(messages.c.message_id < before)
    return _page(connection, where, inner=True)


def _page(connection: sa.Connection, where: Sequence[Any], *, inner: bool) -> tuple[list[Entry], str]:
    joined = messages.join(letters, letters.c.message_id == messages.c.message_id, isouter=not inner)
    rows = connection.execute(
        sa.select(messages, letters.c.name, letters.c.email, letters.c.subject_line, letters.c.written_at)
        .select_from(joined)
        .where(*where)
        .order_by(messages.c.message_id.desc())
        .limit(PAGE + 1)
    ).all()
    entries = [entry_from(row) for row in rows[:PAGE]]
    return entries, entries[-1].message.message_id if len(rows) > PAGE else ""


def entry_from(row: Any) -> Entry:
    facts = dict(row._mapping)
    letter = {name: facts.pop(name) for name in ("name", "email", "subject_line", "written_at")}
    message = message_from(facts)
    return Entry(
        message, letter["name"] or "", letter["email"] or "", letter["subject_line"] or "", letter["written_at"]
    )
