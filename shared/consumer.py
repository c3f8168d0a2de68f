"""The consumer of a service: polls the log, hands what came to the inbox in one transaction, and parks what cannot be taken."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from shared import trace, wire
from shared.database import Database
from shared.errors import Corrupt, Unavailable
from shared.inbox import Inbox, Key, Moved
from shared.log import Log, LogConsumer, Record, TopicPartition
from shared.service import Service

TRIES = 3
MOST_HELD = 500
logger = logging.getLogger(__name__)


class Consumer:
    """One member of the service's group. It belongs to one thread.

    `holds_back`, in seconds: so long may messages that the service only counts wait for one that it handles, to share its
    transaction. Most of a busy topic concerns any one service in nothing but its numbers.
    """

    def __init__(self, service: Service, database: Database, log: Log) -> None:
        self.inbox = Inbox(service, database)
        self._service = service
        self._database = database
        self._log = log
        self._member: LogConsumer | None = None
        self._expected: dict[TopicPartition, int] = {}
        self._waiting: set[Key] = set()
        self.holds_back = 0.0
        self._held: list[Record] = []
        self._held_since = 0.0
        self._handled = frozenset(service.projections) | frozenset(service.reactions)

    def step(self, timeout: float = 0.0) -> int:
        """Take what one poll brings; returns how many messages. Raises `Unavailable`, after which the same come again."""
        if self._member is None:
            self._member = self._log.consumer(self._service.name, self._service.consumes, self._assigned)
        member = self._member
        arrived = member.poll(timeout)
        records = [*self._held, *arrived]
        if not records or self._may_wait(arrived, len(records)):
            self._held = records
            return self._resume()
        self._held = []
        try:
            self._take(records)
        except Moved as moved:
            logger.warning("another consumer took over: %s", moved)
            member.rejoin()
            return 0
        except Unavailable:
            self._back_to_expected(member)
            raise
        member.report({place: self._expected[place] for place in {record.place for record in records}})
        self._resume()
        return len(records)

    @property
    def is_holding(self) -> bool:
        """Whether it holds messages back, which nobody waits for."""
        return bool(self._held)

    def close(self) -> None:
        self._held = []
        if self._member is not None:
            self._member.close()
            self._member = None

    def _may_wait(self, arrived: list[Record], held: int) -> bool:
        """Whether nothing of this is anybody's business yet."""
        if not self.holds_back or held >= MOST_HELD:
            return False
        if not self._held:
            self._held_since = time.monotonic()
        is_over = time.monotonic() - self._held_since >= self.holds_back
        return not is_over and not any(self._is_handled(record) for record in arrived)

    def _is_handled(self, record: Record) -> bool:
        try:
            return type(wire.decode(record.topic, record.value).event) in self._handled
        except Corrupt:
            return True

    def _assigned(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        self._held = []  # they come again, from the positions that are asked for now
        positions = dict(self.inbox.positions(places))
        self._expected.update(positions)
        return positions

    def _back_to_expected(self, member: LogConsumer) -> None:
        member.seek(dict(self._expected))

    def _take(self, records: list[Record]) -> None:
        try:
            self._take_together(records)
        except (Unavailable, Moved):
            raise
        except Exception as error:
            logger.warning("a batch of %d failed (%s): taking them one by one", len(records), type(error).__name__)
            for record in records:
                self._take_alone(record)

    def _take_together(self, records: list[Record]) -> None:
        with self._database.transaction() as tx:
            waiting = self.inbox.take(records, self._expected, tx)
        self._advance(records)
        self._waiting |= waiting

    def _take_alone(self, record: Record) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._take_together([record])
                return
            except (Unavailable, Moved):
                raise
            except Exception as error:
                if attempt == TRIES:
                    logger.exception("parked a message of %s with its key", record.topic)
                    with self._database.transaction() as tx:
                        self.inbox.park(record, self._expected, error, tx)
                    self._advance([record])

    def _advance(self, records: list[Record]) -> None:
        for record in records:
            self._expected[record.place] = record.offset + 1

    def _resume(self) -> int:
        resumed = 0
        while self._waiting:
            resumed += drain(self.inbox, self._database, self._waiting.pop())
        return resumed


def drain(inbox: Inbox, database: Database, key: Key, *, by_hand: bool = False) -> int:
    """Take the parked messages of a key whose turn has come, one transaction each; returns how many.

    With `by_hand` the first one is tried although it failed before, and its error is raised.
    """
    taken = 0
    while True:
        try:
            with database.transaction() as tx, trace.joined(""):
                if not inbox.resume(key, tx, by_hand=by_hand and taken == 0):
                    return taken
        except Unavailable:
            raise
        except Exception as error:
            with database.transaction() as tx:
                inbox.note_failure(key, error, tx)
            if by_hand and taken == 0:
                raise
            return taken
        taken += 1
