"""What operators ask a service and tell it: how far it is, what is parked, try again, give up.

Used by the command line and by `/internal/<service>/...`, so that both show and do the same.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from shared.consumer import drain
from shared.database import Database
from shared.errors import Conflict, NotFound, Unavailable
from shared.inbox import Inbox
from shared.log import Log, TopicPartition
from shared.service import Service


def health(service: Service, database: Database, log: Log) -> dict[str, Any]:
    """How a service is, JSON-ready.

    `consumers`: a row a topic with `lag` (records behind) and `last_message_at`; `outbox`: events that wait to leave;
    `parked`, `gaps` (of these, keys that wait for a missing number), `stuck`: work that waits for a person.
    """
    frame = database.frame
    with database.reading() as connection:
        positions = {
            TopicPartition(row.topic, row.partition): row for row in connection.execute(sa.select(frame.positions))
        }
        outbox = _count(connection, sa.select(sa.func.count()).select_from(frame.outbox))
        parked = _count(connection, sa.select(sa.func.count()).select_from(frame.parked))
        gaps = _count(connection, sa.select(sa.func.count()).where(frame.parked.c.reason == "gap"))
        stuck = [
            dict(row._mapping)
            for row in connection.execute(
                sa.select(frame.timers.c.kind, frame.timers.c.subject, frame.timers.c.error).where(
                    frame.timers.c.stuck.is_(True)
                )
            )
        ]
    try:
        ends = log.ends(service.consumes)
        trouble = ""
    except Unavailable as error:
        ends, trouble = {}, str(error)
    consumers = []
    for topic in service.consumes:
        places = [place for place in ends if place.topic == topic]
        known = {place: positions[place] for place in positions if place.topic == topic}
        lag = sum(ends[place] - (known[place].next_offset if place in known else 0) for place in places)
        times = [row.message_at for row in known.values() if row.message_at is not None]
        last = max(times).isoformat() if times else None
        consumers.append({"topic": topic, "lag": lag, "last_message_at": last})
    return {
        "service": service.name,
        "consumers": consumers,
        "outbox": outbox,
        "parked": parked,
        "gaps": gaps,
        "stuck": stuck,
        "trouble": trouble,
    }


def list_parked(database: Database) -> list[dict[str, Any]]:
    """Parked messages, oldest first: `id`, `topic`, `key`, `sequence`, `reason` (error, gap, foreign), `error`, `at`."""
    parked = database.frame.parked
    columns = (
        parked.c.id,
        parked.c.topic,
        parked.c.key,
        parked.c.sequence,
        parked.c.reason,
        parked.c.error,
        parked.c.at,
    )
    with database.reading() as connection:
        rows = connection.execute(sa.select(*columns).order_by(parked.c.at, parked.c.id))
        return [{**row._mapping, "at": row.at.isoformat()} for row in rows]


def retry_parked(service: Service, database: Database, parked_id: int) -> int:
    """Try the parked message again, and what waits behind it; returns how many were taken.

    Raises `NotFound` where it is gone, `Conflict` where its turn has not come, else the error it fails with again.
    """
    parked = database.frame.parked
    with database.reading() as connection:
        row = connection.execute(sa.select(parked.c.topic, parked.c.key).where(parked.c.id == parked_id)).one_or_none()
    if row is None:
        raise NotFound("This message is not parked any more.", parked_id=parked_id)
    taken = drain(Inbox(service, database), database, (row.topic, row.key), by_hand=True)
    if not taken:
        raise Conflict(
            "An earlier message of this key is missing or parked: its turn has not come.", parked_id=parked_id
        )
    return taken


def drop_parked(service: Service, database: Database, parked_id: int, actor: str) -> int:
    """Give the parked message up for ever; returns how many behind it could be taken. Raises as `Inbox.drop`."""
    inbox = Inbox(service, database)
    with database.transaction(actor) as tx:
        key = inbox.drop(parked_id, tx)
    return drain(inbox, database, key)


def _count(connection: sa.Connection, statement: sa.Select[Any]) -> int:
    return int(connection.execute(statement).scalar_one())
