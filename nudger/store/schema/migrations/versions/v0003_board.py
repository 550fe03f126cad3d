"""The operator's board: people are found by name, and entries and replies counted by local date."""

import sqlalchemy as sa
from alembic import op

from nudger.store.state.people import search_key

revision = "0003"
down_revision = "0002"

_APART = sa.text(
    "(paused_at IS NOT NULL OR held_at IS NOT NULL OR removed_at IS NOT NULL"
    " OR opted_out != '' OR consented = '')"
)


def upgrade() -> None:
    _search()
    op.create_index(
        "person_apart",
        "person",
        ["id", "paused_at", "paused_until", "held_at", "removed_at", "opted_out", "consented", "search"],
        sqlite_where=_APART,
        postgresql_where=_APART,
    )
    op.create_index("reply_received", "reply", ["received_at"])
    _tallies()


def _search() -> None:
    # Rows that are there already need a default.
    op.add_column("person", sa.Column("search", sa.Text(), nullable=False, server_default=""))
    people = sa.table("person", sa.column("id"), sa.column("name"), sa.column("search"))
    connection = op.get_bind()
    known = connection.execute(sa.select(people.c.id, people.c.name)).all()
    fill = sa.update(people).where(people.c.id == sa.bindparam("one")).values(search=sa.bindparam("found_by"))
    if known:
        connection.execute(fill, [{"one": row.id, "found_by": search_key(row.id, row.name)} for row in known])
    op.create_index("person_search", "person", ["id", "search"])


def _tallies() -> None:
    op.create_table(
        "entry_tally",
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("local_date", "kind", "state", "outcome", "reason"),
    )
    op.create_table(
        "reply_tally",
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("local_date", "hour", "intent"),
    )
