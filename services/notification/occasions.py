"""How an event becomes a message in the ledger."""

from __future__ import annotations

from typing import Any

from services.notification import store
from services.notification.domain.message import Occasion, State, write
from services.notification.domain.rule import Rule
from shared.database import Transaction
from shared.money import Money
from shared.wire import Envelope


def make_due(tx: Transaction, occasion: Occasion) -> bool:
    """Put the occasion's message into the ledger, once, and have it sent. False when it was there already."""
    message = write(occasion, tx.ids.new("msg", tx.now), tx.now)
    if not store.record_message(tx, message):
        return False
    if message.state is State.DUE:
        tx.schedule("send", message.message_id, tx.now)
    return True


def occasion(envelope: Envelope[Any], rule: Rule, subject: str, to: str, occurrence: str, **facts: object) -> Occasion:
    return Occasion(
        rule=rule,
        subject=subject,
        occurrence=occurrence,
        recipient=to,
        conference_id=envelope.event.conference_id,
        happened_at=envelope.time,
        facts=facts,
    )


def money(amount: Money) -> dict[str, object]:
    """Money as it stands in JSON."""
    return {"amount": amount.amount, "currency": amount.currency}
