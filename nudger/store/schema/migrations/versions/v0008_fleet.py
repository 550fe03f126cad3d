"""Several hosts: each holds what it has claimed by a lease, and duties are divided among them."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "turn",
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("duty"),
    )
