"""What is still to happen in a rehearsal, by the clock. Appointments at the same instant keep the order in which they were made."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from infra.rehearsal.stage import Stage

Act = Callable[[], None]


@dataclass
class Agenda:
    """Acts may make further appointments, also for this very instant."""

    stage: Stage
    _waiting: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _made: int = 0

    def at(self, instant: datetime, act: Act) -> None:
        """`act` happens then, or as soon as the agenda is played if that is over."""
        self._made += 1
        heapq.heappush(self._waiting, (instant, self._made, act))

    def play(self, until: datetime) -> None:
        """Do everything before `until` in its turn; what timers have to do in between is done in between. Ends at `until`."""
        while self._waiting and self._waiting[0][0] < until:
            instant, _, act = heapq.heappop(self._waiting)
            self.stage.advance_to(instant)
            act()
        self.stage.advance_to(until)
