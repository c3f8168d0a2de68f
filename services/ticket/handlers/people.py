"""Forgetting people. Money and documents stay as long as tax law asks; the ids on them then mean nothing."""

from __future__ import annotations

from collections.abc import Sequence

from services.ticket.domain.order import State, person_ref
from services.ticket.store import documents, holders, orders
from shared.database import Transaction
from shared.errors import Conflict
from shared.events import PersonErased
from shared.service import Timer
from shared.web.i18n import N_


def erase_people(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Forget these people and say so; orders and money keep their ids, which mean nothing any more."""
    erased = orders.erase_people(tx, ids)
    tx.publish(*(PersonErased(person=person_ref(person_id)) for person_id in erased))
    return erased


def erase_from_order(tx: Transaction, order_id: str, person_id: str) -> list[str]:
    """Forget a person of an order, at their own wish. Their ticket stays valid, without a name. Raises as `_refuse_open`."""
    order = orders.lock_order(tx, order_id)
    _refuse_open([order.state])
    ids = holders.same_person(tx.connection, person_id)
    holders.forget_money_facts(tx, [order_id], ids)
    return erase_people(tx, ids)


def erase_address(tx: Transaction, conference_id: str, email: str) -> list[str]:
    """Forget everybody at this address in a conference's orders and waiting lists, by staff. Raises as `_refuse_open`."""
    known = holders.people_with(tx.connection, conference_id, email)
    order_ids = sorted({each.order_id for each in known})
    _refuse_open([orders.lock_order(tx, order_id).state for order_id in order_ids])
    ids = [each.person_id for each in known]
    holders.forget_money_facts(tx, order_ids, ids)
    waiting = holders.waiting_with(tx.connection, conference_id, email)
    return erase_people(tx, [*ids, *(each.person for each in waiting)])


def forget_recipient(timer: Timer, tx: Transaction) -> None:
    """A document was kept as long as tax law asks: whom it was made out to is forgotten."""
    documents.forget_recipient(tx, timer.subject)


def _refuse_open(states: Sequence[State]) -> None:
    """Raises `Conflict` while somebody may still be paying: whom we sell to must be known until it is decided."""
    if any(state in (State.HELD, State.PLACED) for state in states):
        raise Conflict(
            N_("An order is still open: give the tickets back or pay them first, then the data can be erased.")
        )
