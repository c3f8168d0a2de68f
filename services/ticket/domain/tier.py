"""The ladder of an admission type: tiers that follow one another, one-way, by date, by cap or by both.

Which tier is open is a function of (ladder, taken, now). `advance` writes down what that function says, once, and tells it.
`taken` counts what is held, placed and paid; a lapse lowers it, and a closed tier stays closed all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.ticket.domain.errors import NotEnoughLeft, NotOnSale, SoldOut, money_fact
from services.ticket.domain.local_time import days_earlier
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import Event
from shared.events.ticketing import ClosedBy, TierChanged, TierClosed, TierEndingSoon, TierFact, TierOpened
from shared.money import Money

DAYS_BEFORE = (7, 2)
"""A tier's end is announced so many days before it ..."""
CAP_SHARE = 80
"""... and when this share of its cap, in percent, is taken."""
AT_CAP = "cap"


@dataclass(slots=True)
class Tier:
    """A price with a window and, optionally, a cap. `opened_at` and `closed_at` are what happened, `ends_at` what is planned.

    `starts_at` binds the first tier only (sales begin); each other one begins when the one before it is over.
    """

    tier_id: str
    admission_type: str
    name_en: str
    name_de: str
    price: Money
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    cap: int | None = None
    taken: int = 0
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: ClosedBy | None = None
    warned: set[str] = field(default_factory=set)

    @property
    def left(self) -> int | None:
        """How many can be had at this price; None means that only quotas limit it."""
        return None if self.cap is None else max(0, self.cap - self.taken)

    def is_over(self, now: datetime) -> bool:
        return self.closed_at is not None or self.left == 0 or (self.ends_at is not None and self.ends_at <= now)

    def fact(self) -> TierFact:
        return TierFact(
            self.tier_id,
            self.admission_type,
            self.name_en,
            self.name_de,
            self.price,
            self.starts_at,
            self.ends_at,
            self.cap,
        )


