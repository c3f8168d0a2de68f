"""Taking away what a demo conference left here: its mails, and people who asked for nothing else."""

from __future__ import annotations

import sqlalchemy as sa

from services.notification import tables as t
from shared.database import Transaction


def remove_conference(tx: Transaction, conference_id: str) -> int:
    """Delete its messages, letters, consents and timers. Returns how many rows. Projections stay: pages hide a removed demo."""
    messages = list(
        tx.execute(sa.select(t.messages.c.message_id).where(t.messages.c.conference_id == conference_id)).scalars()
    )
    consents = tx.execute(sa.select(t.consents).where(t.consents.c.conference_id == conference_id)).all()
    readers = {row.person_id for row in consents}
    elsewhere = sa.exists().where(t.consents.c.person_id == t.people.c.person_id)
    timers = tx.database.frame.timers
    removed = 0
    for ids in (messages[start : start + 500] for start in range(0, len(messages), 500)):
        removed += tx.execute(sa.delete(timers).where(timers.c.subject.in_(ids))).rowcount
        for table in (t.attempts, t.letters, t.messages):
            removed += tx.execute(sa.delete(table).where(table.c.message_id.in_(ids))).rowcount
    doomed = [
        sa.delete(timers).where(timers.c.subject.in_([row.consent_id for row in consents])),
        sa.delete(t.consents).where(t.consents.c.conference_id == conference_id),
        sa.delete(t.people).where(t.people.c.person_id.in_(readers), ~elsewhere),
    ]
    return removed + sum(tx.execute(statement).rowcount for statement in doomed)
