"""Answers that go before all else, what answers have used of a sender's day, and how often an address was
asked for consent."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_URGENT = sa.text("urgent AND wake_at IS NOT NULL AND queue IS NULL")


def upgrade() -> None:
    op.add_column("occurrence", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "occurrence_urgent", "occurrence", ["wake_at", "id"], sqlite_where=_URGENT, postgresql_where=_URGENT
    )
    for counted in ("day_answers", "day_urgent"):
        op.add_column("sender", sa.Column(counted, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("reach", sa.Column("times_asked", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE reach SET times_asked = 1 WHERE asked_at IS NOT NULL")
