"""Parts of orders are given back, by steps of a policy; refunds are rows of their own; disputes are kept."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
ID = sa.String(40)


def upgrade() -> None:
    op.add_column("admissions", sa.Column("cancelled_at", UtcDateTime, nullable=True))
    op.add_column("conferences", sa.Column("cancellation", Json, nullable=False, server_default="[[0, 100]]"))
    with op.batch_alter_table("ledger") as ledger:
        ledger.alter_column("kind", existing_type=sa.String(10), type_=sa.String(20), existing_nullable=False)
        ledger.add_column(sa.Column("vat", Json, nullable=False, server_default="[]"))
        ledger.add_column(sa.Column("document", sa.String(40), nullable=False, server_default=""))
        ledger.add_column(sa.Column("stripe_id", sa.String(100), nullable=False, server_default=""))
    _refunds()
    op.create_table(
        "disputes",
        sa.Column("dispute_id", sa.String(100), primary_key=True),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
    )
    for column in ("payment_id", "order_id", "conference_id"):
        op.create_index(f"ix_disputes_{column}", "disputes", [column])
    op.execute(
        "UPDATE admissions SET cancelled_at = (SELECT ended_at FROM orders WHERE orders.order_id = admissions.order_id) "
        "WHERE order_id IN (SELECT order_id FROM orders WHERE state = 'cancelled')"
    )


def _refunds() -> None:
    """A payment that was given back whole becomes one refund; under the payment's id, which Stripe knows it by."""
    op.create_table(
        "refunds",
        sa.Column("refund_id", ID, primary_key=True),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("stripe_id", sa.String(100), nullable=False),
        sa.Column("waits_for", sa.String(200), nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=True),
    )
    for column in ("payment_id", "order_id", "conference_id"):
        op.create_index(f"ix_refunds_{column}", "refunds", [column])
    op.execute(
        "INSERT INTO refunds SELECT p.payment_id, p.payment_id, p.order_id, o.conference_id, p.amount, p.currency, "
        "p.refund_reason, COALESCE(p.refunded_at, o.ended_at, p.received_at), COALESCE(p.refund_id, ''), '', p.refunded_at "
        "FROM payments p JOIN orders o ON o.order_id = p.order_id WHERE p.refund_reason IS NOT NULL"
    )
    with op.batch_alter_table("payments") as payments:
        for column in ("refund_reason", "refund_id", "refunded_at"):
            payments.drop_column(column)
