"""Forgetting people."""

from __future__ import annotations

from collections.abc import Sequence

from services.ticket.domain.order import person_ref
from services.ticket.store import orders
from shared.database import Transaction
from shared.events import PersonErased


def erase_people(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Forget these people and say so; orders and money keep their ids, which mean nothing any more."""
    erased = orders.erase_people(tx, ids)
    tx.publish(*(PersonErased(person=person_ref(person_id)) for person_id in erased))
    return erased
