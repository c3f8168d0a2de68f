"""What pages and other services ask: read only, nothing is locked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, case, func, select

from services.sponsor_invoice import owed as owed_store
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain.aging import days_overdue
from services.sponsor_invoice.domain.dunning import WaitsFor
from services.sponsor_invoice.domain.sponsorship import Package
from services.sponsor_invoice.store import package_of
from shared.money import Money

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Debt:
    """One invoice as it stands today."""

    invoice_id: str
    number: str
    sponsorship_id: str
    sponsor: str
    package: str
    issued_on: date
    due_on: date
    total: Money
    paid: Money
    open: Money
    overpaid: Money
    state: str
    days_overdue: int
    promised_until: date | None
    reminders: int


@dataclass(frozen=True, slots=True)
class Step:
    """A reminder that waits (`waits_for`), or will fall due (then `waits_for` is None)."""

    invoice_id: str
    number: str
    sponsorship_id: str
    conference_id: str
    account_id: str
    sponsor: str
    stage: int
    on: date
    open: Money
    waits_for: WaitsFor | None
    promised_until: date | None


def conferences(connection: Connection) -> list[Row[Any]]:
    """All that are known, the newest first."""
    order = (t.conferences.c.doors_at.desc(), t.conferences.c.conference_id)
    removed = t.conferences.c.is_demo & t.conferences.c.called_off
    return list(connection.execute(select(t.conferences).where(~removed).order_by(*order)).all())


_RELEASED = (
    select(t.reminders.c.invoice_id, func.count().label("released"))
    .where(t.reminders.c.state == "released")
    .group_by(t.reminders.c.invoice_id)
    .subquery()
)
_DEBTS = (
    select(
        t.invoices, t.receivables, t.sponsorships.c.package, func.coalesce(_RELEASED.c.released, 0).label("released")
    )
    .join(t.receivables, t.receivables.c.invoice_id == t.invoices.c.id)
    .join(t.sponsorships, t.sponsorships.c.id == t.invoices.c.sponsorship_id)
    .join(_RELEASED, _RELEASED.c.invoice_id == t.invoices.c.id, isouter=True)
    .order_by(t.invoices.c.due_on, t.invoices.c.number)
)


def debts(connection: Connection, conference_id: str, today: date) -> list[Debt]:
    """Every invoice of a conference, the one that is due first at the top."""
    rows = connection.execute(_DEBTS.where(t.invoices.c.conference_id == conference_id))
    return [_debt(row, today) for row in rows]


def debts_of(connection: Connection, sponsorship_id: str, today: date) -> list[Debt]:
    """Every invoice of a sponsorship: more than one where one was cancelled."""
    rows = connection.execute(_DEBTS.where(t.invoices.c.sponsorship_id == sponsorship_id))
    return [_debt(row, today) for row in rows]


def _debt(row: Row[Any], today: date) -> Debt:
    balance = row.total - row.paid - row.corrected - row.written_off
    return Debt(
        invoice_id=row.id,
        number=row.number,
        sponsorship_id=row.sponsorship_id,
        sponsor=row.sponsor,
        package=row.package,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total=Money(row.total, row.currency),
        paid=Money(row.paid, row.currency),
        open=Money(max(balance, 0), row.currency),
        overpaid=Money(max(-balance, 0), row.currency),
        state=row.state,
        days_overdue=days_overdue(row.due_on, today) if row.state == "open" else 0,
        promised_until=row.promised_until,
        reminders=row.released,
    )


def steps(connection: Connection, conference_ids: Collection[str], now_on: dict[str, date]) -> list[Step]:
    """Reminders that wait, then those that fall due within a week. `now_on` is each conference's today."""
    r = t.receivables
    open_ids = select(r.c.invoice_id).where(r.c.conference_id.in_(list(conference_ids)), r.c.state == "open")
    found = []
    for invoice_id in sorted(connection.execute(open_ids).scalars()):
        owed = owed_store.load(connection, invoice_id)
        invoice, dunning = owed.invoice, owed.dunning
        today = now_on[invoice.conference_id]
        waiting, next_on = dunning.prepared, dunning.next_on()
        if waiting is None and (next_on is None or next_on > today + WEEK):
            continue
        found.append(
            Step(
                invoice_id=invoice_id,
                number=invoice.number,
                sponsorship_id=invoice.sponsorship_id,
                conference_id=invoice.conference_id,
                account_id=owed.account_id,
                sponsor=invoice.sponsor,
                stage=waiting.stage if waiting else len(dunning.reminders) + 1,
                on=waiting.prepared_on if waiting else next_on or today,
                open=owed.receivable.open,
                waits_for=dunning.waits_for(today),
                promised_until=dunning.promised_until,
            )
        )
    return sorted(found, key=lambda step: (step.waits_for is None, step.on, step.number))


