"""'What must go out this week?': what the facts say is due within seven days, or overdue, and where it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.console.reading import Facts
from shared.web.i18n import day, moment, money, ngettext
from shared.web.i18n import gettext as _

if TYPE_CHECKING:
    from services.console.overview import Conference, Debtor, Tier

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Item:
    """Something to do or to know: `when` in words, `where` a page."""

    what: str
    when: str
    where: str
    urgent: bool = False


def this_week(
    facts: Facts, conference: Conference, tiers: Sequence[Tier], debtors: Sequence[Debtor], now: datetime
) -> list[Item]:
    """Urgent things first, then by time."""
    return [
        *_reminders(facts, debtors),
        *_tickets(facts, conference),
        *_mails(facts),
        *_plates(facts, conference, now),
        *_prices(conference, tiers, now),
        *_invoices(debtors),
    ]


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
        items.append(Item(what, _when(placed.first, conference), "/organise"))
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
    if orders and not ordered and now < conference.doors_at:
        items.append(Item(_("The caterer's order goes out"), _when(orders[0].deadline_at, conference), "/catering"))
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
        Item(_("%(tier)s ends, the price rises", tier=tier.name), _when(tier.ends_at, conference), "/organise")
        for tier in sorted(soon, key=lambda tier: (tier.ends_at is None, tier.ends_at))
    ]


def _invoices(debtors: Sequence[Debtor]) -> list[Item]:
    soon = [debtor for debtor in debtors if -7 <= debtor.days_late <= 0]
    return [
        Item(_("The invoice of %(sponsor)s falls due", sponsor=debtor.sponsor), day(debtor.due_on), "/finance")
        for debtor in sorted(soon, key=lambda debtor: -debtor.days_late)
    ]


def _when(at: datetime | None, conference: Conference) -> str:
    return moment(at, conference.zone) if at else ""
