"""'What must go out this week?': what the facts say is due within seven days, or overdue, and where it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.console.reading import Facts
from shared.web.i18n import day, moment, money, ngettext
from shared.web.i18n import gettext as _

if TYPE_CHECKING:
    from services.console.overview import Conference, Debtor, Tier

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Item:
    """Something to do or to know: `note` says when or why, `where` is a page. Urgent is what is late or failed."""

    what: str
    note: str
    where: str
    at: datetime | None = None
    urgent: bool = False


def this_week(
    facts: Facts, conference: Conference, tiers: Sequence[Tier], debtors: Sequence[Debtor], now: datetime
) -> list[Item]:
    """Urgent things first, then by time, then what has none."""
    items = [
        *_reminders(facts, debtors),
        *_tickets(facts, conference),
        *_mails(facts),
        *_plates(facts, conference, now),
        *_prices(conference, tiers, now),
        *_invoices(conference, debtors),
    ]
    return sorted(items, key=lambda item: (not item.urgent, item.at is None, item.at or now))


def _reminders(facts: Facts, debtors: Sequence[Debtor]) -> list[Item]:
    late = [debtor for debtor in debtors if debtor.days_late > 0]
    if not late:
        return []
    until = facts.bank_until()
    confirmed = _("the bank is confirmed until %(day)s", day=day(until)) if until else _("confirm the bank first")
    what = ngettext(
        "%(num)s sponsor has not paid: look after the reminder",
        "%(num)s sponsors have not paid: look after the reminders",
        len(late),
    )
    return [Item(what, confirmed, "/finance", urgent=True)]


def _tickets(facts: Facts, conference: Conference) -> list[Item]:
    items = []
    claims, orders, waiting = facts.claims(), facts.orders(), facts.waiting()
    if refund := claims.get("refund"):
        what = ngettext("%(num)s refund has not gone out yet", "%(num)s refunds have not gone out yet", refund.count)
        items.append(Item(what, money(conference.amount(refund.amount)), "/organise", urgent=True))
    if dispute := claims.get("dispute"):
        what = ngettext(
            "%(num)s payment is disputed: answer it", "%(num)s payments are disputed: answer them", dispute.count
        )
        items.append(Item(what, money(conference.amount(dispute.amount)), "/organise", urgent=True))
    if placed := orders.get("placed"):
        what = ngettext("%(num)s order waits for its transfer", "%(num)s orders wait for their transfers", placed.count)
        items.append(Item(what, _when(placed.first, conference), "/organise", placed.first))
    if waiting.get("waits"):
        what = ngettext(
            "%(num)s person is on the waiting list", "%(num)s people are on the waiting list", waiting["waits"]
        )
        items.append(Item(what, "", "/organise"))
    return items


def _mails(facts: Facts) -> list[Item]:
    failed = facts.failed_mails()
    if not failed:
        return []
    what = ngettext("%(num)s mail was not delivered", "%(num)s mails were not delivered", failed)
    return [Item(what, _("correct and send again"), "/mail", urgent=True)]


def _plates(facts: Facts, conference: Conference, now: datetime) -> list[Item]:
    orders: Sequence[Any] = facts.meal_orders()
    ordered = [row for row in orders if row.number > 0]
    items = []
    deadline = orders[0].deadline_at if orders and not ordered else None
    if deadline and deadline - now < WEEK:
        items.append(Item(_("The caterer's order goes out"), _when(deadline, conference), "/catering", deadline))
    drifts = len(facts.drifts())
    if drifts and now < conference.doors_at:
        what = ngettext(
            "%(num)s meal drifted away from what was ordered: amend the order",
            "%(num)s meals drifted away from what was ordered: amend the order",
            drifts,
        )
        items.append(Item(what, "", "/catering", urgent=True))
    return items


def _prices(conference: Conference, tiers: Sequence[Tier], now: datetime) -> list[Item]:
    soon = [tier for tier in tiers if tier.state == "open" and tier.ends_at and now < tier.ends_at <= now + WEEK]
    return [
        Item(
            _("%(tier)s ends, the price rises", tier=tier.name),
            _when(tier.ends_at, conference),
            "/organise",
            tier.ends_at,
        )
        for tier in soon
    ]


def _invoices(conference: Conference, debtors: Sequence[Debtor]) -> list[Item]:
    zone = ZoneInfo(conference.zone)
    return [
        Item(
            _("The invoice of %(sponsor)s falls due", sponsor=debtor.sponsor),
            day(debtor.due_on),
            "/finance",
            datetime.combine(debtor.due_on, time(), zone),
        )
        for debtor in debtors
        if -7 <= debtor.days_late <= 0
    ]


def _when(at: datetime | None, conference: Conference) -> str:
    return moment(at, conference.zone) if at else ""
