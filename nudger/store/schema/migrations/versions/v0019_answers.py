"""What people have said: answers to asks, and their own words; which message asks, and until when."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import ROW_ID, Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "answer",
        sa.Column("id", ROW_ID, sa.Identity(), primary_key=True),
        sa.Column("person", sa.Text(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("line", ROW_ID, nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("nudge", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("form", sa.Text()),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("words", sa.Text(), nullable=False),
    )
    op.create_index("answer_person", "answer", ["person", "at", "id"])
    op.create_index("answer_at", "answer", ["at"])
    op.add_column("message", sa.Column("ask", sa.Text()))
    op.add_column("message", sa.Column("ask_until", Instant()))
    op.add_column("person", sa.Column("keep_words", sa.Boolean(), nullable=False, server_default=sa.false()))
