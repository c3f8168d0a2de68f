"""A service's database: one use case is one transaction, and what it says to others commits with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from shared import crash, trace, wire
from shared.clock import Clock
from shared.database.batch import Batch
from shared.database.engine import make_engine, unavailable
from shared.database.frame import FrameTables, frame_tables
from shared.database.prepared import Prepared, Row
from shared.database.queue import WriterQueue
from shared.database.upsert import insert
from shared.errors import Unavailable
from shared.events import Event
from shared.ids import Ids

__all__ = ["Database", "ReplayTransaction", "Transaction"]


class Database:
    """The database of one service, on SQLite or PostgreSQL. Connects lazily, and anew after a fork.

    Raises `shared.errors.Unavailable` where the database cannot be reached, is locked or full: nothing was changed then.
    """

    def __init__(self, url: str, metadata: sa.MetaData, owner: str, clock: Clock, ids: Ids) -> None:
        self.url = url
        self.owner = owner
        self.metadata = metadata
        self.clock = clock
        self.ids = ids
        self.frame: FrameTables = frame_tables(metadata)
        self.statements = FrameStatements(self.frame)
        self.commits = 0
        """Write transactions that this process committed here: unchanged means that nothing new can be waiting from us."""
        self.listeners: list[Callable[[bool, Collection[str]], object]] = []
        """Told after each commit of this process: whether events were put out, and kinds of work that was scheduled and is due."""
        self._queue = WriterQueue(url)
        self._engine: sa.Engine | None = None
        self._pid = 0
        self._making = threading.Lock()

    @property
    def engine(self) -> sa.Engine:
        if self._engine is None or self._pid != os.getpid():
            with self._making:
                if self._engine is None or self._pid != os.getpid():
                    if self._engine is not None:
                        self._engine.dispose(close=False)
                    self._engine, self._pid = make_engine(self.url), os.getpid()
        return self._engine

    @contextmanager
    def transaction(self, actor: str = "system") -> Iterator[Transaction]:
        """One write transaction: committed at the end of the block, rolled back by any error."""
        with self._open(Transaction, actor) as tx:
            yield tx

    @contextmanager
    def replay(self) -> Iterator[Transaction]:
        """A write transaction in which nothing is published and nothing falls due: for rebuilds."""
        with self._open(ReplayTransaction, "rebuild") as tx:
            yield tx

    @contextmanager
    def _open(self, kind: type[Transaction], actor: str) -> Iterator[Transaction]:
        try:
            with self._queue.turn(), self.engine.connect() as connection, connection.begin():
                tx = kind(self, connection, actor)
                yield tx
                tx.finish()
                crash.point("database.before_commit")
            self.commits += 1
            crash.point("database.after_commit")
            for listener in tuple(self.listeners):
                listener(tx.has_spoken, tx.due_kinds)
        except sa.exc.DBAPIError as error:
            if unavailable(error):
                raise Unavailable(f"The database of {self.owner} cannot be used now: {error.orig}") from error
            raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read from; what it sees is one snapshot on SQLite, each statement's own on PostgreSQL."""
        try:
            with self.engine.connect().execution_options(stagedoor_reading=True) as connection, connection.begin():
                yield connection
        except sa.exc.DBAPIError as error:
            if unavailable(error):
                raise Unavailable(f"The database of {self.owner} cannot be read now: {error.orig}") from error
            raise

    def take_stock(self) -> None:
        """Have PostgreSQL count what is due and heard: until it has, it walks through whole tables. Raises `Unavailable`."""
        if not self.is_sqlite:
            with self.transaction() as tx:
                tx.execute(self.statements.take_stock)

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def close(self) -> None:
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()
            self._engine = None
        self._queue.close()


