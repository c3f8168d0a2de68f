"""Money: integer minor units with a currency. No float ever touches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`amount` in minor units (cents), `currency` as ISO 4217. `Money(19900, "EUR")` is EUR 199.00."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isupper():
            raise InvalidInput(f"{self.currency!r} is no currency: use three capital letters, like EUR.")

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise InvalidInput(f"Cannot add {other.currency} to {self.currency}: convert it first.")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        sign = "-" if self.amount < 0 else ""
        return f"{self.currency} {sign}{abs(self.amount) // 100:,}.{abs(self.amount) % 100:02}"

    def percent(self, basis_points: int) -> Money:
        """A share of it in hundredths of a percent, rounded half up: `percent(1900)` is 19 %."""
        share = (Decimal(self.amount) * basis_points / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
        return Money(int(share), self.currency)

    def vat_included(self, basis_points: int) -> Money:
        """The VAT inside this gross amount at a rate in hundredths of a percent, rounded half up."""
        net = (Decimal(self.amount) * 10_000 / (10_000 + basis_points)).quantize(Decimal(1), ROUND_HALF_UP)
        return Money(self.amount - int(net), self.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts of one currency; zero for none."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
