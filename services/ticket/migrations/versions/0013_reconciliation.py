"""What Stripe's list says moved, and how it compares with the ledger, whose charges name Stripe's object from now on."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Json, UtcDateTime

revision = "0013"
down_revision = "0012"
ID = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "movements",
        sa.Column("movement_id", sa.String(100), primary_key=True),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(100), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("fee", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("payout_id", sa.String(100), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
    )
    for column in ("object_id", "made_at", "conference_id"):
        op.create_index(f"ix_movements_{column}", "movements", [column])
    op.create_table(
        "reconciliations",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("time_zone", sa.String(50), nullable=False),
        sa.Column("compared_at", UtcDateTime, nullable=False),
        sa.Column("movements", sa.Integer, nullable=False),
        sa.Column("differences", Json, nullable=False),
    )
    op.execute(
        "UPDATE ledger SET stripe_id = (SELECT intent_id FROM payments WHERE payments.payment_id = ledger.payment_id) "
        "WHERE kind = 'charge' AND stripe_id = '' AND payment_id IN (SELECT payment_id FROM payments)"
    )
