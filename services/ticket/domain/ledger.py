"""Money movements as double entry: a posting is two rows that sum to zero, so the ledger does too.

order     what the buyer owes us; its balance is the sum of its rows      stripe    what Stripe holds for us
sales     what was sold                                                   bank      what came to, or left, our account
fees      what Stripe keeps                                               disputed  what a bank has taken back for now
surplus   what was paid beyond the price, and is kept                     shortage  what was missing, and is let off

`charge` and `transfer` are money that came, by card and by bank; `refund` and `payback` are money that went back the same way.
`fee` is what Stripe keeps of a movement, `payout` what it sends to our bank; a `refund_failed` came back to us.
A dispute that is won is `dispute_won`; one that is lost gives the buyer's money back by `dispute_lost`, beside a reversal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.errors import InvalidInput
from shared.events.ticketing import VatAmount
from shared.money import Money

Account = Literal["order", "sales", "stripe", "bank", "fees", "disputed", "surplus", "shortage"]
Kind = Literal[
    "sale",
    "reversal",
    "charge",
    "refund",
    "transfer",
    "payback",
    "fee",
    "fee_returned",
    "payout",
    "payout_failed",
    "refund_failed",
    "dispute",
    "dispute_won",
    "dispute_lost",
    "overpayment",
    "underpayment",
]

SIDES: dict[Kind, tuple[Account, Account]] = {
    "sale": ("order", "sales"),
    "reversal": ("sales", "order"),
    "charge": ("stripe", "order"),
    "refund": ("order", "stripe"),
    "transfer": ("bank", "order"),
    "payback": ("order", "bank"),
    "fee": ("fees", "stripe"),
    "fee_returned": ("stripe", "fees"),
    "payout": ("bank", "stripe"),
    "payout_failed": ("stripe", "bank"),
    "refund_failed": ("stripe", "order"),
    "dispute": ("disputed", "stripe"),
    "dispute_won": ("stripe", "disputed"),
    "dispute_lost": ("order", "disputed"),
    "overpayment": ("order", "surplus"),
    "underpayment": ("shortage", "order"),
}
"""Which account grows and which shrinks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: `amount` is signed. `vat` is what the amount contains,
    `document` the number of the receipt or correction, `stripe_id` Stripe's object."""

    posting_id: str
    kind: Kind
    account: Account
    conference_id: str
    order_id: str
    payment_id: str
    amount: Money
    booked_at: datetime
    vat: Sequence[VatAmount] = field(default=())
    document: str = ""
    stripe_id: str = ""


def post(
    kind: Kind,
    posting_id: str,
    conference_id: str,
    order_id: str,
    amount: Money,
    booked_at: datetime,
    payment_id: str = "",
    *,
    vat: Sequence[VatAmount] = (),
    document: str = "",
    stripe_id: str = "",
) -> tuple[Entry, Entry]:
    """The two rows of a posting of a positive amount."""
    if amount.amount <= 0:
        raise InvalidInput("Only a positive amount is posted: the kind says which way it goes.")
    grows, shrinks = SIDES[kind]

    def row(account: Account, signed: Money) -> Entry:
        return Entry(
            posting_id,
            kind,
            account,
            conference_id,
            order_id,
            payment_id,
            signed,
            booked_at,
            tuple(vat),
            document,
            stripe_id,
        )

    return row(grows, amount), row(shrinks, -amount)
