"""Vouchers: lots of codes that admit for nothing. A sponsor's come by package; a code serves as often as it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.ticket.domain.errors import VoucherUnknown, VoucherUsedUp
from shared.errors import Corrupt
from shared.events import Event
from shared.events.ticketing import VoucherIssued, VoucherRedeemed, VoucherReleased


@dataclass(slots=True)
class VoucherLot:
    """`count` admissions of one type that belong together."""

    lot_id: str
    conference_id: str
    admission_type: str
    count: int
    note: str = ""
    sponsorship_id: str = ""
    benefit_id: str = ""
    revoked_at: datetime | None = None

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

    def redeem(self, order_id: str, wanted: int) -> tuple[int, list[Event]]:
        """Use it for up to `wanted` admissions: how many are free. Raises `VoucherUsedUp`; a revoked one is unknown."""
        if self.lot.revoked_at is not None:
            raise VoucherUnknown("We do not know this voucher code. Please check it.")
        free = min(wanted, self.uses - self.used)
        if free <= 0:
            raise VoucherUsedUp("This voucher code has been used already.")
        self.used += free
        return free, [self._event(VoucherRedeemed, order_id, free)]

    def release(self, order_id: str, count: int) -> list[Event]:
        """The order that used it ended."""
        if count > self.used:
            raise Corrupt("A voucher would be released more often than it was used.", lot_id=self.lot.lot_id)
        self.used -= count
        return [self._event(VoucherReleased, order_id, count)] if count else []

    def _event(self, cls: type[VoucherRedeemed] | type[VoucherReleased], order_id: str, count: int) -> Event:
        return cls(conference_id=self.lot.conference_id, lot_id=self.lot.lot_id, order_id=order_id, count=count)


def tidy_code(text: str) -> str:
    """A code as it is stored, however a person typed it."""
    return "".join(character for character in text.upper() if character.isalnum())


def spell_code(code: str) -> str:
    """A code as it is printed: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
