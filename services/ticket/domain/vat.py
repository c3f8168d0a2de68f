"""VAT in gross prices: once per document and rate, so that whole-euro prices can always be reached."""

from __future__ import annotations

from collections.abc import Iterable

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
