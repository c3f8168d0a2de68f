"""An amount that a form begins with reads as its reader types one, and is read back as it was."""

from __future__ import annotations

import pytest
from flask import Flask, g
from hypothesis import given
from hypothesis import strategies as st

from shared.money import Money
from shared.web.forms import Form
from shared.web.i18n import typed


@pytest.mark.parametrize(("language", "shown"), [("en", "5950.00"), ("de", "5950,00")])
def test_a_form_begins_with_an_amount_as_it_is_typed(language: str, shown: str) -> None:
    with Flask(__name__).test_request_context():
        g.language = language
        assert typed(Money(595_000, "EUR")) == shown


@given(cents=st.integers(0, 999_999_999), language=st.sampled_from(["en", "de"]))
def test_what_is_typed_is_what_is_read(cents: int, language: str) -> None:
    with Flask(__name__).test_request_context():
        g.language = language
        assert Form({"amount": typed(Money(cents, "EUR"))}).money("amount", "EUR") == Money(cents, "EUR")
