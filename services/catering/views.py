"""What the pages show: figures and a picture, read in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from services.catering import counting, facts, orderbook, store
from services.catering.domain.headcount import Headcount
from services.catering.domain.meal import Meal
from services.catering.domain.order import MealOrder
from services.catering.facts import Conference, SalesDay, TierEnd
from services.catering.orderbook import Caterer, Sheet
from services.catering.store import Made
from shared.errors import NotFound
from shared.events.catering import Interval
from shared.web.charts import Mark, Span, Timeline, timeline
from shared.web.i18n import gettext as _
from shared.web.i18n import language


@dataclass(frozen=True)
class MealRow:
    """One line of the table of meals. `ordered` and `drift` are None before the lock; `proposed` before the proposal."""

    meal: Meal
    entitled: int
    extra: int
    expected: int
    plates: int
    proposed: int | None
    fixed: str
    ordered: int | None
    drift: int | None
    is_off: bool


@dataclass(frozen=True)
class Kitchen:
    """A conference as catering sees it at one moment."""

    conference: Conference
    headcount: Headcount
    made: Made | None
    at_doors: Interval
    order: MealOrder
    rows: Sequence[MealRow]
    sheets: Sequence[Sheet]
    caterer: Caterer | None
    curve: Sequence[SalesDay]
    ends: Sequence[TierEnd]
    now: datetime

    @property
    def is_over(self) -> bool:
        return self.now >= self.conference.doors_at

    @property
    def picture(self) -> Timeline | None:
        """The curve with tier transitions, the order's deadline and doors, and the fan; None before the first sale."""
        if not self.curve:
            return None
        points, stands = [], 0
        for day in self.curve:
            stands += day.standing
            points.append((min(datetime.combine(day.day, time(23, 59), UTC), self.now), float(stands)))
        begins, doors_at = points[0][0] - timedelta(days=1), self.conference.doors_at
        marks = [
            Mark(end.at, _("%(tier)s ended", tier=_name(end)) if end.reason else _("%(tier)s ends", tier=_name(end)))
            for end in self.ends
            if begins < end.at < doors_at
        ]
        marks.append(Mark(self.order.deadline_at, _("order"), "deadline"))
        marks.append(Mark(doors_at, _("doors"), "doors"))
        fan = []
        if not self.is_over:
            middle = self.at_doors
            fan = [Span(self.now, *[float(stands)] * 5)]
            fan.append(Span(doors_at, middle.p05, middle.p25, middle.p50, middle.p75, middle.p95))
        newest = self.sheets[0] if self.sheets else None
        return timeline(
            [*points, (min(self.now, doors_at), float(stands))],
            begins=begins,
            ends=doors_at + timedelta(days=1),
            marks=[mark for mark in marks if mark.at > begins],
            fan=fan,
            ordered=(newest.ordered_at, float(newest.forecast.p50)) if newest else None,
        )


def look(connection: sa.Connection, conference_id: str, now: datetime) -> Kitchen:
    """Raises `NotFound`."""
    conference = facts.load_conference(connection, conference_id)
    order = orderbook.load_order(connection, conference_id)
    if order is None:
        raise NotFound("Catering has not heard of this conference's opening yet.", conference_id=conference_id)
    headcount = counting.count(connection, conference_id)
    made = store.last_forecast(connection, conference_id)
    floor = headcount.admissions
    at_doors = made.at_doors if made else Interval(floor, floor, floor, floor, floor)
    plates = counting.plates(connection, headcount, at_doors)
    person = order.caterer.removeprefix("catering:")
    return Kitchen(
        conference=conference,
        headcount=headcount,
        made=made,
        at_doors=at_doors,
        order=order,
        rows=[_row(meal, headcount, at_doors, plates, order) for meal in store.list_meals(connection, conference_id)],
        sheets=orderbook.list_sheets(connection, order.order_id),
        caterer=orderbook.load_people(connection, [person]).get(person),
        curve=facts.load_curve(connection, conference_id),
        ends=facts.tier_ends(connection, conference),
        now=now,
    )


def _row(meal: Meal, headcount: Headcount, at_doors: Interval, plates: dict[str, int], order: MealOrder) -> MealRow:
    counted, id = headcount.of(meal.meal_id), meal.meal_id
    drift = order.drift(plates).get(id) if order.is_locked else None
    return MealRow(
        meal=meal,
        entitled=counted.entitled,
        extra=counted.extra,
        expected=round(meal.eaters_expected(at_doors.p50, counted.entitled, headcount.admissions)),
        plates=plates[id],
        proposed=order.plates.get(id),
        fixed=order.fixed.get(id, ""),
        ordered=order.plates.get(id, 0) if order.is_locked else None,
        drift=drift,
        is_off=drift is not None and abs(drift) > order.tolerance,
    )


def _name(end: TierEnd) -> str:
    """The tier's name in the reader's language."""
    return end.name_de if language() == "de" and end.name_de else end.name
