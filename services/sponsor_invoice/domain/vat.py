"""Which VAT a sponsor is charged: where the business sits decides (place of supply B2B, UStG 3a (2)).

A package's price is gross at the rate of the seller's country. Who is not charged that VAT is billed what is left
without it, so the seller's net is the same whoever signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.events.ticketing import VatAmount
from shared.money import Money

Treatment = Literal["taxed", "exempt", "reverse_charge", "not_taxable"]

GERMAN_RATE: Final = 1900
"""In basis points."""

_MEMBERS: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EUROPEAN_UNION: Final = frozenset(_MEMBERS.split(" "))
"""ISO 3166-1 codes, Greece as GR."""


@dataclass(frozen=True, slots=True)
class VatRule:
    """How one sale is taxed. `rate` in basis points, 0 where nothing is charged; `reason` is an exemption's text."""

    treatment: Treatment
    rate: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VatId:
    """A sponsor's VAT id and the day on which the tax office confirmed it; None: nobody asked."""

    number: str = ""
    confirmed_on: date | None = None

    @property
    def is_confirmed(self) -> bool:
        return bool(self.number) and self.confirmed_on is not None


def vat_rule(*, seller_country: str, sponsor_country: str, vat_id: VatId, rate: int, exemption: str = "") -> VatRule:
    """The rule for a business. Without a confirmed VAT id a sponsor elsewhere in the EU is charged the seller's VAT.

    `rate` (basis points) and `exemption` (its text) are the package's own; the exemption is the seller's country's and
    does not reach abroad.
    """
    if sponsor_country != seller_country:
        if sponsor_country not in EUROPEAN_UNION:
            return VatRule("not_taxable")
        if vat_id.is_confirmed:
            return VatRule("reverse_charge")
    return VatRule("exempt", reason=exemption) if exemption else VatRule("taxed", rate)


def charged(price: Money, rate: int, rule: VatRule, exemption: str = "") -> Money:
    """What is billed for a price that is gross at `rate`: the price, or its net where the VAT is not charged here."""
    if exemption or rule.treatment in ("taxed", "exempt"):
        return price
    return price - price.vat_included(rate)


def vat_amount(total: Money, rule: VatRule) -> VatAmount:
    """The VAT inside a billed total."""
    vat = total.vat_included(rule.rate)
    return VatAmount(rate=rule.rate, net=total - vat, vat=vat)