def packages(connection: Connection, conference_id: str) -> list[tuple[Package, int]]:
    """Each package with how many of it are taken, the dearest first."""
    held = (
        select(t.sponsorships.c.package_id, func.count().label("taken"))
        .where(t.sponsorships.c.ended.is_(False))
        .group_by(t.sponsorships.c.package_id)
        .subquery()
    )
    rows = connection.execute(
        select(t.packages, func.coalesce(held.c.taken, 0).label("taken"))
        .join(held, held.c.package_id == t.packages.c.id, isouter=True)
        .where(t.packages.c.conference_id == conference_id)
        .order_by(t.packages.c.price.desc(), t.packages.c.name, t.packages.c.id)
    )
    return [(package_of(row), row.taken) for row in rows]


def sponsorships(connection: Connection, conference_id: str) -> list[Row[Any]]:
    """What was signed for a conference, by sponsor."""
    held = t.sponsorships
    return list(
        connection.execute(
            select(held).where(held.c.conference_id == conference_id).order_by(held.c.sponsor, held.c.id)
        ).all()
    )


def vouchers_used(connection: Connection, benefit_ids: Collection[str]) -> dict[str, int]:
    """How many of the vouchers of each benefit are in use now."""
    lots, uses = t.voucher_lots, t.voucher_uses
    rows = connection.execute(
        select(lots.c.benefit_id, func.sum(uses.c.count).label("used"))
        .join(uses, uses.c.lot_id == lots.c.lot_id)
        .where(lots.c.benefit_id.in_(list(benefit_ids)))
        .group_by(lots.c.benefit_id)
    )
    return {row.benefit_id: int(row.used) for row in rows}


def of_invoices(connection: Connection, table: Any, invoice_ids: Collection[str], order: Any) -> list[Row[Any]]:
    """Rows of `payments`, `reminders`, `promises` of these invoices."""
    chosen = select(table).where(table.c.invoice_id.in_(list(invoice_ids))).order_by(order)
    return list(connection.execute(chosen).all())


def corrections(connection: Connection, sponsorship_id: str) -> list[Row[Any]]:
    """The Stornorechnungen of a sponsorship."""
    i = t.invoices
    chosen = select(i).where(i.c.sponsorship_id == sponsorship_id, i.c.kind == "cancellation").order_by(i.c.number)
    return list(connection.execute(chosen).all())


def document(connection: Connection, invoice_id: str) -> bytes | None:
    """The kept sheet; None while it is being set."""
    kept = select(t.documents.c.content).where(t.documents.c.invoice_id == invoice_id)
    return connection.execute(kept).scalar_one_or_none()


def ticket_cash(connection: Connection, conference_id: str, currency: str) -> Money:
    """What tickets brought in so far, less what went back."""
    cash = t.ticket_cash
    summed = select(func.coalesce(func.sum(cash.c.amount), 0)).where(
        cash.c.conference_id == conference_id, cash.c.currency == currency
    )
    return Money(int(connection.execute(summed).scalar_one()), currency)


def summary(connection: Connection, conference_id: str) -> dict[str, int]:
    """Counts of invoices that stand (issued, paid, uncollected: open or written off) and of reminders that went out."""
    r = t.receivables
    counted = connection.execute(
        select(
            func.count().label("issued"),
            func.coalesce(func.sum(case((r.c.state == "paid", 1), else_=0)), 0).label("paid"),
            func.coalesce(func.sum(case((r.c.state.in_(["open", "written_off"]), 1), else_=0)), 0).label("uncollected"),
        ).where(r.c.conference_id == conference_id, r.c.state != "cancelled")
    ).one()
    reminded = connection.execute(
        select(func.count())
        .select_from(t.reminders.join(r, r.c.invoice_id == t.reminders.c.invoice_id))
        .where(r.c.conference_id == conference_id, t.reminders.c.state == "released")
    ).scalar_one()
    return {
        "issued": int(counted.issued),
        "paid": int(counted.paid),
        "overdue_reminders": int(reminded),
        "uncollected": int(counted.uncollected),
    }


def ledger_sum(connection: Connection) -> int:
    """Zero, always."""
    return int(connection.execute(select(func.coalesce(func.sum(t.ledger.c.amount), 0))).scalar_one())
