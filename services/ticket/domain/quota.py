"""The capacity that one or more admission types share. It is never oversold: `taken` never passes `capacity`."""

from __future__ import annotations

from dataclasses import dataclass

from services.ticket.domain.errors import NotEnoughLeft, SoldOut
from shared.errors import Conflict, Corrupt, InvalidInput
from shared.events import Event
from shared.events.ticketing import QuotaChanged


@dataclass(slots=True)
class Quota:
    quota_id: str
    conference_id: str
    name: str
    capacity: int
    admission_types: tuple[str, ...]
    taken: int = 0

    @property
    def left(self) -> int:
        return self.capacity - self.taken

    def check(self, count: int) -> None:
        """Raises `SoldOut` when nothing is left, `NotEnoughLeft` when less than `count` is."""
        if count <= self.left:
            return
        if self.left == 0:
            raise SoldOut("Sold out. Some tickets may come back when others do not pay.", left=0)
        raise NotEnoughLeft(
            f"Only {self.left} left: take fewer.", left=self.left, price=None, next_price=None, admission_type=None
        )

    def take(self, count: int) -> None:
        """Set capacity aside; refusals as in `check`."""
        self.check(count)
        self.taken += count

    def give_back(self, count: int) -> None:
        if count > self.taken:
            raise Corrupt(f"{self.name} would give back more than it gave.", quota_id=self.quota_id)
        self.taken -= count

    def resize(self, capacity: int) -> list[Event]:
        """A new capacity; not below what is sold or held."""
        if capacity < 1:
            raise InvalidInput("A capacity is at least 1.")
        if capacity < self.taken:
            raise Conflict(f"{self.taken} are sold or held already: the capacity cannot be less.", taken=self.taken)
        if capacity == self.capacity:
            return []
        old, self.capacity = self.capacity, capacity
        return [
            QuotaChanged(
                conference_id=self.conference_id,
                quota_id=self.quota_id,
                name=self.name,
                capacity=capacity,
                old_capacity=old,
            )
        ]
