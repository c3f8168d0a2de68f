"""What an order's documents have to add up to, and which one is missing. Quantities are negative on what takes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.ticket.domain.order import Order, State
from shared.money import Money

DocumentKind = Literal["invoice", "cancellation", "correction"]
RETAINED = ""
"""In place of an admission type: what is kept of tickets that were given back."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is alike on a document: an admission type (or `RETAINED`) at a gross price and a VAT rate."""

    admission_type: str
    price: int
    vat_rate: int


Sums = dict[Item, int]


@dataclass(frozen=True, slots=True)
class Missing:
    """The document that has to be issued now, with its lines."""

    kind: DocumentKind
    items: Sums


def target(order: Order, sold: Money) -> Sums:
    """What an order's documents should add up to: its tickets that stand; `sold` is what the ledger calls sold.

    An order that waits for its transfer is billed before it is sold. Tickets given back for less than their price leave a rest.
    """
    if order.state in (State.HELD, State.LAPSED):
        return {}
    sums: Sums = {
        Item(line.code, line.price.amount, line.vat_rate): line.count for line in order.priced_lines() if line.price
    }
    if order.state != State.PLACED:
        rest = sold.amount - sum(item.price * count for item, count in sums.items())
        if rest > 0:
            rate = max((item.vat_rate for item in sums), default=max((each.rate for each in order.vat), default=0))
            sums[Item(RETAINED, rest, rate)] = 1
    return sums


def add_up(documents: Iterable[Sums]) -> Sums:
    """What documents add up to, without what cancels out."""
    sums: Sums = {}
    for each in documents:
        for item, count in each.items():
            sums[item] = sums.get(item, 0) + count
    return {item: count for item, count in sums.items() if count}


def missing(wanted: Sums, documents: list[Sums], last_invoice: Sums, is_same_buyer: bool) -> list[Missing]:
    """The documents that bring what was issued to what is wanted; none when it is so already.

    All is taken back by a cancellation, a part by a correction. An invoice to somebody else is cancelled and written anew.
    """
    issued = add_up(documents)
    if not issued:
        return [Missing("invoice", wanted)] if wanted else []
    back: Sums = {item: -count for item, count in issued.items()}
    whole: DocumentKind = "cancellation" if issued == last_invoice else "correction"
    if not wanted:
        return [Missing(whole, back)]
    if not is_same_buyer:
        return [Missing(whole, back), Missing("invoice", wanted)]
    change = add_up([wanted, back])
    return [Missing("correction", change)] if change else []
