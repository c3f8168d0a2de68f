"""What use cases that need the network work with, and what staff's ones leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.ticket.payments import Payments
from shared.database import Database, Transaction
from shared.events import StaffActed


@dataclass(frozen=True)
class Context:
    """`base_url` is where buyers reach us, for Stripe's way back."""

    database: Database
    payments: Payments
    base_url: str


def record_staff_act(
    tx: Transaction,
    staff_id: str,
    action: str,
    subject: str,
    conference_id: str,
    facts: Mapping[str, str] | None = None,
) -> None:
    """For the audit trail; `facts` bear no personal data."""
    tx.publish(
        StaffActed(
            conference_id=conference_id, staff_id=staff_id, action=action, subject=subject, facts=dict(facts or {})
        )
    )
