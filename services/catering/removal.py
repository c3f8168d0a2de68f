"""Taking away what a demo conference left here. Projections stay: pages leave a removed demo out."""

from __future__ import annotations

import sqlalchemy as sa

from services.catering import tables as t
from shared.database import Transaction


def remove_conference(tx: Transaction, conference_id: str) -> int:
    """Delete its meals, forecasts, orders, caterer and timers. Returns how many rows."""
    order_ids = list(
        tx.execute(sa.select(t.orders.c.order_id).where(t.orders.c.conference_id == conference_id)).scalars()
    )
    timers = tx.database.frame.timers
    doomed = [
        sa.delete(timers).where(timers.c.subject.in_([conference_id, *order_ids])),
        sa.delete(t.sheets).where(t.sheets.c.order_id.in_(order_ids)),
        *(
            sa.delete(table).where(table.c.conference_id == conference_id)
            for table in (t.orders, t.forecasts, t.plans, t.headcounts, t.extra_eaters, t.meals, t.people)
        ),
    ]
    return sum(tx.execute(statement).rowcount for statement in doomed)
