"""Money movements as double entry: a posting is two rows that sum to zero, so the ledger does too.

`order` is what the buyer owes us (its balance is the sum of its rows), `sales` what was sold, `stripe` what Stripe holds for
us, `bank` what came to our account. `charge` and `refund` belong to a payment, `sale` and `reversal` to the order, `transfer` and
`payback` to a bank transfer and its return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import InvalidInput
from shared.money import Money

Account = Literal["order", "sales", "stripe", "bank"]
Kind = Literal["sale", "charge", "refund", "reversal", "transfer", "payback"]

SIDES: dict[Kind, tuple[Account, Account]] = {
    "sale": ("order", "sales"),
    "charge": ("stripe", "order"),
    "refund": ("order", "stripe"),
    "reversal": ("sales", "order"),
    "transfer": ("bank", "order"),
    "payback": ("order", "bank"),
}
"""Which account grows and which shrinks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: `amount` is signed. `payment_id` is empty for a sale and its reversal."""

    posting_id: str
    kind: Kind
    account: Account
    conference_id: str
    order_id: str
    payment_id: str
    amount: Money
    booked_at: datetime


def post(
    kind: Kind,
    posting_id: str,
    conference_id: str,
    order_id: str,
    amount: Money,
    booked_at: datetime,
    payment_id: str = "",
) -> tuple[Entry, Entry]:
    """The two rows of a posting of a positive amount."""
    if amount.amount <= 0:
        raise InvalidInput("Only a positive amount is posted: the kind says which way it goes.")
    grows, shrinks = SIDES[kind]

    def row(account: Account, signed: Money) -> Entry:
        return Entry(posting_id, kind, account, conference_id, order_id, payment_id, signed, booked_at)

    return row(grows, amount), row(shrinks, -amount)
