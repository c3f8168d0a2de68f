"""The ledger for the tax adviser: every posting as one row, with the account that grows and the one that shrinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ticket.domain.local_time import local_day

HEADINGS = (
    "posting",
    "booked on",
    "kind",
    "debit",
    "credit",
    "amount",
    "currency",
    "VAT",
    "order",
    "payment",
    "document",
    "documents of the order",
    "Stripe",
    "Stripe's fee",
    "payout",
)


def posting_rows(
    rows: Sequence[Any],
    numbers: Mapping[str, Sequence[str]],
    at_stripe: Mapping[tuple[str, str], tuple[int, str]],
    zone: str,
) -> Iterator[tuple[object, ...]]:
    """`at_stripe`: (kind, Stripe's object) -> (its fee in minor units, its payout), as far as Stripe has told.

    Amounts as in ledgers of spreadsheets: `199.00`, never negative; VAT as `19 %: 31.77`, joined by commas."""
    yield HEADINGS
    pairs: dict[str, list[Any]] = {}
    for row in rows:
        pairs.setdefault(row.posting_id, []).append(row)
    for posting_id, pair in pairs.items():
        debit = next(row for row in pair if row.amount > 0)
        credit = next(row for row in pair if row.amount < 0)
        fee, payout = at_stripe.get((debit.kind, debit.stripe_id), (0, ""))
        yield (
            posting_id,
            _day(debit.booked_at, zone),
            debit.kind,
            debit.account,
            credit.account,
            _amount(debit.amount),
            debit.currency,
            ", ".join(f"{rate / 100:g} %: {_amount(abs(vat))}" for rate, _, vat in debit.vat),
            debit.reference,
            debit.payment_id,
            debit.document,
            ", ".join(numbers.get(debit.order_id, ())),
            debit.stripe_id,
            _amount(fee) if fee else "",
            payout,
        )


def _day(booked_at: datetime, zone: str) -> str:
    return local_day(booked_at, zone).isoformat()


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
