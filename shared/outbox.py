"""The relay: carries what a service's transactions put out to the log, in order, at least once.

It reads rows that are still there, never past a cursor: ids become visible out of the order of commits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from shared import crash, wire
from shared.database import Database
from shared.database.upsert import Bulk, any_of, insert, without_waiting
from shared.errors import Corrupt, Unavailable
from shared.log import Log, LogProducer, Message, SendFailed, TopicPartition, TopicPartitionOffset
from shared.service import Service

BATCH = 1000
LEASE = timedelta(seconds=15)
logger = logging.getLogger(__name__)


class Relay:
    """One of these works per service at a time: a lease in the service's database says which."""

    def __init__(self, service: Service, database: Database, log: Log) -> None:
        self._service = service
        self._database = database
        self._log = log
        self._producer: LogProducer | None = None
        self._holder = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._leased_until = database.clock.now() - LEASE
        frame = database.frame
        self._rows = sa.select(frame.outbox).order_by(frame.outbox.c.id).limit(BATCH)
        self._remove = sa.delete(frame.outbox).where(any_of(frame.outbox.c.id, "ids", database.url))
        self._acknowledge = Bulk(frame.relayed, self._as_newest)
        lease = insert(frame.leases)
        self._lease = lease.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": lease.excluded.holder, "until": lease.excluded.until},
            where=sa.or_(frame.leases.c.holder == lease.excluded.holder, frame.leases.c.until < sa.bindparam("now")),
        ).returning(frame.leases.c.holder)

    def step(self) -> int:
        """Send what waits; returns how many. Raises `Unavailable` when log or database is away: what waits, waits.

        Raises `Corrupt` when the log holds records that this database never wrote: it was restored from an old copy.
        """
        with self._database.reading() as connection:
            rows = connection.execute(self._rows).all()
        if not rows or not self._hold_lease():
            return 0
        if self._producer is None:
            self._refuse_a_restored_database()
            self._producer = self._log.producer(f"{self._service.name}-relay")
        try:
            places = self._producer.send([Message(row.topic, row.key, row.value) for row in rows])
        except SendFailed as failure:
            self._producer.close()
            self._producer = None
            if failure.stored:
                self._strike_out(rows[: len(failure.stored)], failure.stored)
            raise
        crash.point("relay.after_ack")
        self._strike_out(rows, places)
        return len(rows)

    def close(self) -> None:
        """Stop sending and give the lease back."""
        if self._producer is not None:
            self._producer.close()
            self._producer = None
        leases = self._database.frame.leases
        with contextlib.suppress(Unavailable), self._database.transaction() as tx:
            tx.execute(sa.delete(leases).where(leases.c.name == "relay", leases.c.holder == self._holder))

    def _as_newest(self, place: Any) -> Any:
        """What is struck out in vain is sent twice, and known by its number."""
        put = place.on_conflict_do_update(index_elements=["topic", "partition"], set_={"offset": place.excluded.offset})
        return put if self._database.is_sqlite else put.returning(without_waiting())

    def _strike_out(self, rows: Sequence[sa.Row[Any]], places: list[TopicPartitionOffset]) -> None:
        last = {TopicPartition(place.topic, place.partition): place.offset for place in places}
        with self._database.transaction() as tx:
            tx.execute(self._remove, {"ids": [row.id for row in rows]})
            self._acknowledge.put(
                tx.connection,
                [{"topic": p.topic, "partition": p.partition, "offset": o} for p, o in sorted(last.items())],
            )

    def _hold_lease(self) -> bool:
        now = self._database.clock.now()
        if now < self._leased_until - LEASE / 2:
            return True
        with self._database.transaction() as tx:
            until = now + LEASE
            got = tx.execute(self._lease, {"name": "relay", "holder": self._holder, "until": until, "now": now}).first()
        if got is not None:
            self._leased_until = until
        return got is not None

    def _refuse_a_restored_database(self) -> None:
        frame = self._database.frame
        with self._database.reading() as connection:
            acknowledged = {
                TopicPartition(row.topic, row.partition): int(row.offset)
                for row in connection.execute(sa.select(frame.relayed))
            }
        for place, end in self._log.ends(self._service.publishes).items():
            offset = acknowledged.get(place, -1) + 1
            while offset < end:
                records = self._log.read(place, offset, timeout=5.0)
                if not records:
                    break
                for record in records:
                    self._refuse_unwritten(record.topic, record.value)
                offset = records[-1].offset + 1

    def _refuse_unwritten(self, topic: str, value: bytes) -> None:
        sequences = self._database.frame.sequences
        try:
            envelope = wire.decode(topic, value)
        except Corrupt:
            return
        with self._database.reading() as connection:
            last = connection.execute(
                sa.select(sequences.c.last).where(sequences.c.topic == topic, sequences.c.key == envelope.key)
            ).scalar_one_or_none()
        if envelope.sequence > (last or 0):
            raise Corrupt(
                f"{topic} holds number {envelope.sequence} of {envelope.key}, which this database never wrote: it seems to be "
                f"restored from an old copy. Run `stagedoor recover {self._service.name}` first.",
                topic=topic,
            )
