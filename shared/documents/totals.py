"""The sums of an invoice: VAT is taken once per document and rate from the gross sum, half up; lines add up to it.

Taking it the other way round would miss prices: at 19 % one whole-euro price in six is no rounded net plus its VAT.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.documents.invoice import Invoice, Line, Treatment, VatRate
from shared.money import Money, total


@dataclass(frozen=True, slots=True)
class VatGroup:
    """What one rate adds up to: `net + tax == gross`, always. Exemptions share one, whatever their reason (BR-E-01)."""

    treatment: Treatment
    basis_points: int
    vats: tuple[VatRate, ...]
    gross: Money
    tax: Money

    @property
    def net(self) -> Money:
        return self.gross - self.tax


def vat_groups(invoice: Invoice) -> tuple[VatGroup, ...]:
    """One group for each rate, in the order in which the lines bring them up."""
    groups: dict[tuple[Treatment, int], list[Line]] = {}
    for line in invoice.lines:
        groups.setdefault((line.vat.treatment, line.vat.basis_points), []).append(line)
    return tuple(_group(*key, lines) for key, lines in groups.items())


def line_nets(invoice: Invoice) -> tuple[Money, ...]:
    """The net of each line, so that the lines of a rate add up to its group's net.

    Each line gets what the rounded running sum grows by: that holds with lines of either sign, and a cancellation gets
    the exact opposite of its invoice. A line is at most one cent away from its own rounded net.
    """
    running: dict[VatRate, Money] = {}
    nets = []
    for line in invoice.lines:
        before = running.get(line.vat, Money(0, invoice.currency))
        after = running[line.vat] = before + line.gross
        nets.append(_net(after, line.vat) - _net(before, line.vat))
    return tuple(nets)


def gross_total(invoice: Invoice) -> Money:
    return total((line.gross for line in invoice.lines), invoice.currency)


def vat_total(invoice: Invoice) -> Money:
    return total((group.tax for group in vat_groups(invoice)), invoice.currency)


def net_total(invoice: Invoice) -> Money:
    return gross_total(invoice) - vat_total(invoice)


def amount_due(invoice: Invoice) -> Money:
    """What is left to pay; negative when the seller owes it."""
    return gross_total(invoice) - invoice.paid.amount if invoice.paid else gross_total(invoice)


def _group(treatment: Treatment, basis_points: int, lines: list[Line]) -> VatGroup:
    gross = total((line.gross for line in lines), lines[0].unit_gross.currency)
    vats = tuple(dict.fromkeys(line.vat for line in lines))
    return VatGroup(treatment, basis_points, vats, gross, gross.vat_included(basis_points))


def _net(gross: Money, vat: VatRate) -> Money:
    return gross - gross.vat_included(vat.basis_points)
