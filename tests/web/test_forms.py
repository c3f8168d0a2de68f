"""Forms: typed values, sentences at their fields, contents that are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask, render_template_string

from shared.errors import InvalidInput
from shared.money import Money
from shared.web.forms import Form


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("199", 19900),
        ("199.5", 19950),
        ("199,50", 19950),
        ("1.234,50", 123450),
        ("1,234.50", 123450),
        ("1 234.50", 123450),
        ("1.234", 123400),
        ("1,234,567.89", 123456789),
        ("0", 0),
    ],
)
def test_money_is_read_as_people_write_it(typed: str, cents: int) -> None:
    assert Form({"price": typed}).money("price", "EUR") == Money(cents, "EUR")


@pytest.mark.parametrize("typed", ["-1", "1e5", "NaN", "1.2.3", "12,34,5", "€ 5", "99999999", "٣", "0x10", "1.23.456"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    form = Form({"price": typed})
    assert form.money("price", "EUR") is None and form.errors["price"]


@pytest.mark.parametrize(
    "typed", ["ada", "ada@", "@example.org", "ada@example", "a b@example.org", "ada@exa\nmple.org", "<a@b.c>"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    form = Form({"email": typed})
    assert form.email("email") == "" and form.errors["email"]


@pytest.mark.parametrize("typed", ["11", "-1", "1.5", "x", "1" * 30])
def test_a_count_stays_within_its_bounds(typed: str) -> None:
    form = Form({"count": typed})
    assert form.integer("count", lowest=1, highest=10) is None and form.errors["count"]


def test_times_are_the_conferences_own() -> None:
    form = Form({"at": "2027-06-07T09:00", "on": "2027-06-07", "wrong": "7.6.2027"})
    assert form.moment("at", "Europe/Berlin") == datetime(2027, 6, 7, 7, tzinfo=UTC)
    assert form.day("on") == date(2027, 6, 7)
    assert form.day("wrong") is None and "wrong" in form.errors


def test_what_may_stay_empty_is_no_error() -> None:
    form = Form({})
    assert (form.text("a", required=False), form.money("b", "EUR", required=False), form.day("c", required=False)) == (
        "",
        None,
        None,
    )
    assert form.errors == {}
    assert form.text("a") == "" and form.errors == {"a": "Please fill this in."}


def test_what_a_use_case_refuses_stands_at_its_field() -> None:
    form = Form({})
    form.refused(InvalidInput("Something is wrong.", errors={"vat_id": ["This is no VAT id."]}))
    form.refused(InvalidInput("The series is closed."))
    assert form.errors == {"vat_id": "This is no VAT id.", "": "The series is closed."}


def test_a_field_keeps_what_was_typed_and_ties_the_sentence_to_it(app: Flask) -> None:
    form = Form({"name": '"><script>'})
    form.wrong("name", "Too odd.")
    with app.test_request_context():
        app.preprocess_request()
        drawn = render_template_string(
            "{% import 'forms.html' as f %}{{ f.field(form, 'name', 'Name', hint='yours') }}", form=form
        )
    assert "&lt;script&gt;" in drawn and "<script>" not in drawn
    assert 'aria-invalid="true"' in drawn and 'aria-describedby="name-hint name-wrong"' in drawn and "Too odd." in drawn
