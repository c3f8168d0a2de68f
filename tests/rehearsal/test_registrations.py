"""What a file of registrations may say, and how a mistake in it is told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.rehearsal import rehearse
from infra.rehearsal.parts import refuse_a_live_key
from infra.rehearsal.performance import is_same
from infra.rehearsal.registrations import parse, read_registrations
from services.catering.references import built_in
from shared.errors import InvalidInput

HEADER = "date,registered,later_cancelled\n"


def test_a_file_is_read_day_by_day_whatever_the_order_of_its_lines() -> None:
    read = parse("spring", HEADER + "2027-03-02,4,1\n2027-03-01,6,0\n")

    assert [(each.day, each.registered, each.cancelled) for each in read.days] == [
        (date(2027, 3, 1), 6, 0),
        (date(2027, 3, 2), 4, 1),
    ]
    assert (read.sold, read.cancelled, read.attending) == (10, 1, 9)
    assert read.doors_on == date(2027, 3, 3)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("date,registered\n2027-03-01,6\n", 1, "later_cancelled"),
        ("", 1, "date"),
        (HEADER + "2027-03-01,6,0\n2027-02-30,1,0\n", 3, "date"),
        (HEADER + "1.3.2027,6,0\n", 2, "date"),
        (HEADER + "2027-03-01,-6,0\n", 2, "registered"),
        (HEADER + "2027-03-01,many,0\n", 2, "registered"),
        (HEADER + "2027-03-01,6.5,0\n", 2, "registered"),
        (HEADER + "2027-03-01,6,-1\n", 2, "later_cancelled"),
        (HEADER + "2027-03-01,6,7\n", 2, "later_cancelled"),
        (HEADER + "2027-03-01,6\n", 2, "later_cancelled"),
        (HEADER + "2027-03-01,600000000,0\n", 2, "registered"),
        (HEADER + "2027-03-01,6,0\n2027-03-01,1,0\n", 3, "date"),
        (HEADER + "2017-03-01,6,0\n2027-03-01,1,0\n", 2, "date"),
        (HEADER + "2027-03-01,0,0\n", 2, "registered"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(text: str, line: int, column: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse("spring", text, "spring.csv")

    assert (refused.value.facts["line"], refused.value.facts["column"]) == (line, column)
    assert str(refused.value).startswith(f"spring.csv, line {line}, column {column}: ")


def test_a_file_that_is_not_there_or_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\xff\xd8\xff\xe0")

    for path in (tmp_path / "nowhere.csv", picture):
        with pytest.raises(InvalidInput, match=path.name):
            read_registrations(path)


def test_nothing_is_played_from_a_file_with_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(HEADER + "2027-03-01,-1,0\n")

    with pytest.raises(InvalidInput):
        rehearse(str(wrong), "local", 1, str(tmp_path / "report.html"))

    assert capsys.readouterr().out == ""
    assert not (tmp_path / "report.html").exists()


def test_a_rehearsal_refuses_a_live_key() -> None:
    with pytest.raises(InvalidInput, match="live key"):
        refuse_a_live_key({"STAGEDOOR_STRIPE_KEY": "sk_live_123"})
    refuse_a_live_key({"STAGEDOOR_STRIPE_KEY": "sk_test_123"})


def test_the_sample_that_comes_with_the_project_can_be_played() -> None:
    sample = read_registrations(None)

    assert sample.sold > 200
    assert 0 < sample.cancelled < sample.sold


def test_an_edition_does_not_forecast_itself_under_its_own_name_or_another() -> None:
    edition = built_in()[0]
    rows = "".join(
        f"{edition.doors_on - timedelta(days=each.before)},{each.registered},{each.cancelled}\n"
        for each in edition.days
    )

    assert is_same(parse(edition.name.upper(), HEADER + "2027-03-01,6,0\n"), edition)
    assert is_same(parse("renamed", HEADER + rows), edition)
    assert not is_same(parse("another", HEADER + "2027-03-01,6,0\n"), edition)
