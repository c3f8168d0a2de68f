"""References that a bank carries, against the examples of ISO 11649 and the check of python-stdnum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents.reference import checked_iban, in_fours, is_payment_reference, payment_reference
from shared.errors import InvalidInput


def test_the_example_of_the_norm_gets_its_check_digits() -> None:
    assert payment_reference("539007547034") == "RF18539007547034"


@given(st.text(min_size=1))
def test_every_id_becomes_a_valid_reference_of_25_signs_at_most_or_is_refused(text: str) -> None:
    try:
        reference = payment_reference(text)
    except InvalidInput:
        assert not any(c.isascii() and c.isalnum() for c in text.upper())
    else:
        assert is_payment_reference(reference) and len(reference) <= 25
        assert is_payment_reference(in_fours(reference).lower())


def test_a_long_id_keeps_the_end_in_which_it_is_random() -> None:
    assert payment_reference("ord_0198f3aa11117bbb8ccc0123456789ab")[4:] == "1117BBB8CCC0123456789AB"[-21:]


def test_one_wrong_sign_is_noticed() -> None:
    assert not is_payment_reference("RF18539007547035")
    assert not is_payment_reference("SP-2027-00042")


def test_an_iban_is_checked_and_its_spaces_go() -> None:
    assert checked_iban("DE89 3704 0044 0532 0130 00") == "DE89370400440532013000"
    for wrong in ("DE88 3704 0044 0532 0130 00", "", "DE89"):
        with pytest.raises(InvalidInput):
            checked_iban(wrong)
