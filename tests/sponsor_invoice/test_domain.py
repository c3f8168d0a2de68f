"""The rules by themselves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sponsor_invoice.domain import ledger
from services.sponsor_invoice.domain.aging import BUCKETS, aging, bucket, days_overdue
from services.sponsor_invoice.domain.dunning import Dunning
from services.sponsor_invoice.domain.vat import VatId, VatRule, charged, vat_amount, vat_rule
from shared.errors import InvalidInput
from shared.money import Money, total

DUE = date(2027, 3, 15)


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-5, "not_due"),
        (0, "not_due"),
        (1, "1_30"),
        (30, "1_30"),
        (31, "31_60"),
        (60, "31_60"),
        (61, "61_90"),
        (90, "61_90"),
        (91, "over_90"),
    ],
)
def test_a_debt_lies_in_the_bucket_of_its_days(days: int, name: str) -> None:
    assert bucket(DUE, DUE + timedelta(days=days)) == name
    assert days_overdue(DUE, DUE + timedelta(days=days)) == max(days, 0)


@given(st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(0, 10**9))))
def test_the_buckets_add_up_to_what_is_owed(owed: list[tuple[date, int]]) -> None:
    amounts = [(due, Money(amount, "EUR")) for due, amount in owed]
    buckets = aging(amounts, DUE, "EUR")
    assert tuple(buckets) == BUCKETS
    assert total(buckets.values(), "EUR") == total((amount for _, amount in amounts), "EUR")


@given(gross=st.integers(1, 10**8), paid=st.integers(1, 10**8), lost=st.integers(0, 10**8))
def test_every_posting_sums_to_zero(gross: int, paid: int, lost: int) -> None:
    vat = vat_amount(Money(gross, "EUR"), VatRule("taxed", 1900))
    postings = [
        *ledger.issued(vat),
        *ledger.paid(Money(paid, "EUR"), Money(min(paid, lost), "EUR")),
        *ledger.written_off(Money(lost, "EUR")),
        *ledger.cancelled(vat, Money(lost, "EUR")),
    ]
    for debit, credit in postings:
        assert debit.amount + credit.amount == Money(0, "EUR")


@pytest.mark.parametrize(
    ("country", "vat_id", "exemption", "treatment", "billed"),
    [
        ("DE", VatId(), "", "taxed", 11900),
        ("DE", VatId(), "Kleinunternehmer, § 19 UStG", "exempt", 11900),
        ("AT", VatId("ATU12345675", DUE), "", "reverse_charge", 10000),
        ("AT", VatId("ATU12345675"), "", "taxed", 11900),
        ("CH", VatId(), "", "not_taxable", 10000),
        ("GB", VatId("GB123456789", DUE), "", "not_taxable", 10000),
    ],
)
def test_who_is_charged_which_vat(country: str, vat_id: VatId, exemption: str, treatment: str, billed: int) -> None:
    rule = vat_rule(seller_country="DE", sponsor_country=country, vat_id=vat_id, rate=1900, exemption=exemption)
    assert rule.treatment == treatment
    price = Money(11900, "EUR")
    assert charged(price, 1900, rule, exemption).amount == billed
    amount = vat_amount(Money(billed, "EUR"), rule)
    assert amount.net + amount.vat == Money(billed, "EUR")
    assert bool(amount.vat) == (treatment == "taxed")


@pytest.mark.parametrize("ladder", [(), (0, 3), (3, 3), (14, 3)])
def test_a_ladder_rises(ladder: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        Dunning("inv_1", DUE, ladder)
