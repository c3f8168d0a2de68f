"""The overview's four answers, made of the topics alone: figures first, a picture, then the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.console.reading import Facts
from services.console.week import Item, this_week
from shared.money import Money
from shared.web import charts
from shared.web.charts import Bar, Mark, Part, Span, Timeline
from shared.web.i18n import gettext as _
from shared.web.i18n import language


@dataclass(frozen=True)
class Conference:
    """A conference as the console knows it."""

    id: str
    slug: str
    name: str
    zone: str
    currency: str
    doors_at: datetime
    capacity: int
    is_demo: bool
    called_off: bool

    @classmethod
    def of(cls, row: Any) -> Conference:
        return cls(
            id=row.conference_id,
            slug=row.slug,
            name=row.name,
            zone=row.time_zone,
            currency=row.currency,
            doors_at=row.doors_at,
            capacity=row.capacity,
            is_demo=bool(row.is_demo),
            called_off=bool(row.called_off),
        )

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()

    def amount(self, minor: int) -> Money:
        return Money(int(minor), self.currency)


@dataclass(frozen=True)
class Meal:
    """One meal; those of the same name are numbered in the order in which they are served."""

    name: str
    entitled: int
    extra: int
    plates: int | None
    drift: int | None


@dataclass(frozen=True)
class Eating:
    """How many will eat?"""

    admissions: int
    checked_in: int
    expected: int | None
    low: int | None
    high: int | None
    picture: Timeline | None
    meals: list[Meal]
    ordered: Any
    """The newest of proposal, order and amendments: number, at, deadline_at; None before"""


@dataclass(frozen=True)
class Debtor:
    sponsor: str
    number: str
    days_late: int
    due_on: date
    open: Money
    stage: int


@dataclass(frozen=True)
class Owing:
    """Who owes us what?"""

    overdue: Money
    invoiced: Money
    open: Money
    bars: tuple[Bar, ...]
    figures: list[Money]
    debtors: list[Debtor]
    bank_until: date | None


@dataclass(frozen=True)
class Tier:
    name: str
    sold: int
    comp: int
    cap: int | None
    money: Money
    price: Money
    state: str
    """past, open, coming"""
    closed_at: datetime | None
    closed_by: str
    ends_at: datetime | None


@dataclass(frozen=True)
class Paying:
    """What do they pay?"""

    tiers: list[Tier]
    bars: tuple[Bar, ...]
    open_tier: Tier | None
    next_tier: Tier | None
    free: int
    """Admissions of no tier: by voucher"""
    worth: Money
    """What the admissions that stand were sold for"""
    tickets: Money
    sponsors: Money
    refunded: Money
    total: Money
    held: int
    awaited: Money


@dataclass(frozen=True)
class Overview:
    conference: Conference
    days_left: int
    eating: Eating
    owing: Owing | None
    paying: Paying | None
    week: list[Item] = field(default_factory=list)


def make(connection: sa.Connection, conference: Conference, now: datetime, *, with_money: bool) -> Overview:
    """`with_money` for those whose roles reach it."""
    facts = Facts(connection, conference.id)
    tiers = _tiers(facts.tiers(), conference, now)
    eating = _eating(facts, conference, tiers, now)
    owing = _owing(facts, conference, now) if with_money else None
    return Overview(
        conference=conference,
        days_left=(conference.today(conference.doors_at) - conference.today(now)).days,
        eating=eating,
        owing=owing,
        paying=_paying(facts, conference, tiers) if with_money else None,
        week=this_week(facts, conference, tiers, owing.debtors if owing else [], now) if with_money else [],
    )


def name_of(row: Any) -> str:
    return str((row.name_de if language() == "de" else row.name_en) or row.name_en or row.tier_id)


def _tiers(rows: Sequence[Any], conference: Conference, now: datetime) -> list[Tier]:
    many_kinds = len({row.admission_type for row in rows}) > 1
    made: list[Tier] = []
    open_kinds: set[str] = set()
    for row in rows:
        begun = row.opened_at is not None or row.starts_at is None or row.starts_at <= now
        state = "past" if row.closed_at else "coming"
        if not row.closed_at and begun and row.admission_type not in open_kinds:
            # Of a ladder one tier is open: the first that has begun and did not close.
            open_kinds.add(row.admission_type)
            state = "open"
        name = name_of(row)
        made.append(
            Tier(
                name=f"{name} ({row.admission_type})"
                if many_kinds and row.admission_type not in name.lower()
                else name,
                sold=int(row.sold),
                comp=int(row.comp),
                cap=row.cap,
                money=conference.amount(row.money),
                price=conference.amount(row.price or 0),
                state=state,
                closed_at=row.closed_at,
                closed_by=row.closed_by or "",
                ends_at=row.ends_at,
            )
        )
    return made


def _eating(facts: Facts, conference: Conference, tiers: Sequence[Tier], now: datetime) -> Eating:
    counted, headcount, forecast = facts.standing(), facts.headcount(), facts.forecast()
    admissions = int(counted.standing)
    orders = facts.meal_orders()
    newest = orders[-1] if orders else None
    drifts = {row.meal_id: int(row.expected) - int(row.ordered) for row in facts.drifts()}
    meals = []
    counted_meals = headcount.meals if headcount else []
    names = [meal["name"] or _("Meal") for meal in counted_meals]
    for number, meal in enumerate(counted_meals):
        plates = newest.plates.get(meal["id"]) if newest else None
        name = names[number]
        if names.count(name) > 1:  # lunch on each day
            name = f"{name} {names[: number + 1].count(name)}"
        meals.append(Meal(name, meal["entitled"], meal["extra"], plates, drifts.get(meal["id"])))
    before_doors = forecast is not None and now < conference.doors_at
    return Eating(
        admissions=admissions,
        checked_in=int(counted.checked_in),
        expected=int(forecast.p50) if forecast is not None and before_doors else None,
        low=int(forecast.p05) if forecast is not None and before_doors else None,
        high=int(forecast.p95) if forecast is not None and before_doors else None,
        picture=_picture(facts.daily(), conference, tiers, forecast if before_doors else None, orders, admissions, now),
        meals=meals,
        ordered=newest,
    )


def _picture(
    daily: Sequence[tuple[date, int]],
    conference: Conference,
    tiers: Sequence[Tier],
    forecast: Any,
    orders: Sequence[Any],
    admissions: int,
    now: datetime,
) -> Timeline | None:
    if not daily:
        return None
    # A day's count stands at its end, except today's, which stands now.
    ends = [(datetime.combine(day + timedelta(days=1), time(), UTC), standing) for day, standing in daily]
    points: list[tuple[datetime, float]] = [(ends[0][0] - timedelta(days=1), 0)]
    points += [(at, standing) for at, standing in ends if at < now]
    last = min(now, conference.doors_at + timedelta(days=2))
    points.append((last, admissions))
    marks = [
        Mark(tier.closed_at, _("%(tier)s ended", tier=tier.name)) for tier in tiers if tier.closed_at and tier.sold
    ]
    deadline = next((row.deadline_at for row in orders if row.deadline_at), None)
    if deadline:
        marks.append(Mark(deadline, _("caterer's order"), "deadline"))
    if now < conference.doors_at:
        marks.append(Mark(now, _("today"), "today"))
    fan = []
    if forecast is not None:
        fan = [
            Span(last, *(float(admissions) for _percentile in range(5))),
            Span(conference.doors_at, forecast.p05, forecast.p25, forecast.p50, forecast.p75, forecast.p95),
        ]
    end = max(conference.doors_at, last)
    return charts.timeline(points, begins=points[0][0], ends=end, marks=marks, fan=fan)


def _owing(facts: Facts, conference: Conference, now: datetime) -> Owing:
    today = conference.today(now)
    invoices = facts.invoices()
    late = [(row, (today - row.due_on).days) for row in invoices if row.open > 0]
    buckets = [
        (_("paid"), sum(int(row.paid) for row in invoices), "good"),
        (_("not due"), sum(int(row.open) for row, days in late if days <= 0), "faint"),
        (_("1 to 30 days late"), sum(int(row.open) for row, days in late if 0 < days <= 30), "warn"),
        (_("31 to 60 days late"), sum(int(row.open) for row, days in late if 30 < days <= 60), "accent"),
        (_("longer"), sum(int(row.open) for row, days in late if days > 60), "ink"),
    ]
    bars = charts.stacked([Part(label, value, tone) for label, value, tone in buckets])  # type: ignore[arg-type]
    return Owing(
        overdue=conference.amount(sum(int(row.open) for row, days in late if days > 0)),
        invoiced=conference.amount(sum(int(row.total) for row in invoices)),
        open=conference.amount(sum(int(row.open) for row, _days in late)),
        bars=bars,
        figures=[conference.amount(bar.part.value) for bar in bars],
        debtors=[
            Debtor(row.sponsor, row.number, days, row.due_on, conference.amount(row.open), row.stage or 0)
            for row, days in sorted(late, key=lambda each: -each[1])
        ],
        bank_until=facts.bank_until(),
    )


def _paying(facts: Facts, conference: Conference, tiers: list[Tier]) -> Paying:
    money, orders = facts.money(), facts.orders()
    dearest = max((tier for tier in tiers if tier.state == "open"), key=lambda tier: tier.price.amount, default=None)
    place = tiers.index(dearest) if dearest else -1
    coming = [tier for tier in tiers[place + 1 :] if tier.state == "coming"] if dearest else []
    shown = [Part(tier.name, tier.sold, "accent" if tier.state == "open" else "quiet") for tier in tiers if tier.sold]
    waiting = orders.get("placed")
    tickets, refunded = money.get("tickets", 0), money.get("refund", 0)
    sponsors = money.get("sponsors", 0)
    return Paying(
        tiers=tiers,
        bars=charts.bars(shown),
        open_tier=dearest,
        next_tier=coming[0] if coming else None,
        free=int(facts.standing().standing) - sum(tier.sold for tier in tiers),
        worth=conference.amount(sum(tier.money.amount for tier in tiers)),
        tickets=conference.amount(tickets),
        sponsors=conference.amount(sponsors),
        refunded=conference.amount(refunded),
        total=conference.amount(tickets + refunded + sponsors),
        held=int(orders["held"].count) if "held" in orders else 0,
        awaited=conference.amount(waiting.total if waiting else 0),
    )
