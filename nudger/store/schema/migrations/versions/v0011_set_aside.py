"""People whom nudger fails over are set aside, so that all others go on."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("person", sa.Text(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("try_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
