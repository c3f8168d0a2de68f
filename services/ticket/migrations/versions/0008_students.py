"""Whether the student id of an admission is to be checked, and the academic domains that organisers add."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
ID = sa.String(40)


def upgrade() -> None:
    with op.batch_alter_table("admissions") as table:
        table.add_column(sa.Column("student_check", sa.String(20), nullable=False, server_default=""))
    op.execute("UPDATE admissions SET student_check = 'door' WHERE admission_type = 'student'")
    op.create_table(
        "academic_domains",
        sa.Column("conference_id", ID, primary_key=True),
        sa.Column("domain", sa.String(200), primary_key=True),
    )
