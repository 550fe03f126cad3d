"""Low days, fewer nudges, which text an answer was, and notices to trusted contacts."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("person", sa.Column("fewer", sa.Integer(), server_default="0", nullable=False))
    op.add_column("person", sa.Column("tiny_until", Instant()))
    op.add_column("person", sa.Column("untold", sa.Text()))
    op.add_column("person", sa.Column("trusted", sa.Text()))
    op.create_index("person_trusted", "person", ["trusted"])
    op.add_column("occurrence", sa.Column("key", sa.Text()))
    op.create_table(
        "contact_word",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
