"""Plan files that have not changed are not read again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "plan_file",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("lends", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_index("plan_problem_file", "plan_problem", ["file"])
    op.create_index("plan_file_of", "plan", ["file"])
