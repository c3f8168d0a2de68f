"""Paying by bank transfer: until when, under which reference, and what the money that came amounts to.

An order was paid in time if the bank booked it on its last day or before, whenever we hear of that. So it lapses only
when finance has confirmed the bank up to that day, or `GRACE` later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from services.ticket.domain.local_time import at_local, local_day
from shared.errors import Conflict
from shared.money import Money, total

TRANSFER: Final = "transfer"
GRACE: Final = timedelta(days=5)
LAST_MINUTE: Final = time(23, 59)
FEWEST_DAYS: Final = 2
"""A transfer takes a bank's working day: with fewer days than this it is not offered."""
MOST_FORGIVEN: Final = 100
"""In minor units: what banks keep on the way, or a slip of the pen."""
DAYS, COMPANY_DAYS, PAST_TIER_DAYS = 7, 14, 7
_RF: Final = re.compile(r"RF[0-9]{2}([A-Z0-9]{1,21})")


class NoTransfer(Conflict):
    """This cannot be paid by transfer (any more); by card it can."""

    code = "no_transfer"


@dataclass(frozen=True, slots=True)
class PayTerms:
    """How long a transfer may take, as the organiser set it: in days, and days past the end of the tier that was bought."""

    days: int = DAYS
    company_days: int = COMPANY_DAYS
    past_tier_days: int = PAST_TIER_DAYS

    def pay_by(
        self, now: datetime, zone: str, is_company: bool, tier_ends: Iterable[datetime | None], first_day: date
    ) -> datetime:
        """The last minute of the day up to which the bank may book it. Raises `NoTransfer` when that is too soon."""
        today = local_day(now, zone)
        last = today + timedelta(days=self.company_days if is_company else self.days)
        for ends_at in tier_ends:
            if ends_at is not None:
                on_sale = local_day(ends_at - timedelta(minutes=1), zone)
                last = min(last, on_sale + timedelta(days=self.past_tier_days))
        last = min(last, first_day - timedelta(days=1))
        if last < today + timedelta(days=FEWEST_DAYS):
            raise NoTransfer("It is too late for a bank transfer: please pay by card.")
        return at_local(last, LAST_MINUTE, zone)


def lapses_at(pay_by: datetime) -> datetime:
    """When it lapses even if nobody has confirmed the bank."""
    return pay_by + GRACE


def order_reference(text: str) -> str:
    """The order's reference in what stands on a transfer: bare, or inside an ISO 11649 reference."""
    tidy = re.sub(r"[^A-Z0-9]", "", text.upper())
    found = _RF.fullmatch(tidy)
    return found[1] if found else tidy


Sum = Literal["nothing", "part", "full", "more"]


@dataclass(frozen=True, slots=True)
class Received:
    """What has come for an order, against what it costs."""

    came: Money
    price: Money

    @classmethod
    def of(cls, amounts: Sequence[Money], price: Money) -> Received:
        return cls(total(amounts, price.currency), price)

    @property
    def verdict(self) -> Sum:
        if not self.came:
            return "nothing"
        if self.came < self.price:
            return "part"
        return "full" if self.came == self.price else "more"

    @property
    def missing(self) -> Money:
        return max(self.price - self.came, Money(0, self.price.currency))

    @property
    def surplus(self) -> Money:
        return max(self.came - self.price, Money(0, self.price.currency))
