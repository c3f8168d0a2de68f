"""The report of a rehearsal for people: one HTML file without anything beside it, in the look of the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined

import shared.web
from infra.rehearsal.play import Play
from infra.rehearsal.scenery import CURRENCY
from infra.rehearsal.told import Told
from shared.events.catering import ForecastUpdated, MealsOrdered
from shared.events.notification import MessageFailed, MessageSent
from shared.events.sponsorship import InvoiceIssued, InvoiceOverdue, InvoicePaid, InvoiceWrittenOff, PaymentRecorded
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionIssued,
    OrderLapsed,
    OrderPaid,
    PaymentRefunded,
    TierClosed,
    TierOpened,
)
from shared.money import Money
from shared.web.charts import Mark, Span, Timeline, timeline
from shared.web.i18n import FILTERS, day

TEMPLATES = Path(__file__).with_name("templates")
STYLE = Path(shared.web.__file__).parent / "static" / "look.css"
COUNTED_TWICE = frozenset({"late", "doubled", "wrong_amount"})
"""Refunds of money that no `OrderPaid` spoke of: they came and went, so they are left out of the curve."""


@dataclass(frozen=True)
class SponsorRow:
    name: str
    package_price: Money
    due_on: date
    reminders: int
    ended: str


def make_report(play: Play, told: Told, facts: dict[str, Any]) -> str:
    """The page. `facts` is the line's."""
    loader = ChoiceLoader([FileSystemLoader(TEMPLATES), PackageLoader("shared.web")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(FILTERS)
    scenery = play.script.scenery
    cash = _cash(told)
    refunds = told.of(PaymentRefunded)
    return environment.get_template("report.html").render(
        style=STYLE.read_text(encoding="utf-8"),
        plan=scenery.plan,
        zone=scenery.plan.time_zone,
        scenery=scenery,
        registrations=play.script.registrations,
        facts=facts,
        sales=_sales(play, told),
        fan=_fan(play, told),
        money_curve=_money_curve(play, cash),
        cash=cash[-1][1] if cash else Money(0, CURRENCY),
        tickets_money=sum((event.total for event in told.of(OrderPaid)), Money(0, CURRENCY)),
        sponsors_money=sum((event.amount for event in told.of(PaymentRecorded)), Money(0, CURRENCY)),
        refunded=sum((event.amount for event in refunds if event.reason not in COUNTED_TWICE), Money(0, CURRENCY)),
        sent_back=sum((event.amount for event in refunds if event.reason in COUNTED_TWICE), Money(0, CURRENCY)),
        lapsed=len(told.of(OrderLapsed)),
        ordered=next(iter(told.of(MealsOrdered)), None),
        prices={event.name: event.price for event in told.of(TierOpened)},
        opened={event.name: event.opened_at for event in told.of(TierOpened)},
        closed={event.name: event.closed_at for event in told.of(TierClosed)},
        sponsors=_sponsors(told),
        failed=Counter(event.rule for event in told.of(MessageFailed)),
        first_mails=_first_mails(told),
    )


def _sales(play: Play, told: Told) -> Timeline:
    """Admissions that stand, over time, with the ends of tiers and the caterer's deadline."""
    scenery = play.script.scenery
    return timeline(
        [(scenery.opens_at, 0), *_standing(told)],
        begins=scenery.opens_at,
        ends=scenery.doors_at,
        marks=_marks(play, told),
    )


def _fan(play: Play, told: Told) -> Timeline:
    """What catering expected at doors, day by day, and what was ordered."""
    scenery = play.script.scenery
    daily: dict[date, ForecastUpdated] = {}
    for event in told.of(ForecastUpdated):
        daily.setdefault(event.forecast_at.date(), event)
    spans = [
        Span(event.forecast_at, each.p05, each.p25, each.p50, each.p75, each.p95)
        for event in daily.values()
        for each in (event.at_doors,)
    ]
    order = next(iter(told.of(MealsOrdered)), None)
    return timeline(
        [(scenery.opens_at, 0), *_standing(told)],
        begins=scenery.opens_at,
        ends=scenery.doors_at,
        marks=[mark for mark in _marks(play, told) if mark.kind == "deadline"],
        fan=spans,
        ordered=(order.ordered_at, order.forecast.p50) if order else None,
    )


def _money_curve(play: Play, cash: Sequence[tuple[datetime, Money]]) -> Timeline:
    scenery = play.script.scenery
    points = [(scenery.opens_at, 0.0), *((at, amount.amount / 100) for at, amount in cash)]
    return timeline(points, begins=scenery.opens_at, ends=scenery.ends_at)


def _standing(told: Told) -> list[tuple[datetime, float]]:
    points: list[tuple[datetime, float]] = []
    standing = 0
    for envelope in told.with_time((AdmissionIssued, AdmissionCancelled)):
        standing += 1 if isinstance(envelope.event, AdmissionIssued) else -1
        points.append((envelope.time, standing))
    # A point a quarter of a day is all that the picture shows.
    return [
        point
        for place, point in enumerate(points)
        if place + 1 == len(points) or _quarter(point) != _quarter(points[place + 1])
    ]


def _quarter(point: tuple[datetime, float]) -> tuple[date, int]:
    return point[0].date(), point[0].hour // 6


def _marks(play: Play, told: Told) -> list[Mark]:
    ends = [
        Mark(event.closed_at, f"{event.name} ends" + (": sold out" if event.reason == "cap" else ""))
        for event in told.of(TierClosed)
    ]
    return [*ends, *(Mark(event.ordered_at, "caterer's order", "deadline") for event in told.of(MealsOrdered))]


def _cash(told: Told) -> list[tuple[datetime, Money]]:
    """Money that is ours, after each movement: tickets and sponsors in, refunds out. Sponsors' money counts from the bank's day."""
    moves: list[tuple[datetime, Money]] = [(event.paid_at, event.total) for event in told.of(OrderPaid)]
    moves += [
        (event.refunded_at, -event.amount) for event in told.of(PaymentRefunded) if event.reason not in COUNTED_TWICE
    ]
    moves += [
        (datetime.combine(event.booked_on, datetime.min.time(), UTC) + timedelta(hours=12), event.amount)
        for event in told.of(PaymentRecorded)
    ]
    total, curve = Money(0, CURRENCY), []
    for at, amount in sorted(moves, key=lambda move: (move[0], move[1].amount)):
        total = total + amount
        curve.append((at, total))
    return curve


def _sponsors(told: Told) -> list[SponsorRow]:
    paid = {event.invoice_id: event.paid_on for event in told.of(InvoicePaid)}
    lost = {event.invoice_id for event in told.of(InvoiceWrittenOff)}
    reminders = Counter(event.invoice_id for event in told.of(InvoiceOverdue))
    rows = []
    for event in told.of(InvoiceIssued):
        ended = "written off as uncollectible" if event.invoice_id in lost else "still open"
        if event.invoice_id in paid:
            ended = f"paid on {day(paid[event.invoice_id])}"
        rows.append(SponsorRow(event.sponsor, event.total, event.due_on, reminders[event.invoice_id], ended))
    return rows


def _first_mails(told: Told) -> dict[str, tuple[int, datetime, datetime]]:
    """Rule -> how many mails, the first and the last one."""
    found: dict[str, tuple[int, datetime, datetime]] = {}
    for event in sorted(told.of(MessageSent), key=lambda event: event.sent_at):
        count, first, _ = found.get(event.rule, (0, event.sent_at, event.sent_at))
        found[event.rule] = (count + 1, first, event.sent_at)
    return dict(sorted(found.items()))
