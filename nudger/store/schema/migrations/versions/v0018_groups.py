"""The group that a plan names, for lists of people."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("person", sa.Column("grouped", sa.Text(), nullable=False, server_default=""))
    op.create_index("person_group", "person", ["grouped", "id"])
