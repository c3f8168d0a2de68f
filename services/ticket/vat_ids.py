"""VAT ids as buyers type them: only their form is checked. One is printed on the invoice and changes no tax."""

from __future__ import annotations

import re
from typing import Final

EUROPEAN_UNION: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
NO_VAT_ID: Final = "This is no VAT id of the EU: it begins with the country, like DE123456788."


def tidy_vat_id(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text).upper()


def is_vat_id(text: str, country: str) -> bool:
    """Whether its form and check digits hold. Of countries outside the EU only the length is known here."""
    from stdnum.eu import vat

    tidy = tidy_vat_id(text)
    if country and country not in EUROPEAN_UNION:
        return bool(re.fullmatch(r"[A-Z0-9/]{2,20}", tidy))
    return bool(vat.is_valid(tidy)) and (not country or tidy[:2] == ("EL" if country == "GR" else country))
