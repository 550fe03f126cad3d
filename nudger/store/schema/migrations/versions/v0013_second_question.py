"""When the question for consent is put once more, in the row that a claim and a preview read."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("person", sa.Column("asks_again", sa.Text(), nullable=False, server_default=""))
    op.add_column("person", sa.Column("asks_again_at", Instant()))
