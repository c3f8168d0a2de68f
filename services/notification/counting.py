"""How many mails there are, by rule and state, and whether one went out twice by itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.notification.domain.message import State
from services.notification.tables import attempts, messages

_by_rule = (
    sa.select(messages.c.rule, messages.c.state, sa.func.count())
    .where(messages.c.conference_id == sa.bindparam("conference_id"))
    .group_by(messages.c.rule, messages.c.state)
)
_doubled = (
    sa.select(messages.c.rule, messages.c.subject, messages.c.occurrence)
    .join(attempts, attempts.c.message_id == messages.c.message_id)
    .where(messages.c.again_of.is_(None), attempts.c.outcome == State.SENT.value)
    .group_by(messages.c.rule, messages.c.subject, messages.c.occurrence)
    .having(sa.func.count() > 1)
)
"""Keys of the ledger with more than one mail that went out by itself: counted from what was handed over, not from the ledger."""


def count_mails(connection: sa.Connection, conference_id: str) -> dict[str, Any]:
    """`mails` (sent, by rule), `doubled` (keys mailed twice by themselves) and `states` (all messages, by state)."""
    sent: dict[str, int] = {}
    states: dict[str, int] = {}
    for rule, state, count in connection.execute(_by_rule, {"conference_id": conference_id}):
        states[state] = states.get(state, 0) + count
        if state == State.SENT:
            sent[rule] = count
    doubled = len(connection.execute(_doubled.where(messages.c.conference_id == conference_id)).all())
    return {"mails": dict(sorted(sent.items())), "doubled": doubled, "states": dict(sorted(states.items()))}


def count_doubled(connection: sa.Connection) -> int:
    return len(connection.execute(_doubled).all())
