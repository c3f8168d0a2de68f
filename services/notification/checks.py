"""What must always hold in the ledger, for `stagedoor verify`."""

from __future__ import annotations

import sqlalchemy as sa

from services.notification.counting import count_doubled
from services.notification.domain.message import State
from services.notification.tables import attempts, messages
from shared.service import Check


def no_mail_twice(connection: sa.Connection) -> list[str]:
    doubled = count_doubled(connection)
    return [f"{doubled} mails went out twice by themselves."] if doubled else []


def sent_means_handed_over(connection: sa.Connection) -> list[str]:
    """A message that is `sent` has exactly one attempt that says so."""
    handed_over = (
        sa.select(attempts.c.message_id)
        .where(attempts.c.message_id == messages.c.message_id, attempts.c.outcome == State.SENT.value)
        .exists()
    )
    count = connection.execute(
        sa.select(sa.func.count()).select_from(messages).where(messages.c.state == State.SENT.value, ~handed_over)
    ).scalar_one()
    return [f"{count} messages are called sent and were never handed over."] if count else []


CHECKS: tuple[Check, ...] = (no_mail_twice, sent_means_handed_over)
