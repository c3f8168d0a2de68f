"""QR codes as SVG text, ready for a typst template or a page."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import lru_cache
from typing import Any

from shared.documents.invoice import BankAccount
from shared.documents.reference import checked_iban
from shared.errors import InvalidInput
from shared.money import Money

MASK = 3
"""One of the eight patterns that a QR code may be laid under. Trying all of them for the prettiest costs ten times the rest,
and each reader takes each of them."""


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """Black on nothing, without a quiet zone (leave four modules of white around it), error level M or better."""
    import segno

    return _svg(segno.make(text, error="m", micro=False, mask=MASK))


def fits_girocode(amount: Money) -> bool:
    return amount.currency == "EUR" and 1 <= amount.amount < 100_000_000_000


def girocode_svg(account: BankAccount, amount: Money, reference: str) -> str:
    """A SEPA transfer for a banking app (EPC069-12), `reference` as ISO 11649."""
    return _svg(_girocode(account, amount, reference))


def girocode_png(account: BankAccount, amount: Money, reference: str) -> bytes:
    """The same as a picture for pages and mails, with the white around it that cameras need."""
    buffer = io.BytesIO()
    _girocode(account, amount, reference).save(buffer, kind="png", scale=5, border=4)
    return buffer.getvalue()


def _girocode(account: BankAccount, amount: Money, reference: str) -> Any:
    import segno.helpers

    if not fits_girocode(amount):
        raise InvalidInput("A GiroCode asks for euros, from one cent to a billion less one.")
    return segno.helpers.make_epc_qr(
        name=account.holder[:70],
        iban=checked_iban(account.iban),
        amount=Decimal(amount.amount) / 100,
        reference=reference,
        bic=account.bic or None,
        encoding="utf-8",
    )


def _svg(code: Any) -> str:
    buffer = io.BytesIO()
    code.save(buffer, kind="svg", border=0, xmldecl=False, svgns=True, nl=False)
    return buffer.getvalue().decode()
