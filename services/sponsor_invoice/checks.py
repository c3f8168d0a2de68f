"""What must hold among our own facts, for `stagedoor verify`."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from services.sponsor_invoice import tables as t


def ledger_sums_to_zero(connection: Connection) -> list[str]:
    """Each posting is two entries that add up to nothing."""
    entries = t.ledger
    wrong = connection.execute(
        select(entries.c.posting_id)
        .group_by(entries.c.posting_id)
        .having((func.sum(entries.c.amount) != 0) | (func.count() != 2))
        .limit(20)
    ).scalars()
    return [f"Posting {posting_id} of the sponsors' ledger is no pair that adds up to zero." for posting_id in wrong]


def receivables_equal_the_ledger(connection: Connection) -> list[str]:
    """What `receivables` counts is what the ledger says, invoice by invoice."""
    account = (
        select(t.ledger.c.invoice_id, func.sum(t.ledger.c.amount).label("balance"))
        .where(t.ledger.c.account == "receivable")
        .group_by(t.ledger.c.invoice_id)
        .subquery()
    )
    r, i = t.receivables, t.invoices
    counted = i.c.total - r.c.paid - r.c.corrected - r.c.written_off
    wrong = connection.execute(
        select(i.c.number)
        .join(r, r.c.invoice_id == i.c.id)
        .join(account, account.c.invoice_id == i.c.id, isouter=True)
        .where(func.coalesce(account.c.balance, 0) != counted)
        .limit(20)
    ).scalars()
    return [f"Invoice {number} and the ledger disagree on what is owed." for number in wrong]


def numbers_have_no_gap(connection: Connection) -> list[str]:
    """A series that gave out n numbers has n documents."""
    i, s = t.invoices, t.document_series
    issued = connection.execute(select(i.c.seller_id, i.c.number)).all()
    found: dict[tuple[str, str], int] = {}
    for row in issued:
        series = (row.seller_id, row.number.rsplit("-", 1)[0])
        found[series] = found.get(series, 0) + 1
    return [
        f"The series {row.prefix}-{row.year} gave out {row.last} numbers and has {found.get(key, 0)} documents."
        for row in connection.execute(select(s))
        for key in [(row.seller_id, f"{row.prefix}-{row.year}")]
        if found.get(key, 0) != row.last
    ]


CHECKS = (ledger_sums_to_zero, receivables_equal_the_ledger, numbers_have_no_gap)
