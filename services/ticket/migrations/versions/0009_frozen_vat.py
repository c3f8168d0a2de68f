"""The VAT rate that each admission was sold with, which a later change of its type does not touch."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
ID = sa.String(40)


def upgrade() -> None:
    with op.batch_alter_table("admissions") as table:
        table.add_column(sa.Column("vat_rate", sa.Integer, nullable=True))
    connection = op.get_bind()
    conferences = sa.table("conferences", sa.column("conference_id", ID), sa.column("admission_types", sa.JSON))
    admissions = sa.table(
        "admissions",
        sa.column("conference_id", ID),
        sa.column("admission_type", sa.String),
        sa.column("vat_rate", sa.Integer),
    )
    for row in connection.execute(sa.select(conferences)).all():
        for each in row.admission_types:
            connection.execute(
                sa.update(admissions)
                .where(admissions.c.conference_id == row.conference_id, admissions.c.admission_type == each["code"])
                .values(vat_rate=each["vat_rate"])
            )
    op.execute("UPDATE admissions SET vat_rate = 0 WHERE vat_rate IS NULL")
    with op.batch_alter_table("admissions") as table:
        table.alter_column("vat_rate", existing_type=sa.Integer, nullable=False)
