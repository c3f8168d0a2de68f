"""Vouchers: lots of codes that admit for nothing, for less, or at all. A sponsor's come by package, a partner's as a raffle.

    free     the admission costs nothing and is of no tier
    percent  so much off the price that is open now; it counts against the tier
    fixed    a price of its own, of no tier
    unlock   the price that is open now, of a type that others cannot choose or that is sold out for them

A lot that `reserves` has its unused admissions taken out of the quotas (and, where it keeps the price of a tier, out of that
tier) as long as it stands: nobody else is sold them. Then what is left of it goes back, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.ticket.domain.errors import VoucherExpired, VoucherUnknown, VoucherUsedUp
from shared.errors import Corrupt, InvalidInput
from shared.events import Event
from shared.events.ticketing import VoucherIssued, VoucherRedeemed, VoucherReleased
from shared.money import Money

UNKNOWN: Final = "We do not know this voucher code. Please check it."
"""The one sentence for a code that never was, is another conference's, or was revoked: guessing learns nothing."""
CODE_LENGTH: Final = 12
MOST_CODES: Final = 1000
MOST_USES: Final = 1000


class Kind(StrEnum):
    FREE = "free"
    PERCENT = "percent"
    FIXED = "fixed"
    UNLOCK = "unlock"


class Purpose(StrEnum):
    """Why a lot was made: what staff see on which page, and what a use of it means."""

    LOT = ""
    INVITATION = "invitation"
    OFFER = "offer"


@dataclass(slots=True)
class VoucherLot:
    """`count` admissions of one type that belong together. `value` is percent off, or a price in minor units.

    `tier_id` keeps the price of a tier, whatever opens meanwhile: for the offers of a waiting list.
    """

    lot_id: str
    conference_id: str
    admission_type: str
    count: int
    note: str = ""
    sponsorship_id: str = ""
    benefit_id: str = ""
    revoked_at: datetime | None = None
    kind: Kind = Kind.FREE
    value: int = 0
    reserves: bool = False
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    purpose: Purpose = Purpose.LOT
    tier_id: str = ""

    def check(self) -> None:
        """Raises `InvalidInput` with what is wrong at `value`."""
        if self.kind is Kind.PERCENT and not 1 <= self.value <= 99:
            sentence = "A percentage is between 1 and 99: make a free voucher for all of it."
            raise InvalidInput(sentence, errors={"value": [sentence]})
        if self.kind is Kind.FIXED and self.value < 1:
            sentence = "A price is more than nothing: make a free voucher else."
            raise InvalidInput(sentence, errors={"value": [sentence]})

    @property
    def needs_tier(self) -> bool:
        """Whether what it admits is sold by the tier that is open when it is used."""
        return self.kind in (Kind.PERCENT, Kind.UNLOCK)

    @property
    def keeps(self) -> bool:
        """Whether what is unused of it is out of the shared quota now."""
        return self.reserves and self.revoked_at is None and self.ended_at is None

    def is_over(self, now: datetime) -> bool:
        return self.ended_at is not None or (self.expires_at is not None and self.expires_at <= now)

    def price(self, open_price: Money | None, currency: str) -> Money:
        """What an admission costs with it. `open_price`: that of the open tier, for kinds that need one."""
        match self.kind:
            case Kind.FREE:
                return Money(0, currency)
            case Kind.FIXED:
                return Money(self.value, currency)
        if open_price is None:
            raise Corrupt("A voucher without a price of its own needs the tier that is open.", lot_id=self.lot_id)
        return open_price.percent((100 - self.value) * 100) if self.kind is Kind.PERCENT else open_price

    def issued(self) -> list[Event]:
        return [
            VoucherIssued(
                conference_id=self.conference_id,
                lot_id=self.lot_id,
                admission_type=self.admission_type,
                count=self.count,
                sponsorship_id=self.sponsorship_id,
                benefit_id=self.benefit_id,
            )
        ]


@dataclass(slots=True)
class Voucher:
    """One code of a lot: `uses` admissions, `used` of them gone. The code is a secret and never on a topic."""

    code: str
    lot: VoucherLot
    uses: int = 1
    used: int = 0
    revoked_at: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        return self.lot.revoked_at is not None or self.revoked_at is not None

    @property
    def keeps(self) -> bool:
        """Whether what is unused of this code is out of the shared quota now."""
        return self.lot.keeps and self.revoked_at is None

    @property
    def left(self) -> int:
        return self.uses - self.used

    def check(self, now: datetime | None) -> None:
        """Raises `VoucherUnknown` where it is revoked, `VoucherExpired` where it is over at `now`, else `VoucherUsedUp`.

        A late payment passes no `now`: it was in time when it was ordered.
        """
        if self.is_revoked:
            raise VoucherUnknown(UNKNOWN, errors={"voucher": [UNKNOWN]})
        if now is not None and self.lot.is_over(now):
            sentence = "This voucher code has expired."
            raise VoucherExpired(sentence, errors={"voucher": [sentence]})
        if self.left <= 0:
            sentence = "This voucher code has been used already."
            raise VoucherUsedUp(sentence, errors={"voucher": [sentence]})

    def redeem(self, order_id: str, wanted: int, now: datetime | None) -> tuple[int, list[Event]]:
        """Use it for up to `wanted` admissions: how many it covers. Raises as `check`."""
        self.check(now)
        covered = min(wanted, self.left)
        self.used += covered
        return covered, [self._event(VoucherRedeemed, order_id, covered)]

    def release(self, order_id: str, count: int) -> list[Event]:
        """The order that used it ended."""
        if count > self.used:
            raise Corrupt("A voucher would be released more often than it was used.", lot_id=self.lot.lot_id)
        self.used -= count
        return [self._event(VoucherReleased, order_id, count)] if count else []

    def _event(self, cls: type[VoucherRedeemed] | type[VoucherReleased], order_id: str, count: int) -> Event:
        return cls(conference_id=self.lot.conference_id, lot_id=self.lot.lot_id, order_id=order_id, count=count)


def covered_seats(types: list[str], voucher: Voucher | None) -> frozenset[int]:
    """Which attendees, by position, a voucher is for: the first ones of its type, as many as are left on it."""
    if voucher is None:
        return frozenset()
    fitting = [position for position, each in enumerate(types) if each == voucher.lot.admission_type]
    return frozenset(fitting[: max(0, voucher.left)])


def prices_of(
    types: list[str], open_prices: Mapping[str, Money | None], voucher: Voucher | None, currency: str
) -> list[Money]:
    """What attendees of these types cost: by the voucher where it covers them, else by the tier that is open, else nothing."""
    covered = covered_seats(types, voucher)
    prices = []
    for position, code in enumerate(types):
        price = open_prices.get(code)
        if voucher is not None and position in covered and (price is not None or not voucher.lot.needs_tier):
            price = voucher.lot.price(price, currency)
        prices.append(price or Money(0, currency))
    return prices


def tidy_code(text: str) -> str:
    """A code as it is stored, however a person typed it."""
    return "".join(character for character in text.upper() if character.isalnum())


def spell_code(code: str) -> str:
    """A code as it is printed: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
