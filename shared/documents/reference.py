"""Payment references that a bank carries unchanged (ISO 11649), and account numbers that can be one."""

from __future__ import annotations

from shared.errors import InvalidInput


def payment_reference(text: str) -> str:
    """`RF`, two check digits and the letters and digits of `text` in capitals: at most 21 of them.

    A longer id keeps its last 21, where a UUIDv7 is random.
    """
    from stdnum.iso7064 import mod_97_10

    body = "".join(c for c in text.upper() if c.isascii() and c.isalnum())[-21:]
    if not body:
        raise InvalidInput("A payment reference needs at least one letter or digit.")
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def is_payment_reference(text: str) -> bool:
    """Whether a text, spaces and case aside, is an RF reference whose check digits hold."""
    from stdnum import iso11649

    return bool(iso11649.is_valid(text))


def is_iban(text: str) -> bool:
    """Whether a text, spaces aside, is an IBAN whose check digits hold."""
    from stdnum import iban

    return bool(iban.is_valid(text))


def in_fours(text: str) -> str:
    """A reference or IBAN as people read it: 'RF18 5390 0754 7034'."""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def checked_iban(text: str) -> str:
    """The IBAN without spaces; refused when its check digits do not hold."""
    from stdnum import iban

    if not is_iban(text):
        raise InvalidInput("This is no IBAN: its check digits do not hold. Compare it with the bank's.")
    return str(iban.compact(text))