@dataclass(slots=True)
class Ladder:
    """The tiers of one admission type, in order."""

    conference_id: str
    admission_type: str
    tiers: list[Tier]

    def open_tier(self, now: datetime) -> Tier | None:
        """The tier that sells at `now`. Changes nothing, and does not care whether a timer has run."""
        for index, tier in enumerate(self.tiers):
            if tier.is_over(now):
                continue
            begun = index > 0 or tier.starts_at is None or tier.starts_at <= now
            return tier if begun else None
        return None

    def next_after(self, tier: Tier) -> Tier | None:
        index = self.tiers.index(tier) + 1
        return self.tiers[index] if index < len(self.tiers) else None

    def find(self, tier_id: str) -> Tier:
        for tier in self.tiers:
            if tier.tier_id == tier_id:
                return tier
        raise NotFound(f"There is no tier {tier_id} in this ladder.")

    def opens_at(self) -> datetime | None:
        """When sales of this type begin; None if they may begin at once."""
        return self.tiers[0].starts_at if self.tiers else None

    def advance(self, now: datetime) -> list[Event]:
        """Open and close what is due at `now`. A late caller changes nothing: a tier closed at its end, the next opened then."""
        return list(self._steps(now))

    def _steps(self, now: datetime) -> Iterator[Event]:
        before: datetime | None = None
        for index, tier in enumerate(self.tiers):
            if tier.closed_at is None:
                if tier.opened_at is None:
                    begins = (tier.starts_at or now) if index == 0 else before
                    if begins is None or begins > now:
                        return
                    tier.opened_at = begins
                    yield self._opened(tier, begins)
                if not tier.is_over(now):
                    return
                by_date = tier.ends_at is not None and tier.ends_at <= now
                closed_at = tier.ends_at if by_date and tier.ends_at else now
                yield self._close(tier, "date" if by_date else "cap", max(closed_at, tier.opened_at))
            before = tier.closed_at

    def take(self, count: int, now: datetime) -> tuple[Tier, list[Event]]:
        """Set `count` aside at the price that is open now. Reaching the cap closes the tier on the spot.

        Raises `NotOnSale`, and `NotEnoughLeft` when the tier has fewer left: an order is never split over two prices.
        """
        tier = self.offer(count, now)
        events = self.advance(now)
        tier.taken += count
        if (
            tier.cap is not None
            and tier.left
            and tier.taken * 100 >= tier.cap * CAP_SHARE
            and AT_CAP not in tier.warned
        ):
            tier.warned.add(AT_CAP)
            events.append(self._ending_soon(tier, None))
        return tier, events + self.advance(now)

    def offer(self, count: int, now: datetime) -> Tier:
        """The tier that would sell `count` now; the same refusals as `take`, and nothing changed."""
        tier = self.open_tier(now)
        if tier is None and self.tiers and self.tiers[-1].left == 0:
            raise SoldOut("Sold out. Some tickets may come back when others do not pay.", left=0)
        if tier is None:
            opens_at = self.opens_at()
            soon = opens_at is not None and opens_at > now
            raise NotOnSale(
                "Sales have not begun yet." if soon else "This ticket is not on sale any more.",
                admission_type=self.admission_type,
                opens_at=opens_at.isoformat() if soon and opens_at else None,
            )
        if tier.left is not None and tier.left < count:
            following = self.next_after(tier)
            raise NotEnoughLeft(
                f"Only {tier.left} left at this price: take fewer, or all of them at the next price.",
                admission_type=self.admission_type,
                left=tier.left,
                price=money_fact(tier.price),
                next_price=money_fact(following.price if following else None),
            )
        return tier

    def take_late(self, tier_id: str, count: int, now: datetime) -> list[Event]:
        """A payment came after its hold lapsed: counted at the price it was sold for, whether that tier is open or not."""
        self.find(tier_id).taken += count
        return self.advance(now)

    def give_back(self, tier_id: str, count: int) -> None:
        """A lapse or a cancellation. An open tier can sell them again, a closed one stays closed."""
        tier = self.find(tier_id)
        tier.taken -= count

    def announce(self, tier_id: str, days: int, zone: str, now: datetime) -> list[Event]:
        """Say that the open tier ends in `days`, once; nothing if it is not the open one or its end has moved on."""
        tier = self.find(tier_id)
        if self.open_tier(now) is not tier or tier.ends_at is None or str(days) in tier.warned:
            return []
        if now < days_earlier(tier.ends_at, days, zone):
            return []
        tier.warned.add(str(days))
        return [self._ending_soon(tier, days)]

    def move_end(self, tier_id: str, new_ends_at: datetime, reason: str, now: datetime) -> list[Event]:
        """Move the end of the open tier, with a reason; the next tier begins when it ends.

        Raises `Conflict` for a tier that is not open, `InvalidInput` for an end that is past or beyond the next tier's.
        """
        tier = self.find(tier_id)
        if self.open_tier(now) is not tier:
            raise Conflict("Only the end of the tier that is open can move: a closed tier never opens again.")
        if not reason.strip():
            raise InvalidInput("Say why the end moves: whoever was told the old date is told the new one.")
        if new_ends_at <= now:
            raise InvalidInput("The new end is in the past.")
        following = self.next_after(tier)
        if following and following.ends_at and following.ends_at <= new_ends_at:
            raise InvalidInput("The new end is not before the end of the next tier.")
        events = self.advance(now)
        old, tier.ends_at = tier.ends_at, new_ends_at
        if following:
            following.starts_at = new_ends_at
        tier.warned -= {str(days) for days in DAYS_BEFORE}
        changed = TierChanged(
            conference_id=self.conference_id,
            tier_id=tier_id,
            admission_type=self.admission_type,
            old_ends_at=old,
            new_ends_at=new_ends_at,
            reason=reason.strip(),
        )
        return [*events, changed]

    def due(self, zone: str, now: datetime) -> Iterator[tuple[str, str, datetime]]:
        """What a timer has to wake us for: (what, tier id, when), what being 'turn' (it begins or ends), '7' or '2' (days left)."""
        tier = self.open_tier(now)
        if tier is None:
            opens_at = self.opens_at()
            if opens_at and opens_at > now:
                yield "turn", self.tiers[0].tier_id, opens_at
            return
        if tier.ends_at is None:
            return
        yield "turn", tier.tier_id, tier.ends_at
        for days in DAYS_BEFORE:
            warn_at = days_earlier(tier.ends_at, days, zone)
            if warn_at > now and str(days) not in tier.warned:
                yield str(days), tier.tier_id, warn_at

    def _opened(self, tier: Tier, opened_at: datetime) -> TierOpened:
        return TierOpened(
            conference_id=self.conference_id,
            tier_id=tier.tier_id,
            admission_type=self.admission_type,
            name=tier.name_en,
            price=tier.price,
            opened_at=opened_at,
            ends_at=tier.ends_at,
            cap=tier.cap,
        )

    def _close(self, tier: Tier, reason: ClosedBy, closed_at: datetime) -> TierClosed:
        tier.closed_at, tier.closed_by = closed_at, reason
        following = self.next_after(tier)
        return TierClosed(
            conference_id=self.conference_id,
            tier_id=tier.tier_id,
            admission_type=self.admission_type,
            name=tier.name_en,
            price=tier.price,
            reason=reason,
            closed_at=closed_at,
            taken=tier.taken,
            next_tier_id=following.tier_id if following else None,
            next_price=following.price if following else None,
        )

    def _ending_soon(self, tier: Tier, days: int | None) -> TierEndingSoon:
        following = self.next_after(tier)
        return TierEndingSoon(
            conference_id=self.conference_id,
            tier_id=tier.tier_id,
            admission_type=self.admission_type,
            name=tier.name_en,
            price=tier.price,
            ends_at=tier.ends_at,
            days_before=days,
            taken=tier.taken,
            next_tier_id=following.tier_id if following else None,
            next_price=following.price if following else None,
        )


