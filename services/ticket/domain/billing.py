"""Whom a document is made out to: a company, or a person who asks for an invoice. It stays when the people are forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.errors import InvalidInput
from shared.money import Money

SMALL_AMOUNT = 25_000
"""Up to this gross sum in euro cents an invoice needs no address (UStDV 33)."""
MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class Billing:
    """`company` is empty for a person. The VAT id is printed and changes no tax: what is sold is admission in presence."""

    company: str = ""
    address: tuple[str, ...] = field(default=())
    postcode: str = ""
    city: str = ""
    country: str = ""
    vat_id: str = ""
    purchase_order: str = ""
    wants_invoice: bool = False

    @property
    def is_company(self) -> bool:
        return bool(self.company)

    @property
    def has_address(self) -> bool:
        return bool(self.address and self.city and self.country)

    @property
    def is_asked_for(self) -> bool:
        """Whether an invoice goes out: to companies, and to who asks."""
        return self.is_company or self.wants_invoice

    def can_be_billed(self, total: Money) -> bool:
        """Whether an invoice can be written: of more than a small amount it needs a full address."""
        return self.has_address or not total or (total.currency == "EUR" and total.amount <= SMALL_AMOUNT)

    def check(self, total: Money, is_transfer: bool) -> None:
        """Raises `InvalidInput` where an invoice is wanted that could not be written.

        A company that pays by card may add its address later; one that pays by transfer pays from the invoice.
        """
        errors: dict[str, list[str]] = {}
        if len(self.address) > MOST_LINES:
            errors["address"] = ["At most three lines above the city."]
        if (self.wants_invoice or (self.is_company and is_transfer)) and not self.can_be_billed(total):
            for name, value in (("address", self.address), ("city", self.city), ("country", self.country)):
                if not value:
                    errors.setdefault(name, ["An invoice of more than EUR 250 needs this."])
        if errors:
            raise InvalidInput("The invoice needs a full address.", errors=errors)
