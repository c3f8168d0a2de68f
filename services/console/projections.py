"""What the services said, as facts of ours: a batch at a time, one statement a table.

A row says what its event says and leaves the rest NULL; `upsert` keeps the older value there. So a row that is written twice, or in
another grouping of batches, ends the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from services.console import tables as t
from shared.database import Transaction
from shared.database.prepared import Prepared
from shared.database.upsert import Insert, insert
from shared.events import PersonErased, sponsorship, ticketing
from shared.events import catering as c
from shared.events import notification as n
from shared.wire import Envelope

Rows = Iterable[Mapping[str, Any]]
NEVER_COUNTED: Final = frozenset({"late", "doubled"})
"""Refunds of payments that no OrderPaid spoke of."""


def upsert(table: sa.Table) -> Insert:
    """Insert a row; where its key exists, take every value that is not NULL."""
    statement = insert(table)
    changed = {
        column.name: sa.func.coalesce(statement.excluded[column.name], column)
        for column in table.columns
        if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=[column.name for column in table.primary_key], set_=changed)


UPSERTS: Final = {table.name: Prepared(upsert(table)) for table in t.PROJECTION_TABLES}
SET_TIER: Final = (
    sa.update(t.tiers)
    .where(t.tiers.c.tier_id == sa.bindparam("b_tier_id"))
    .values({name: sa.bindparam(f"b_{name}") for name in ("starts_at", "ends_at", "cap")})
)


def write(tx: Transaction, table: sa.Table, rows: Rows) -> None:
    """All rows in one statement, in their order."""
    names = table.columns.keys()
    whole = [{name: row.get(name) for name in names} for row in rows]
    tx.write_each(UPSERTS[table.name], whole)


def projection(*tables: tuple[sa.Table, Callable[[Envelope[Any]], Rows]]) -> Callable[..., None]:
    """A projection that writes these tables, each from the rows that an envelope gives."""

    def record(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
        for table, rows_of in tables:
            write(tx, table, [row for envelope in envelopes for row in rows_of(envelope)])

    return record


def record_conferences(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """Conferences and their ladders, whole as they were last said."""
    write(tx, t.conferences, [_conference(envelope.event) for envelope in envelopes])
    said = [e.event for e in envelopes if not isinstance(e.event, ticketing.ConferenceCalledOff)]
    write(tx, t.tiers, [row for event in said for row in _tiers(event)])
    bounds = [
        {"b_tier_id": tier.tier_id, "b_starts_at": tier.starts_at, "b_ends_at": tier.ends_at, "b_cap": tier.cap}
        for event in said
        for tier in event.tiers
    ]
    if bounds:  # a bound that was taken away is NULL, which an upsert would keep
        tx.execute(SET_TIER, bounds)


def _conference(event: Any) -> dict[str, Any]:
    if isinstance(event, ticketing.ConferenceCalledOff):
        return {"conference_id": event.conference_id, "called_off": True}
    plain = ("conference_id", "slug", "name", "place", "time_zone", "currency", "capacity", "doors_at", "is_demo")
    return {
        **{name: getattr(event, name) for name in plain},
        "admission_types": {each.code: {"en": each.name_en, "de": each.name_de} for each in event.admission_types},
    }


def _tiers(event: Any) -> Rows:
    for place, tier in enumerate(event.tiers):
        yield {
            "tier_id": tier.tier_id,
            "conference_id": event.conference_id,
            "place": place,
            "admission_type": tier.admission_type,
            "name_en": tier.name_en,
            "name_de": tier.name_de,
            "price": tier.price.amount,
        }


def _transition(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    row = {"tier_id": event.tier_id, "conference_id": event.conference_id}
    match event:
        case ticketing.TierOpened():
            row["opened_at"] = event.opened_at
        case ticketing.TierClosed():
            row |= {"closed_at": event.closed_at, "closed_by": event.reason}
        case ticketing.TierChanged():
            row["ends_at"] = event.new_ends_at
        case ticketing.TierEndingSoon():
            row["warned_at"] = envelope.time
    yield row


def _quota(envelope: Envelope[ticketing.QuotaChanged]) -> Rows:
    yield _plain(envelope.event, "quota_id", "conference_id", "name", "capacity")


STATES: Final[dict[type[Any], str]] = {
    ticketing.OrderHeld: "held",
    ticketing.OrderPlaced: "placed",
    ticketing.OrderPaid: "paid",
    ticketing.OrderLapsed: "lapsed",
    ticketing.OrderCancelled: "cancelled",
}


def _order(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    total = getattr(event, "total", None)
    yield {
        **_plain(event, "order_id", "conference_id", "reference"),
        "state": STATES[type(event)],
        "total": total.amount if total else None,
        "until": getattr(event, "hold_expires_at", None) or getattr(event, "pay_by", None),
        "said_at": envelope.time,
    }


def _ticket_money(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    if isinstance(event, ticketing.OrderPaid):
        yield _money(event, f"{event.order_id}:paid", "tickets", event.total.amount, event.paid_at)
    elif isinstance(event, ticketing.PaymentRefunded) and event.reason not in NEVER_COUNTED:
        # One payment may go back in parts: each is an event of its own.
        yield _money(event, envelope.id, "refund", -event.amount.amount, event.refunded_at)


def _money(event: Any, fact_id: str, kind: str, amount: int, at: object) -> dict[str, Any]:
    return {"fact_id": fact_id, "conference_id": event.conference_id, "kind": kind, "amount": amount, "at": at}


def _claim(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    kind = "dispute" if isinstance(event, (ticketing.DisputeOpened, ticketing.DisputeClosed)) else "refund"
    state = "open" if isinstance(event, (ticketing.DisputeOpened, ticketing.RefundRequested)) else "done"
    if isinstance(event, ticketing.DisputeClosed):
        state = event.outcome[:40] or "done"
    subject = getattr(event, "refund_id", "") or event.payment_id
    row = {"claim_id": f"{kind}:{subject}", "conference_id": event.conference_id, "kind": kind}
    yield {**row, "state": state, "amount": event.amount.amount}


def _admission(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    row: dict[str, Any] = _plain(event, "admission_id", "conference_id", "admission_type")
    match event:
        case ticketing.AdmissionIssued():
            row |= {"tier_id": event.tier_id, "price": event.price.amount, "comp": event.comp}
            row |= {"issued_on": event.issued_at.date(), "standing": True, "checked_in": False}
        case ticketing.AdmissionCancelled():
            row |= {"standing": False, "left_on": event.cancelled_at.date()}
        case ticketing.AdmissionReinstated():
            row["standing"] = True
        case ticketing.AdmissionCheckedIn():
            row["checked_in"] = True
        case ticketing.AdmissionCheckInUndone():
            row["checked_in"] = False
    yield row


def _lot(envelope: Envelope[ticketing.VoucherIssued]) -> Rows:
    yield _plain(envelope.event, "lot_id", "conference_id", "admission_type", "count")


def _use(envelope: Envelope[Any]) -> Rows:
    used = envelope.event.count if isinstance(envelope.event, ticketing.VoucherRedeemed) else 0
    yield {**_plain(envelope.event, "lot_id", "order_id", "conference_id"), "used": used}


def _waits(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    states = {ticketing.WaitlistJoined: "waits", ticketing.WaitlistOffered: "offered"}
    row = _plain(event, "entry_id", "conference_id", "admission_type")
    yield {**row, "state": states.get(type(event), "lapsed"), "until": getattr(event, "offer_expires_at", None)}


def _sponsorship(envelope: Envelope[sponsorship.SponsorshipSigned]) -> Rows:
    event = envelope.event
    row = _plain(event, "sponsorship_id", "conference_id", "sponsor", "package", "in_kind", "signed_on")
    yield {**row, "price": event.price.amount}


def _invoice(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    row: dict[str, Any] = _plain(event, "invoice_id", "conference_id", "sponsor", "number")
    match event:
        case sponsorship.InvoiceIssued():
            row |= {"issued_on": event.issued_on, "due_on": event.due_on, "total": event.total.amount}
        case sponsorship.InvoicePaid():
            row["paid_on"] = event.paid_on
        case sponsorship.InvoiceOverdue():
            row["stage"] = event.stage
    yield row


def _settled(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    match event:
        case sponsorship.PaymentRecorded():
            fact_id, kind = event.payment_id, "payment"
        case sponsorship.InvoiceCorrected():
            fact_id, kind = event.correction_id, "correction"
        case _:
            fact_id, kind = f"{event.invoice_id}:written_off", "written_off"
    row = {"fact_id": fact_id, "invoice_id": event.invoice_id, "conference_id": event.conference_id}
    yield {**row, "kind": kind, "amount": event.amount.amount}


def _sponsor_money(envelope: Envelope[Any]) -> Rows:
    if isinstance(envelope.event, sponsorship.PaymentRecorded):
        yield _money(envelope.event, envelope.event.payment_id, "sponsors", envelope.event.amount.amount, envelope.time)


def _benefit(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    granted = isinstance(event, sponsorship.BenefitGranted)
    row = _plain(event, "benefit_id", "conference_id")
    yield {
        **row,
        "standing": granted,
        "kind": event.kind if granted else None,
        "count": event.count if granted else None,
    }


def _bank(envelope: Envelope[sponsorship.BankConfirmed]) -> Rows:
    yield _plain(envelope.event, "account_id", "until")


def _transfer(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    kind = "matched" if isinstance(event, sponsorship.TransferMatched) else "refund"
    row = _plain(event, "transfer_id", "conference_id", "order_reference", "booked_on")
    yield {**row, "kind": kind, "amount": event.amount.amount}


def _headcount(envelope: Envelope[c.HeadcountChanged]) -> Rows:
    event = envelope.event
    # A list: the meals stand in the order of their serving times.
    meals = [
        {"id": meal.meal_id, "name": event.names.get(meal.meal_id, ""), "entitled": meal.entitled, "extra": meal.extra}
        for meal in event.meals
    ]
    yield {**_plain(event, "conference_id", "admissions"), "meals": meals}


def _forecast(envelope: Envelope[c.ForecastUpdated]) -> Rows:
    event = envelope.event
    row = _plain(event, "conference_id", "forecast_at", "admissions", "reason")
    yield {**row, **_plain(event.at_doors, "p05", "p25", "p50", "p75", "p95")}


def _meal_order(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    times = {c.MealsProposed: "proposed_at", c.MealsOrdered: "ordered_at", c.MealsAmended: "amended_at"}
    yield {
        **_plain(event, "conference_id", "headcount"),
        **_plain(event.forecast, "p05", "p50", "p95"),
        "number": getattr(event, "number", 0),
        "at": getattr(event, times[type(event)]),
        "deadline_at": getattr(event, "deadline_at", None),
        "plates": {meal.meal_id: meal.plates for meal in event.plates},
    }


def _drift(envelope: Envelope[c.PlatesDrifted]) -> Rows:
    yield _plain(envelope.event, "order_id", "meal_id", "conference_id", "ordered", "expected", "tolerance")


def _message(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    row = _plain(event, "message_id", "conference_id", "rule")
    if isinstance(event, n.MessageSent):
        yield {**row, "state": "sent", "reason": "", "at": event.sent_at}
    else:
        yield {**row, "state": "failed", "reason": event.reason[:300], "at": event.failed_at}


def _act(envelope: Envelope[Any]) -> Rows:
    event = envelope.event
    row = {"event_id": envelope.id, "conference_id": event.conference_id, "at": envelope.time}
    row["service"] = envelope.source.strip("/")
    if isinstance(event, PersonErased):
        yield {**row, "staff_id": envelope.actor, "action": "person_erased", "subject": event.person, "facts": {}}
    elif isinstance(event, ticketing.LinksRequested):
        yield {**row, "staff_id": envelope.actor, "action": "links_requested", "subject": event.person, "facts": {}}
    elif isinstance(event, ticketing.TicketRequested):
        subject = event.admission_id
        yield {**row, "staff_id": envelope.actor, "action": "ticket_requested", "subject": subject, "facts": {}}
    elif isinstance(event, ticketing.InvitationSent):
        subject = event.invitation_id
        yield {**row, "staff_id": envelope.actor, "action": "invitation_sent", "subject": subject, "facts": {}}
    elif isinstance(event, ticketing.NamesMissing):
        facts = {"count": str(event.count)}
        yield {**row, "staff_id": envelope.actor, "action": "names_missing", "subject": event.order_id, "facts": facts}
    else:
        subject, facts = event.subject[:200], dict(event.facts)
        yield {**row, "staff_id": event.staff_id, "action": event.action[:100], "subject": subject, "facts": facts}


def _plain(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


record_tiers = projection((t.tiers, _transition))
record_quotas = projection((t.quotas, _quota))
record_orders = projection((t.orders, _order), (t.money, _ticket_money))
record_claims = projection((t.claims, _claim), (t.money, _ticket_money))
record_admissions = projection((t.admissions, _admission))
record_lots = projection((t.voucher_lots, _lot))
record_uses = projection((t.voucher_uses, _use))
record_waiting = projection((t.waiting, _waits))
record_sponsorships = projection((t.sponsorships, _sponsorship))
record_invoices = projection((t.invoices, _invoice))
record_settlements = projection((t.settlements, _settled), (t.money, _sponsor_money))
record_benefits = projection((t.benefits, _benefit))
record_bank = projection((t.bank, _bank))
record_transfers = projection((t.transfers, _transfer))
record_headcounts = projection((t.headcounts, _headcount))
record_forecasts = projection((t.forecasts, _forecast))
record_meal_orders = projection((t.meal_orders, _meal_order))
record_drifts = projection((t.drifts, _drift))
record_messages = projection((t.messages, _message))
record_acts = projection((t.audit, _act))
