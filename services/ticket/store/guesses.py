"""Voucher codes that nobody knows, as they were tried: who and how many. Neither codes nor addresses are kept, only digests."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from services.ticket.store.tables import voucher_guesses as t
from shared.database import Transaction
from shared.database.upsert import insert

_COUNT = sa.select(sa.func.count()).where(
    t.c.conference_id == sa.bindparam("conference_id"),
    t.c.client == sa.bindparam("client"),
    t.c.at > sa.bindparam("since", type_=t.c.at.type),
)
_RECORD = insert(t).on_conflict_do_nothing()
_FORGET = sa.delete(t).where(t.c.at <= sa.bindparam("since", type_=t.c.at.type))


def count_guesses(connection: sa.Connection, conference_id: str, client: str, since: datetime) -> int:
    values = {"conference_id": conference_id, "client": client, "since": since}
    return int(connection.execute(_COUNT, values).scalar_one())


def record_guess(tx: Transaction, conference_id: str, client: str, code: str, since: datetime) -> None:
    """One more, where it is another one; those before `since` are forgotten."""
    tx.execute(_FORGET, {"since": since})
    guess = hashlib.blake2b(code.encode(), key=conference_id.encode()[:64], digest_size=16).hexdigest()
    tx.execute(_RECORD, {"conference_id": conference_id, "client": client, "guess": guess, "at": tx.now})
