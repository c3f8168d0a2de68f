"""The geometry of the pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from shared.web import charts
from shared.web.charts import Mark, Part, Span

START = datetime(2027, 1, 10, tzinfo=UTC)
DOORS = datetime(2027, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 1]),
        (3, [0, 1, 2, 3]),
        (260, [0, 100, 200, 300]),
        (412, [0, 200, 400, 600]),
        (5000, [0, 2000, 4000, 6000]),
    ],
)
def test_a_scale_has_few_round_numbers(highest: int, expected: list[int]) -> None:
    assert charts.steps(highest) == expected


@given(st.integers(0, 10**7))
def test_a_scale_reaches_beyond_the_highest_value(highest: int) -> None:
    grid = charts.steps(highest)
    assert grid[0] == 0 and grid[-1] >= highest and 2 <= len(grid) <= 6


def test_a_curve_begins_left_below_and_ends_right_above() -> None:
    picture = charts.timeline([(START, 0), (DOORS, 300)], begins=START, ends=DOORS)
    assert picture.line == f"{picture.left},{picture.bottom} {picture.right},{picture.top}"


def test_a_long_time_is_told_in_months_and_a_short_one_in_weeks() -> None:
    months, weekly = charts.time_ticks(START, DOORS)
    assert [tick.month for tick in months] == [2, 3, 4, 5, 6] and not weekly
    mondays, weekly = charts.time_ticks(DOORS - timedelta(days=30), DOORS)
    assert weekly and all(tick.weekday() == 0 for tick in mondays)


def test_labels_do_not_cover_each_other() -> None:
    marks = [Mark(DOORS - timedelta(days=20 - n), f"early bird number {n} ended") for n in range(6)]
    placed = [mark for mark in charts.timeline([], begins=START, ends=DOORS, marks=marks).marks if mark.label]
    spans = [
        (m.label_y, *sorted((m.x, m.x + (-1 if m.anchor == "end" else 1) * len(m.label) * charts.LETTER)))
        for m in placed
    ]
    for a in spans:
        assert not any(a is not b and a[0] == b[0] and a[1] < b[2] and b[1] < a[2] for b in spans)
        assert charts.LEFT <= a[2] <= charts.WIDTH


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_the_parts_of_a_bar_fill_it(values: list[int]) -> None:
    bars = charts.stacked([Part("x", value) for value in values])
    assert all(a.x + a.width <= b.x + 0.2 for a, b in zip(bars, bars[1:], strict=False))
    if any(values):
        assert abs(bars[-1].x + bars[-1].width - charts.WIDTH) < 0.3


def test_a_fan_is_drawn_with_words_for_those_who_do_not_see_it(app: Flask) -> None:
    today = START + timedelta(days=60)
    fan = [Span(today, 100, 100, 100, 100, 100), Span(DOORS, 260, 280, 300, 320, 350)]
    picture = charts.timeline([(START, 0), (today, 100)], begins=START, ends=DOORS, fan=fan, ordered=(today, 310))
    with app.test_request_context():
        app.preprocess_request()
        drawn = render_template_string(
            "{% import 'charts.html' as charts %}{{ charts.timeline(picture, 'fan', 'Sold & expected', 'Between 260 and 350') }}"
            "{{ charts.stacked(parts, 'owed', 'Owed', figures=['€ 1']) }}{{ charts.bars(parts, 'sold', 'Sold') }}",
            picture=picture,
            parts=charts.stacked([Part("paid", 10, "good"), Part("nothing", 0)]),
        )
    assert "Sold &amp; expected</title>" in drawn and "Between 260 and 350</desc>" in drawn
    assert drawn.count("<polygon") == 2 and 'class="plates"' in drawn and "nothing" not in drawn
