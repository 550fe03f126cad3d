"""Whose plan was lost with most others by one look, and waits for the operator."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "missing_plan",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("since", Instant, nullable=False),
    )
