"""Double entry: each posting is two entries that add up to nothing, so the ledger does too.

Debits are positive. The balance of `receivable` for an invoice is what its sponsor owes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.events.ticketing import VatAmount
from shared.money import Money

Account = Literal["receivable", "revenue", "vat", "bank", "loss"]


@dataclass(frozen=True, slots=True)
class Entry:
    account: Account
    amount: Money


Posting = tuple[Entry, Entry]


def posting(debit: Account, credit: Account, amount: Money) -> Posting:
    """`amount` goes from `credit` to `debit`."""
    return Entry(debit, amount), Entry(credit, -amount)


def issued(vat: VatAmount) -> list[Posting]:
    """An invoice: its net is earned, its VAT is the tax office's."""
    return _unless_nothing([posting("receivable", "revenue", vat.net), posting("receivable", "vat", vat.vat)])


def cancelled(vat: VatAmount, written_off: Money) -> list[Posting]:
    """A Stornorechnung undoes the invoice, and a write-off that went before."""
    postings = [posting("revenue", "receivable", vat.net), posting("vat", "receivable", vat.vat)]
    return _unless_nothing([posting("receivable", "loss", written_off), *postings])


def paid(amount: Money, recovered: Money) -> list[Posting]:
    """Money on the bank account; `recovered` of it had been written off."""
    return _unless_nothing([posting("receivable", "loss", recovered), posting("bank", "receivable", amount)])


def written_off(amount: Money) -> list[Posting]:
    """A loss. The VAT in it is claimed back by accounting (UStG 17), from the export."""
    return [posting("loss", "receivable", amount)]


def _unless_nothing(postings: list[Posting]) -> list[Posting]:
    return [each for each in postings if each[0].amount]
