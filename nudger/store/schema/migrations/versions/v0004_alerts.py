"""What the operator was told of an alarm, and when."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("alarm", sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("alarm", sa.Column("told_at", Instant()))
