"""Which replies need a person, and who has seen to them; what was lost of a day; who gets less."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0015"
down_revision = "0014"

_NEEDS = sa.text("needs IS NOT NULL")
_LOST = sa.text("(state = 'failed' OR state = 'missed')")
_APART = sa.text(
    "(paused_at IS NOT NULL OR held_at IS NOT NULL OR removed_at IS NOT NULL"
    " OR opted_out != '' OR consented = '' OR rested != '' OR fewer > 0 OR tiny_until IS NOT NULL)"
)


def upgrade() -> None:
    op.add_column("reply", sa.Column("needs", sa.Text()))
    op.add_column("reply", sa.Column("told_at", Instant()))
    op.add_column("reply", sa.Column("handled_at", Instant()))
    op.add_column("reply", sa.Column("handled_by", sa.Text()))
    # Of what came before nobody is told now: it stands on the board, if it is young enough.
    op.execute("UPDATE reply SET needs = intent, told_at = received_at WHERE intent IN ('crisis', 'concern')")
    op.drop_index("reply_received", "reply")
    op.create_index("reply_received", "reply", ["received_at", "line"])
    op.create_index("reply_intent", "reply", ["intent", "received_at", "line"])
    op.create_index(
        "reply_needs", "reply", ["received_at", "line"], sqlite_where=_NEEDS, postgresql_where=_NEEDS
    )
    op.create_index("occurrence_lost", "occurrence", ["due_at"], sqlite_where=_LOST, postgresql_where=_LOST)
    op.drop_index("person_apart", "person")
    columns = ["id", "paused_at", "paused_until", "held_at", "removed_at", "opted_out", "consented", "search"]
    op.create_index(
        "person_apart",
        "person",
        [*columns, "rested", "fewer", "tiny_until"],
        sqlite_where=_APART,
        postgresql_where=_APART,
    )
