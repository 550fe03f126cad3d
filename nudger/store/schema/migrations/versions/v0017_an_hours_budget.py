"""What a sender has sent within the hour, and which messages are to be taken back from their provider."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("sender", sa.Column("hour", sa.Text(), nullable=False, server_default=""))
    op.add_column("message", sa.Column("recall_at", Instant()))
    marked = sa.text("recall_at IS NOT NULL")
    op.create_index("message_recall", "message", ["recall_at"], sqlite_where=marked, postgresql_where=marked)