class Transaction:
    """What a use case writes through. `now` is the same instant from its first line to its last."""

    def __init__(self, database: Database, connection: sa.Connection, actor: str) -> None:
        self._connection = connection
        self._batch = Batch()
        self.now: datetime = database.clock.now()
        self.ids = database.ids
        self.actor = actor
        self.database = database
        self.has_spoken = False
        self.due_kinds: set[str] = set()
        """Kinds of work that was scheduled here and is due at once."""
        self._events: list[Event] = []

    @property
    def connection(self) -> sa.Connection:
        """Where to read and write; what was put before is written first, so that it is seen."""
        if self._batch:
            self._batch.flush(self._connection)
        return self._connection

    def put(self, statement: Prepared, rows: Sequence[Row], otherwise: Exception | None = None) -> None:
        """Write these rows together with what is put next: before anything else is read or written, at the latest at the end.

        `otherwise` is raised then, where the one row that is put comes to nothing.
        """
        if not rows:
            return
        if not self._batch.takes(statement):
            self._batch.flush(self._connection)
        self._batch.add(statement, rows, otherwise)

    def execute(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> sa.CursorResult[Any]:
        if isinstance(parameters, Sequence) and len(parameters) == 1:
            parameters = parameters[0]  # a driver makes more of a list, however short
        return cast("sa.CursorResult[Any]", self.connection.execute(statement, parameters))

    def write(self, statement: Prepared, row: Row) -> sa.CursorResult[Any]:
        """One row by a prepared statement, for hot paths; what it returns are the driver's plain values."""
        return statement.run(self.connection, row)

    def write_each(self, statement: Prepared, rows: Sequence[Row]) -> None:
        """Many rows by a prepared statement; none is fine."""
        statement.run_each(self.connection, rows)

    def publish(self, *events: Event) -> None:
        """Say these at the end of this transaction. They leave with its commit, or not at all."""
        self._events.extend(events)

    def schedule(self, kind: str, subject: str, due_at: datetime, facts: Mapping[str, str] | None = None) -> None:
        """Have `kind` done about `subject` at `due_at`, once. Scheduling the same again moves it and replaces its facts."""
        if due_at <= self.now:
            self.due_kinds.add(kind)
        row = {"kind": kind, "subject": subject, "due_at": due_at, "facts": dict(facts or {})}
        self.put(self.database.statements.schedule, [row])

    def unschedule(self, kind: str, subject: str) -> None:
        self.write(self.database.statements.unschedule, {"b_kind": kind, "b_subject": subject})

    def finish(self) -> None:
        """Number what was published, sorted by topic and key so that two transactions never wait for each other, and put it out."""
        if not self._events:
            self._batch.flush(self._connection)
            return
        spoken: dict[tuple[str, str], list[tuple[str, str, str, bytes]]] = {}
        for event in self._events:
            topic, name, key = wire.address(self.database.owner, event)
            message = (self.ids.new("evt", self.now), name, event.conference_id, wire.encode_data(event))
            spoken.setdefault((topic.name, key), []).append(message)
        rows = []
        for (topic_name, key), messages in sorted(spoken.items()):
            digest = sum(wire.digest_of(id, data) for id, _, _, data in messages)
            number = {"topic": topic_name, "key": key, "last": len(messages), "digest": digest, "at": self.now}
            last = self._batch.flush(self._connection, (self.database.statements.number, number))
            for sequence, (id, name, conference_id, data) in enumerate(messages, last - len(messages) + 1):
                value = wire.encode(
                    id=id,
                    owner=self.database.owner,
                    type=name,
                    key=key,
                    sequence=sequence,
                    time=self.now,
                    conference_id=conference_id,
                    actor=self.actor,
                    traceparent=trace.current(),
                    data=data,
                )
                rows.append({"topic": topic_name, "key": key, "sequence": sequence, "value": value})
        self.write_each(self.database.statements.put_out, rows)
        self.has_spoken = True
        self._events.clear()


class ReplayTransaction(Transaction):
    """Says nothing, schedules nothing."""

    def publish(self, *events: Event) -> None:
        return None

    def schedule(self, kind: str, subject: str, due_at: datetime, facts: Mapping[str, str] | None = None) -> None:
        return None

    def unschedule(self, kind: str, subject: str) -> None:
        return None


class FrameStatements:
    """The frame's hot statements, built once for a database."""

    def __init__(self, frame: FrameTables) -> None:
        number = insert(frame.sequences)
        self.number = Prepared(
            number.on_conflict_do_update(
                index_elements=["topic", "key"],
                set_={
                    "last": frame.sequences.c.last + number.excluded.last,
                    "digest": frame.sequences.c.digest + number.excluded.digest,
                    "at": number.excluded.at,
                },
            ).returning(frame.sequences.c.last)
        )
        self.put_out = Prepared(sa.insert(frame.outbox))
        timer = insert(frame.timers).values(version=1, tries=0, waits=0, stuck=False, error="")
        update = timer.on_conflict_do_update(
            index_elements=["kind", "subject"],
            set_={
                "due_at": timer.excluded.due_at,
                "facts": timer.excluded.facts,
                "version": frame.timers.c.version + 1,
                "tries": 0,
                "waits": 0,
                "stuck": False,
                "error": "",
            },
        )
        self.take_stock = sa.text(
            f"ANALYZE {', '.join(table.name for table in (frame.outbox, frame.timers, frame.inbox))}"
        )
        self.schedule = Prepared(update)
        self.unschedule = Prepared(
            sa.delete(frame.timers).where(
                frame.timers.c.kind == sa.bindparam("b_kind"), frame.timers.c.subject == sa.bindparam("b_subject")
            )
        )
