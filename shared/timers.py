"""What is due: timers that work inside one transaction, errands that need the network and open their own.

A row is one piece of work per kind and subject. Scheduling it again while it is being done has it done once more.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shared import trace
from shared.database import Database, Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import without_waiting
from shared.errors import Unavailable
from shared.inbox import describe
from shared.service import Errand, Service, Timer

CLAIM = timedelta(seconds=90)
"""How long an errand belongs to who took it; after a crash it is taken again then."""
TRIES = 6
logger = logging.getLogger(__name__)


class Timekeeper:
    """Does what is due in one service. `context` is what its errands work with (clients, mailer, database)."""

    def __init__(self, service: Service, database: Database, context: Any) -> None:
        self._service = service
        self._database = database
        self._context = context
        self._timers = database.frame.timers
        table = self._timers
        is_it = table.c.id == sa.bindparam("b_id")
        self._hold = sa.update(table).where(is_it).values(claimed_until=sa.bindparam("until"))
        is_same = table.c.version == sa.bindparam("b_version")
        self._finish = Prepared(sa.delete(table).where(is_it, is_same).returning(table.c.id))
        self._due_timer = self._due(sorted(service.timers))
        self._due_errand = self._due(sorted(service.errands))
        self._claim_timer = self._due_timer.with_for_update(skip_locked=True)
        self._take_errand = self._claim_at_once()
        self.has_more = True
        """Whether another errand was due when the last one was taken."""
        self._next_due: dict[frozenset[str], sa.Select[Any]] = {}

    def _due(self, kinds: list[str]) -> sa.Select[Any]:
        table = self._timers
        return (
            sa.select(table)
            .where(
                table.c.due_at <= sa.bindparam("now"),
                table.c.kind.in_(kinds),
                table.c.stuck.is_(False),
                sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until <= sa.bindparam("now")),
            )
            .order_by(table.c.due_at, table.c.id)
            .limit(1)
        )

    def _claim_at_once(self) -> Any:
        """Look and claim in one statement. `others` counts the row itself: a statement sees what was before it."""
        table = self._timers
        due = self._due_errand.with_only_columns(table.c.id)
        first = due.with_for_update(skip_locked=True).scalar_subquery()
        two = due.limit(2).subquery()
        return (
            sa.update(table)
            .where(table.c.id == first)
            .values(claimed_until=sa.bindparam("until"))
            .returning(
                table, without_waiting(), sa.select(sa.func.count()).select_from(two).scalar_subquery().label("others")
            )
        )

    def next_due(self, besides: Collection[str] = ()) -> datetime | None:
        """When the next piece of work falls due, None when none is waiting. Kinds in `besides` do not count."""
        table = self._timers
        statement = self._next_due.get(frozenset(besides))
        if statement is None:
            statement = self._next_due[frozenset(besides)] = (
                sa.select(table.c.due_at, table.c.claimed_until)
                .where(table.c.stuck.is_(False), table.c.kind.not_in(sorted(besides)))
                .order_by(table.c.due_at)
                .limit(50)
            )
        with self._database.reading() as connection:
            rows = connection.execute(statement).all()
        return min((max(row.due_at, row.claimed_until or row.due_at) for row in rows), default=None)

    def step_timers(self) -> int:
        """Do one due timer; returns 1, or 0 when none is due."""
        return self._do_timer() if self._service.timers and self._is_due(self._due_timer) else 0

    def step_errands(self) -> int:
        """Do one due errand; returns 1, or 0 when none is due."""
        return self._do_errand() if self._service.errands and self._is_due(self._due_errand) else 0

    def _is_due(self, due: sa.Select[Any]) -> bool:
        """Look before locking: most of the time nothing is due. PostgreSQL locks nothing but the row that is found."""
        if not self._database.is_sqlite:
            return True
        with self._database.reading() as connection:
            return connection.execute(due, {"now": self._database.clock.now()}).first() is not None

    def _do_timer(self) -> int:
        row: Any = None
        try:
            with self._database.transaction() as tx, trace.joined(""):
                row = tx.execute(self._claim_timer, {"now": tx.now}).first()
                if row is None:
                    return 0
                tx.execute(sa.delete(self._timers).where(self._timers.c.id == row.id))
                timer = Timer(row.kind, row.subject, row.due_at, row.facts, row.tries)
                self._service.timers[row.kind](timer, tx)
        except Unavailable:
            raise
        except Exception as error:
            logger.exception("timer %s failed", getattr(row, "kind", "?"))
            self._failed(row, error)
        return 1

    def _do_errand(self) -> int:
        row = self._claim_errand()
        if row is None:
            return 0
        done = False

        def finish(tx: Transaction) -> None:
            nonlocal done
            done = True
            gone = tx.write(self._finish, {"b_id": row.id, "b_version": row.version}).first()
            if gone is None:
                self._set(tx, row.id, claimed_until=None)

        errand = Errand(row.kind, row.subject, row.due_at, row.facts, row.tries, finish)
        try:
            with trace.joined(""):
                self._service.errands[row.kind](errand, self._context)
            if not done:
                with self._database.transaction() as tx:
                    finish(tx)
        except Unavailable as error:
            logger.warning("errand %s waits: %s", row.kind, describe(error))
            with self._database.transaction() as tx:
                pause = min(timedelta(seconds=2**row.waits), timedelta(minutes=5))
                self._set(
                    tx,
                    row.id,
                    claimed_until=None,
                    due_at=tx.now + pause,
                    waits=min(row.waits + 1, 10),
                    error=describe(error),
                )
        except Exception as error:
            logger.exception("errand %s failed", row.kind)
            self._failed(row, error)
        return 1

    def _claim_errand(self) -> Any:
        with self._database.transaction() as tx:
            now, until = tx.now, tx.now + CLAIM
            if not self._database.is_sqlite:
                row = tx.execute(self._take_errand, {"now": now, "until": until}).first()
                self.has_more = row is not None and row.others > 1
                return row
            rows = tx.execute(self._due_errand.limit(2), {"now": now}).all()
            self.has_more = len(rows) > 1
            if rows:
                tx.execute(self._hold, {"b_id": rows[0].id, "until": until})
        return rows[0] if rows else None

    def _failed(self, row: Any, error: Exception) -> None:
        with self._database.transaction() as tx:
            self._set(
                tx,
                row.id,
                claimed_until=None,
                tries=row.tries + 1,
                due_at=tx.now + timedelta(seconds=2**row.tries),
                stuck=row.tries + 1 >= TRIES,
                error=describe(error),
            )

    def _set(self, tx: Transaction, id: int, **values: object) -> None:
        tx.execute(sa.update(self._timers).where(self._timers.c.id == id).values(**values))

    def stuck(self) -> list[Mapping[str, object]]:
        """Work that failed too often and waits for a person: `id`, `kind`, `subject`, `error`."""
        table = self._timers
        with self._database.reading() as connection:
            rows = connection.execute(
                sa.select(table.c.id, table.c.kind, table.c.subject, table.c.error).where(table.c.stuck.is_(True))
            )
            return [dict(row._mapping) for row in rows]
