"""What may stand on an invoice, and what it adds up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents.invoice import (
    Address,
    BankAccount,
    Buyer,
    Corrected,
    Invoice,
    Kind,
    Line,
    Paid,
    VatRate,
    cancel,
    is_small_amount,
)
from shared.documents.totals import amount_due, gross_total, line_nets, net_total, vat_groups, vat_total
from shared.errors import InvalidInput
from shared.money import Money, total
from tests.documents.examples import DOMESTIC, EXEMPT, GERMAN_BUYER, NOT_TAXABLE, REVERSE_CHARGE, SELLER, euros

RATES = st.sampled_from([VatRate.taxed(1900), VatRate.taxed(700), VatRate.exempt("steuerfrei")])
LINES = st.lists(
    st.builds(
        Line,
        description=st.just("Ticket"),
        quantity=st.integers(-9, 9).filter(bool),
        unit_gross=st.integers(0, 1_000_000).map(lambda cents: Money(cents, "EUR")),
        vat=RATES,
    ),
    min_size=1,
    max_size=12,
)


def with_lines(*lines: Line) -> Invoice:
    return replace(DOMESTIC, lines=lines)


@pytest.mark.parametrize("basis_points", [1900, 700])
def test_net_and_vat_of_every_whole_euro_price_add_up_to_the_price_to_the_cent(basis_points: int) -> None:
    for price in range(5, 1001):
        gross = price * 100
        invoice = with_lines(Line("Ticket", 1, euros(price), VatRate.taxed(basis_points)))
        net, vat = net_total(invoice).amount, vat_total(invoice).amount
        assert net + vat == gross
        # Half up in integers: the net is the nearest cent to gross / (1 + rate), never more than half a cent away.
        assert net == (2 * gross * 10_000 + 10_000 + basis_points) // (2 * (10_000 + basis_points))


def test_a_price_that_no_rounded_net_reaches_is_kept() -> None:
    unreachable = [
        price
        for price in range(5, 1001)
        if all(net + (net * 19 + 50) // 100 != price * 100 for net in range(price * 82, price * 86))
    ]
    assert len(unreachable) > 100
    for price in unreachable:
        assert gross_total(with_lines(Line("Ticket", 1, euros(price), VatRate.taxed(1900)))) == euros(price)


def test_vat_is_taken_once_from_the_sum_and_not_from_each_line() -> None:
    # EUR 0.03 holds no whole cent of VAT at 19 %; a hundred of them hold 48.
    cheap = Line("Button", 1, Money(3, "EUR"), VatRate.taxed(1900))
    assert vat_total(with_lines(*[cheap] * 100)) == Money(48, "EUR")


@given(LINES)
def test_the_lines_of_each_rate_add_up_to_its_net_and_stay_within_a_cent_of_their_own(lines: list[Line]) -> None:
    invoice = replace(DOMESTIC, lines=tuple(lines))
    nets = line_nets(invoice)
    for group in vat_groups(invoice):
        own = [net for line, net in zip(lines, nets, strict=True) if line.vat in group.vats]
        assert total(own, "EUR") == group.net
        assert group.net + group.tax == group.gross
    for line, net in zip(lines, nets, strict=True):
        assert abs(net.amount - (line.gross.amount - line.gross.vat_included(line.vat.basis_points).amount)) <= 1
    assert net_total(invoice) + vat_total(invoice) == gross_total(invoice)


@given(LINES)
def test_a_cancellation_is_the_exact_opposite_of_its_invoice_in_every_line(lines: list[Line]) -> None:
    invoice = replace(DOMESTIC, lines=tuple(lines))
    opposite = cancel(invoice, "SP-2027-00099", date(2027, 4, 1))
    assert [-net for net in line_nets(opposite)] == list(line_nets(invoice))
    assert [-group.tax for group in vat_groups(opposite)] == [group.tax for group in vat_groups(invoice)]
    assert not gross_total(invoice) + gross_total(opposite)


def test_what_was_paid_before_is_taken_off_what_is_due() -> None:
    paid = replace(DOMESTIC, paid=Paid(euros(4647), date(2027, 2, 28), "Karte"))
    assert amount_due(DOMESTIC) == euros(4647)
    assert amount_due(paid) == euros(0)


def test_a_cancellation_refers_to_its_invoice_and_asks_for_no_payment() -> None:
    paid = replace(DOMESTIC, paid=Paid(euros(4647), date(2027, 2, 28), "Karte"))
    cancellation = cancel(paid, "SP-2027-00099", date(2027, 4, 1))
    assert cancellation.corrects == Corrected(DOMESTIC.number, DOMESTIC.issued_on)
    assert cancellation.due_on is None and cancellation.paid is None and not cancellation.payment_reference


def test_a_person_without_an_address_gets_an_invoice_up_to_250_euros_only() -> None:
    person = Buyer("Ada Muster", Address((), "", "", "DE"))
    at_most = replace(DOMESTIC, buyer=person, lines=(Line("Ticket", 1, euros(250), VatRate.taxed(1900)),))
    assert is_small_amount(at_most)
    with pytest.raises(InvalidInput, match="buyer.address"):
        replace(at_most, lines=(Line("Ticket", 1, Money(25_001, "EUR"), VatRate.taxed(1900)),))


def test_the_examples_are_no_small_amounts_but_one() -> None:
    assert [is_small_amount(x) for x in (DOMESTIC, REVERSE_CHARGE, NOT_TAXABLE, EXEMPT)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"number": " "}, "number"),
        ({"payment_reference": "RF19539007547034"}, "payment_reference"),
        ({"seller": replace(SELLER, vat_id="123456788")}, "seller.vat_id"),
        ({"seller": replace(SELLER, bank=BankAccount("S", "DE88 3704 0044 0532 0130 00"))}, "seller.bank.iban"),
        ({"seller": replace(SELLER, bank=BankAccount("S", "DE89 3704 0044 0532 0130 00", "COBA"))}, "seller.bank.bic"),
        ({"notes": ("Danke\0",)}, "notes.0"),
        ({"buyer": replace(GERMAN_BUYER, contact="Buch\x07haltung")}, "buyer.contact"),
        ({"lines": ()}, "lines"),
        ({"due_on": date(2027, 2, 28)}, "due_on"),
        ({"service_to": date(2027, 6, 6)}, "service_to"),
        ({"kind": Kind.CANCELLATION}, "corrects"),
        ({"corrects": Corrected("SP-2027-00001", date(2027, 1, 1))}, "corrects"),
        ({"seller": replace(SELLER, vat_id="", tax_number="")}, "seller.vat_id"),
        ({"buyer": replace(GERMAN_BUYER, name="")}, "buyer.name"),
        ({"buyer": replace(GERMAN_BUYER, address=Address(("Weg 1",), "1", "Ort", "de"))}, "buyer.address.country"),
        ({"lines": (Line("Ticket", 0, euros(5), VatRate.taxed(1900)),)}, "lines.0.quantity"),
        ({"lines": (Line("", 1, euros(5), VatRate.taxed(1900)),)}, "lines.0.description"),
        ({"lines": (Line("Ticket", 1, euros(-5), VatRate.taxed(1900)),)}, "lines.0.unit_gross"),
        (
            {
                "lines": (
                    Line("Ticket", 1, euros(5), VatRate.taxed(1900)),
                    Line("Ticket", 1, Money(500, "CHF"), VatRate.taxed(1900)),
                )
            },
            "lines",
        ),
        ({"lines": (*DOMESTIC.lines, *NOT_TAXABLE.lines)}, "lines"),
        ({"lines": REVERSE_CHARGE.lines, "buyer": replace(GERMAN_BUYER, vat_id="")}, "buyer.vat_id"),
    ],
)
def test_an_invoice_that_the_law_refuses_cannot_be_made_and_the_field_is_named(
    change: dict[str, Any], where: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(DOMESTIC, **change)
    errors = refused.value.facts["errors"]
    assert isinstance(errors, dict) and where in errors


def test_what_is_taxed_has_a_rate_and_what_is_not_has_none() -> None:
    wrongs: tuple[Callable[[], VatRate], ...] = (
        lambda: VatRate.taxed(0),
        lambda: VatRate.taxed(-700),
        lambda: VatRate.exempt(" "),
        lambda: replace(VatRate.reverse_charge(), basis_points=1900),
    )
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            wrong()
