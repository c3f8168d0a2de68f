"""VAT in gross prices: once per document and rate, so that whole-euro prices can always be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.events.ticketing import VatAmount
from shared.money import Money


def vat_of(lines: Iterable[tuple[int, Money]]) -> tuple[VatAmount, ...]:
    """From (rate in hundredths of a percent, gross amount) to one amount per rate, by rate; rates without money are left out."""
    gross: dict[int, Money] = {}
    for rate, amount in lines:
        gross[rate] = gross[rate] + amount if rate in gross else amount
    result = []
    for rate, amount in sorted(gross.items()):
        if amount:
            vat = amount.vat_included(rate)
            result.append(VatAmount(rate, amount - vat, vat))
    return tuple(result)


def vat_in_part(lines: Sequence[tuple[int, Money]], part: Money) -> tuple[VatAmount, ...]:
    """The VAT in a part of what these lines come to, shared out over their rates; cents that are over go to the largest."""
    gross: dict[int, int] = {}
    for rate, amount in lines:
        gross[rate] = gross.get(rate, 0) + amount.amount
    whole = sum(gross.values())
    if not whole:
        return ()
    shares = {rate: part.amount * amount // whole for rate, amount in gross.items()}
    shares[max(gross, key=lambda rate: (gross[rate], rate))] += part.amount - sum(shares.values())
    return vat_of((rate, Money(share, part.currency)) for rate, share in shares.items())
