"""Consent: who is to be asked, who was, and a record of every question and answer."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import ROW_ID, Instant

revision = "0006"
down_revision = "0005"

_TO_ASK = sa.text("ask_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("person", sa.Column("asked", sa.Text(), nullable=False, server_default=""))
    op.add_column("reach", sa.Column("ask_at", Instant()))
    op.add_column("reach", sa.Column("asked_at", Instant()))
    op.create_index("reach_ask", "reach", ["ask_at"], sqlite_where=_TO_ASK, postgresql_where=_TO_ASK)
    op.create_table(
        "consent",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("question", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_person", "consent", ["person", "channel", "id"])
