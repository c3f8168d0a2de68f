"""The waiting list of an admission type, never of a tier: in order, one offer each, at the price of the tier that is open then.

waiting ----> offered ----> accepted     offered: a place and its price are kept until `offer_expires_at`
waiting ----> left         (they took themselves off the list)
offered ----> lapsed       (nobody took it in time: it passes on)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.ticket.domain.errors import NotEnoughLeft, NotOnSale, SoldOut
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder, Tier
from shared.errors import Conflict
from shared.events import Event
from shared.events.ticketing import WaitlistJoined, WaitlistOffered, WaitlistOfferLapsed
from shared.money import Money

ACCEPT_WITHIN: Final = timedelta(hours=48)
"""How long an offer stands; never beyond the doors."""


class Waiting(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"
    LEFT = "left"


@dataclass(slots=True)
class Entry:
    """Somebody in the line. Its id grows with the time of joining, which is the order; `lot_id` is the voucher of its offer."""

    entry_id: str
    waitlist_id: str
    conference_id: str
    admission_type: str
    person: str
    joined_at: datetime
    state: Waiting = Waiting.WAITING
    lot_id: str = ""
    offer_expires_at: datetime | None = None
    ended_at: datetime | None = None

    def join(self) -> list[Event]:
        return [
            WaitlistJoined(
                conference_id=self.conference_id,
                waitlist_id=self.waitlist_id,
                admission_type=self.admission_type,
                entry_id=self.entry_id,
                person=f"ticket:{self.person}",
            )
        ]

    def offer(self, lot_id: str, price: Money, until: datetime) -> list[Event]:
        """Their turn. Raises `Conflict` for who does not wait any more."""
        if self.state is not Waiting.WAITING:
            raise Conflict("They are not waiting any more.", status=str(self.state))
        self.state, self.lot_id, self.offer_expires_at = Waiting.OFFERED, lot_id, until
        return [
            WaitlistOffered(
                conference_id=self.conference_id,
                waitlist_id=self.waitlist_id,
                admission_type=self.admission_type,
                entry_id=self.entry_id,
                person=f"ticket:{self.person}",
                offer_expires_at=until,
                price=price,
            )
        ]

    def end_offer(self, was_used: bool, now: datetime) -> list[Event]:
        """The time to accept is over: they ordered, or it passes on."""
        if self.state is not Waiting.OFFERED:
            return []
        self.state, self.ended_at = (Waiting.ACCEPTED if was_used else Waiting.LAPSED), now
        return [] if was_used else self._lapsed()

    def leave(self, now: datetime) -> list[Event]:
        """They took themselves off the list; an offer that they had passes on."""
        if self.state not in (Waiting.WAITING, Waiting.OFFERED):
            raise Conflict("This place in the line is over already.", status=str(self.state))
        self.state, self.ended_at = Waiting.LEFT, now
        return self._lapsed()

    def _lapsed(self) -> list[Event]:
        return [
            WaitlistOfferLapsed(
                conference_id=self.conference_id,
                waitlist_id=self.waitlist_id,
                admission_type=self.admission_type,
                entry_id=self.entry_id,
            )
        ]


def offer_until(doors_at: datetime, now: datetime) -> datetime | None:
    """Until when an offer made now stands; None when it is too late for one."""
    return min(now + ACCEPT_WITHIN, doors_at) if now < doors_at else None


def check_free(admission_type: str, ladders: Mapping[str, Ladder], quotas: Iterable[Quota], now: datetime) -> Tier:
    """The tier that would sell one more. Raises `SoldOut` or `NotOnSale`."""
    for quota in quotas:
        if admission_type in quota.admission_types:
            quota.check(1)
    if admission_type not in ladders:
        raise NotOnSale("This ticket is not on sale.", admission_type=admission_type, opens_at=None)
    return ladders[admission_type].offer(1, now)


def next_in_line(
    line: Sequence[Entry], ladders: Mapping[str, Ladder], quotas: Sequence[Quota], now: datetime
) -> Iterator[Entry]:
    """Who can be made an offer, in order, as long as something is free: take it before asking for the next one.

    Who waits for a type of which nothing is free keeps nobody of another type waiting, and nobody of their own type passes them.
    """
    blocked: set[str] = set()
    for entry in line:
        if entry.state is not Waiting.WAITING or entry.admission_type in blocked:
            continue
        try:
            check_free(entry.admission_type, ladders, quotas, now)
        except (SoldOut, NotEnoughLeft, NotOnSale):
            blocked.add(entry.admission_type)
        else:
            yield entry


def is_sold_out(admission_type: str, ladders: Mapping[str, Ladder], quotas: Sequence[Quota], now: datetime) -> bool:
    """Whether one can only wait for this type: nothing is left of it, and its sales have begun."""
    ladder = ladders.get(admission_type)
    if ladder is None:
        return False
    if any(quota.left <= 0 for quota in quotas if admission_type in quota.admission_types):
        return ladder.opens_at() is None or (ladder.opens_at() or now) <= now
    return bool(ladder.tiers) and ladder.open_tier(now) is None and ladder.tiers[-1].left == 0
