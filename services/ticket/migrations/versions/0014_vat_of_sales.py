"""What was sold names the VAT that is in it: that of its order."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(
        "UPDATE ledger SET vat = (SELECT orders.vat FROM orders WHERE orders.order_id = ledger.order_id) "
        "WHERE kind = 'sale' AND order_id IN (SELECT order_id FROM orders)"
    )