def opening_of(ladders: Sequence[Ladder], now: datetime) -> datetime | None:
    """When the first of these sales begins; None once one has, or where one waits for no date."""
    if any(tier.opened_at or tier.closed_at for ladder in ladders for tier in ladder.tiers):
        return None
    starts = [ladder.tiers[0].starts_at for ladder in ladders if ladder.tiers]
    coming = [each for each in starts if each is not None and each > now]
    return min(coming) if coming and len(coming) == len(starts) else None


def check_ladder(tiers: Sequence[Tier]) -> None:
    """Raises `InvalidInput` for tiers that overlap, leave a gap, or cannot be told apart in time."""
    for tier in tiers:
        if tier.price.amount < 0:
            raise InvalidInput(f"{tier.name_en}: a price cannot be negative.")
        if tier.cap is not None and tier.cap < 1:
            raise InvalidInput(f"{tier.name_en}: a cap is at least 1; leave it empty for none.")
        if tier.starts_at and tier.ends_at and tier.ends_at <= tier.starts_at:
            raise InvalidInput(f"{tier.name_en}: it ends before it starts.")
    for before, after in zip(tiers, tiers[1:], strict=False):
        if before.ends_at is None and before.cap is None:
            raise InvalidInput(f"{before.name_en} has neither an end nor a cap: {after.name_en} would never open.")
        if before.ends_at and after.ends_at and after.ends_at <= before.ends_at:
            raise InvalidInput(f"{after.name_en} ends before {before.name_en} does.")
        if before.ends_at is None and after.starts_at is not None:
            raise InvalidInput(f"{after.name_en} begins when {before.name_en} is sold out: leave its start empty.")
        if after.starts_at is not None and after.starts_at != before.ends_at:
            raise InvalidInput(f"{after.name_en} does not start when {before.name_en} ends.")
