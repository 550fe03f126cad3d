"""What people say of their days (away, elsewhere, at which hours), and their last command."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("person", sa.Column("wishes", sa.Text()))
    op.add_column("person", sa.Column("last_command", sa.Text()))
    op.create_table(
        "away",
        sa.Column("person", sa.Text(), sa.ForeignKey("person.id"), primary_key=True, nullable=False),
        sa.Column("begins_at", Instant(), primary_key=True),
        sa.Column("ends_at", Instant(), nullable=False),
    )
    op.create_index("away_ends", "away", ["ends_at"])
