"""What came of a rehearsal: the one JSON line, counted from the topics and from the services' own facts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from infra.rehearsal.play import Play
from infra.rehearsal.stage import MailSink, Stage
from infra.rehearsal.told import Told
from infra.services import services
from services.sponsor_invoice.tables import ledger as sponsor_ledger
from services.ticket.app import SERVICE as TICKET
from services.ticket.domain.waitlist import Waiting
from services.ticket.store.billing_tables import documents
from services.ticket.store.tables import ledger as ticket_ledger
from services.ticket.store.tables import waiting
from shared.events.catering import MealsOrdered
from shared.events.notification import MessageSent
from shared.events.sponsorship import InvoiceIssued, InvoiceOverdue, InvoicePaid
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionCheckedIn,
    AdmissionCheckInUndone,
    AdmissionIssued,
    AdmissionReinstated,
    PaymentRefunded,
    TierClosed,
    TierOpened,
)
from shared.rebuild import rebuild
from shared.verify import missed

PERCENTILES = ("p05", "p25", "p50", "p75", "p95")
LEDGERS = {"ticket": ticket_ledger, "sponsor_invoice": sponsor_ledger}


def outcome(play: Play, told: Told, sink: MailSink, stack: str, began: float) -> dict[str, Any]:
    """The line. `began` is what the monotonic clock said. Rebuilds every projection, so it comes last."""
    stage = play.stage
    issued = told.of(AdmissionIssued)
    bought = {event.admission_id for event in issued if not event.comp}
    given_back = [event for event in told.of(AdmissionCancelled) if event.admission_id in bought]
    sent = [(event.rule, event.subject, event.occurrence) for event in told.of(MessageSent)]
    return {
        "sold": len(bought),
        "cancelled": len(given_back),
        "attending": len(bought) - len(given_back),
        "comp": sum(event.comp for event in issued),
        "oversold": max(0, most_at_once(told) - play.script.scenery.plan.capacity),
        "tiers": tiers(told),
        "mails": dict(sorted(Counter(rule for rule, _, _ in sent).items())),
        "mails_doubled": max(len(sent), len(sink.mails)) - len(set(sent)),
        "refunds": len(told.of(PaymentRefunded)),
        "waitlist_served": waitlist_served(stage),
        "checked_in": len(told.of(AdmissionCheckedIn)) - len(told.of(AdmissionCheckInUndone)),
        "invoices": invoices(told),
        "invoices_tickets": invoices_tickets(stage),
        "headcount": headcount(play, told),
        "ledger_sum": ledger_sum(stage),
        "projections_equal_rebuild": projections_equal_rebuild(stage),
        "events_published": told.count,
        "events_missed": events_missed(stage),
        "stack": stack,
        "wall_seconds": round(time.monotonic() - began, 1),
    }


def as_line(facts: dict[str, Any]) -> str:
    return msgspec.json.encode(facts).decode()


def tiers(told: Told) -> list[dict[str, Any]]:
    """In the order in which they opened. `sold` counts admissions, those given back later included."""
    closed = {event.tier_id: event for event in told.of(TierClosed)}
    sold = Counter(event.tier_id for event in told.of(AdmissionIssued))
    opened = sorted(told.of(TierOpened), key=lambda event: (event.opened_at, event.admission_type))
    return [
        {
            "name": event.name,
            "opened_at": _written(event.opened_at),
            "closed_at": _written(closed[event.tier_id].closed_at) if event.tier_id in closed else None,
            "reason": closed[event.tier_id].reason if event.tier_id in closed else None,
            "sold": sold[event.tier_id],
        }
        for event in opened
    ]


def invoices(told: Told) -> dict[str, int]:
    """`uncollected`: issued and not paid, written off or not."""
    issued = {event.invoice_id for event in told.of(InvoiceIssued)}
    paid = {event.invoice_id for event in told.of(InvoicePaid)}
    return {
        "issued": len(issued),
        "paid": len(paid),
        "overdue_reminders": len(told.of(InvoiceOverdue)),
        "uncollected": len(issued - paid),
    }


def waitlist_served(stage: Stage) -> int:
    """Who waited, was offered a place and took it."""
    accepted = sa.select(sa.func.count()).where(waiting.c.state == Waiting.ACCEPTED.value)
    with stage.runtime.database(TICKET).reading() as connection:
        return int(connection.execute(accepted).scalar_one())


def invoices_tickets(stage: Stage) -> int:
    """Invoices about tickets, those taken back later included."""
    invoices = sa.select(sa.func.count()).where(documents.c.kind == "invoice")
    with stage.runtime.database(TICKET).reading() as connection:
        return int(connection.execute(invoices).scalar_one())


def headcount(play: Play, told: Told) -> dict[str, Any]:
    """`at_order`: admissions when the caterer's order was frozen; `ordered`: how many it was made for, its forecast's middle."""
    ordered = next(iter(told.of(MealsOrdered)), None)
    return {
        "at_order": ordered.headcount if ordered else None,
        "ordered": ordered.forecast.p50 if ordered else None,
        "at_doors": play.seen.at_doors,
        "forecasts": [
            {"days_before": days, **{name: getattr(expected, name) for name in PERCENTILES}}
            for days, expected in play.seen.forecasts
        ],
    }


def most_at_once(told: Told) -> int:
    """The most admissions that ever stood at the same time."""
    standing = most = 0
    for envelope in told.with_time((AdmissionIssued, AdmissionReinstated, AdmissionCancelled)):
        standing += -1 if isinstance(envelope.event, AdmissionCancelled) else 1
        most = max(most, standing)
    return most


def ledger_sum(stage: Stage) -> int:
    """Zero if each of the ledgers sums to zero: their signs cannot make up for one another."""
    total = 0
    for service in services():
        if (table := LEDGERS.get(service.name)) is not None:
            with stage.runtime.database(service).reading() as connection:
                total += abs(
                    int(connection.execute(sa.select(sa.func.coalesce(sa.func.sum(table.c.amount), 0))).scalar_one())
                )
    return total


def projections_equal_rebuild(stage: Stage) -> bool:
    runtime = stage.runtime
    made = [
        rebuild(service, runtime.database(service), runtime.log) for service in services() if service.projection_tables
    ]
    return all(each.equal for each in made)


def events_missed(stage: Stage) -> int:
    declared = services()
    databases = {service.name: stage.runtime.database(service) for service in declared}
    return len(missed(declared, databases, stage.now, timedelta(0)))


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sums_differ(facts: dict[str, Any], sold: int, cancelled: int) -> Sequence[str]:
    """Sentences about a rehearsal that did not end as it must; for people, on standard error."""
    wanted = {
        "sold": sold,
        "cancelled": cancelled,
        "attending": sold - cancelled,
        "oversold": 0,
        "mails_doubled": 0,
        "ledger_sum": 0,
        "projections_equal_rebuild": True,
        "events_missed": 0,
    }
    return [f"{name} is {facts[name]}, it must be {value}" for name, value in wanted.items() if facts[name] != value]
