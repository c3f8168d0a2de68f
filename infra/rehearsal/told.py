"""What was said on the topics of a stage, read from the log as any other service could."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from shared import wire
from shared.events import TOPICS, Event
from shared.log import Log
from shared.wire import Envelope

E = TypeVar("E", bound=Event)


class Told:
    """All of it, read once. `count` is the number of events."""

    def __init__(self, log: Log) -> None:
        self._log = log

    @cached_property
    def envelopes(self) -> list[Envelope[Any]]:
        """By time, then by topic, key and number: the same order on every stack."""
        found: list[Envelope[Any]] = []
        for place, end in sorted(self._log.ends(sorted(TOPICS)).items()):
            offset = 0
            while offset < end:
                records = self._log.read(place, offset, 5000, timeout=10.0)
                found += [wire.decode(record.topic, record.value) for record in records]
                offset = records[-1].offset + 1
        return sorted(found, key=lambda envelope: (envelope.time, envelope.topic, envelope.key, envelope.sequence))

    @property
    def count(self) -> int:
        return len(self.envelopes)

    def of(self, *kinds: type[E]) -> list[E]:
        """The events of these classes, in order."""
        return [envelope.event for envelope in self.envelopes if isinstance(envelope.event, kinds)]

    def with_time(self, kinds: Iterable[type[Event]]) -> list[Envelope[Any]]:
        wanted = tuple(kinds)
        return [envelope for envelope in self.envelopes if isinstance(envelope.event, wanted)]
