"""Refunds as a file that a bank takes: pain.001."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from services.ticket.store.sellers import Seller
from services.ticket.store.transfers import TransferRefund
from shared.errors import InvalidInput

SCHEMA = "pain.001.001.09"
LONGEST_NAME = 70
_FOREIGN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def pain_001(seller: Seller, refunds: Sequence[tuple[str, TransferRefund]], now: datetime, batch: str) -> bytes:
    """Credit transfers from the seller's account; each names the order's reference and, as its end-to-end id, the refund.

    Raises `InvalidInput` where the seller has no account or an amount is not in euros.
    """
    from sepaxml import SepaTransfer

    if not seller.iban:
        raise InvalidInput("The seller has no bank account yet: fill it in first.")
    if any(each.amount.currency != "EUR" for _, each in refunds):
        raise InvalidInput("A SEPA file holds euros only.")
    config = {"name": sepa_text(seller.payee), "IBAN": seller.iban, "batch": True, "currency": "EUR"}
    if seller.bic:
        config["BIC"] = seller.bic
    file = SepaTransfer(config, schema=SCHEMA, clean=True)
    for reference, refund in refunds:
        file.add_payment(
            {
                "name": sepa_text(refund.payee),
                "IBAN": refund.iban,
                "amount": refund.amount.amount,
                "execution_date": now.date(),
                "description": f"Refund {reference}",
                "endtoend_id": refund.refund_id.replace("_", "-")[-35:],
            }
        )
    return bytes(file.export(validate=True))


def sepa_text(text: str) -> str:
    """In the letters that every bank takes."""
    plain = unicodedata.normalize("NFKD", text.translate(_GERMAN)).encode("ascii", "ignore").decode()
    return _FOREIGN.sub(" ", plain).strip()[:LONGEST_NAME] or "Unknown"
