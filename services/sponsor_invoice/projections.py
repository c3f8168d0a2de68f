"""What the ticket service says, as facts of ours: conferences, vouchers used, cash that tickets brought in.

Rows are keyed by their event's own number, so that an event that comes again writes the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, update

from services.sponsor_invoice import tables as t
from shared.database import Transaction
from shared.database.upsert import insert
from shared.events.ticketing import (
    ConferenceCalledOff,
    OrderPaid,
    PaymentRefunded,
    VoucherIssued,
    VoucherRedeemed,
)
from shared.wire import Envelope

NEVER_COUNTED: Final = frozenset({"late", "doubled"})
"""Refunds of payments that no OrderPaid spoke of."""

_SAVE_CONFERENCE = insert(t.conferences)
_SAVE_CONFERENCE = _SAVE_CONFERENCE.on_conflict_do_update(
    index_elements=["conference_id"],
    set_={
        c.name: _SAVE_CONFERENCE.excluded[c.name]
        for c in t.conferences.c
        if c.name not in ("conference_id", "called_off")
    },
)
_CALL_OFF = update(t.conferences).where(t.conferences.c.conference_id == bindparam("b_id")).values(called_off=True)
_ADD_LOT = insert(t.voucher_lots).on_conflict_do_nothing()
_ADD_USE = insert(t.voucher_uses).on_conflict_do_nothing()
_ADD_CASH = insert(t.ticket_cash).on_conflict_do_nothing()


def record_conferences(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """Know each conference as it is now."""
    newest = {e.event.conference_id: e.event for e in envelopes if not isinstance(e.event, ConferenceCalledOff)}
    rows = [
        {
            "conference_id": event.conference_id,
            "slug": event.slug,
            "name": event.name,
            "place": event.place,
            "time_zone": event.time_zone,
            "currency": event.currency,
            "days": [day.isoformat() for day in event.days],
            "doors_at": event.doors_at,
            "seller": event.seller,
            "admission_types": [
                {"code": each.code, "name_en": each.name_en, "name_de": each.name_de} for each in event.admission_types
            ],
            "is_demo": event.is_demo,
            "called_off": False,
        }
        for event in newest.values()
    ]
    if rows:
        tx.execute(_SAVE_CONFERENCE, rows)
    called_off = [{"b_id": e.event.conference_id} for e in envelopes if isinstance(e.event, ConferenceCalledOff)]
    if called_off:
        tx.execute(_CALL_OFF, called_off)


def count_vouchers(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """How many of a sponsor's vouchers were used: each use and each return is a row."""
    issued = [e.event for e in envelopes if isinstance(e.event, VoucherIssued) and e.event.benefit_id]
    if issued:
        tx.execute(
            _ADD_LOT,
            [
                {
                    "lot_id": event.lot_id,
                    "conference_id": event.conference_id,
                    "benefit_id": event.benefit_id,
                    "count": event.count,
                }
                for event in issued
            ],
        )
    uses = [
        {
            "lot_id": e.event.lot_id,
            "sequence": e.sequence,
            "count": e.event.count if isinstance(e.event, VoucherRedeemed) else -e.event.count,
        }
        for e in envelopes
        if not isinstance(e.event, VoucherIssued)
    ]
    if uses:
        tx.execute(_ADD_USE, uses)


def count_cash(envelopes: Sequence[Envelope[Any]], tx: Transaction) -> None:
    """What tickets brought in, and what went back of it."""
    rows = [
        {
            "order_id": e.event.order_id,
            "sequence": e.sequence,
            "conference_id": e.event.conference_id,
            "amount": e.event.total.amount if isinstance(e.event, OrderPaid) else -e.event.amount.amount,
            "currency": e.event.total.currency if isinstance(e.event, OrderPaid) else e.event.amount.currency,
        }
        for e in envelopes
        if not (isinstance(e.event, PaymentRefunded) and e.event.reason in NEVER_COUNTED)
    ]
    rows = [row for row in rows if row["amount"]]
    if rows:
        tx.execute(_ADD_CASH, rows)
