"""Why an order is refused: each with the facts that a buyer needs to decide what to do next."""

from __future__ import annotations

from shared.errors import Conflict, Gone, InvalidInput
from shared.money import Money


class PriceChanged(Conflict):
    """The price is not the one that was shown. facts: `expected`, `total`."""

    code = "price_changed"


class NotEnoughLeft(Conflict):
    """Some are left at this price, but fewer than asked for. facts: `left`, `price`, `next_price` (or None), `admission_type`."""

    code = "not_enough_left"


class SoldOut(Conflict):
    """Nothing is left, or nothing is left of this type. facts: `left`."""

    code = "sold_out"


class NotOnSale(Conflict):
    """No tier is open: sales have not begun, or are over. facts: `opens_at` (or None), `admission_type`."""

    code = "not_on_sale"


class HoldExpired(Gone):
    """The hold is over and its capacity is free again."""

    code = "hold_expired"


class VoucherUsedUp(Conflict):
    """The code was right, and nothing is left on it."""

    code = "voucher_used_up"


class VoucherExpired(Conflict):
    """The code was right, and its time is over."""

    code = "voucher_expired"


class VoucherUnknown(InvalidInput):
    """There is no such code for this conference."""

    code = "voucher_unknown"


def money_fact(money: Money | None) -> dict[str, object] | None:
    """Money as it stands in a problem's facts."""
    return None if money is None else {"amount": money.amount, "currency": money.currency}
