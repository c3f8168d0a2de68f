"""QR codes as SVG text, ready for a typst template or a page."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from shared.documents.invoice import BankAccount
from shared.documents.reference import checked_iban
from shared.errors import InvalidInput
from shared.money import Money


def qr_svg(text: str) -> str:
    """Black on nothing, without a quiet zone (leave four modules of white around it), error level M or better."""
    import segno

    return _svg(segno.make(text, error="m", micro=False))


def girocode_svg(account: BankAccount, amount: Money, reference: str) -> str:
    """A SEPA transfer for a banking app (EPC069-12): euros only, at least one cent, `reference` as ISO 11649."""
    import segno.helpers

    if amount.currency != "EUR" or amount.amount < 1:
        raise InvalidInput("A GiroCode asks for euros, at least one cent.")
    euros = Decimal(amount.amount) / 100
    return _svg(
        segno.helpers.make_epc_qr(
            name=account.holder[:70],
            iban=checked_iban(account.iban),
            amount=euros,
            reference=reference,
            bic=account.bic or None,
            encoding="utf-8",
        )
    )


def _svg(code: Any) -> str:
    buffer = io.BytesIO()
    code.save(buffer, kind="svg", border=0, xmldecl=False, svgns=True, nl=False)
    return buffer.getvalue().decode()
