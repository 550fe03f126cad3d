"""Alarms, senders that all daemons share, queues for a budget, messages whose end is asked for."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0002"
down_revision = "0001"

_FREE = sa.text("wake_at IS NOT NULL AND queue IS NULL")
_QUEUED = sa.text("wake_at IS NOT NULL AND queue IS NOT NULL")


def upgrade() -> None:
    _shared()
    _people()
    _agenda()
    op.add_column("message", sa.Column("asks", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("message", sa.Column("ask_at", Instant()))


def _shared() -> None:
    op.create_table(
        "sender",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Float()),
        sa.Column("filled_at", Instant()),
        sa.Column("day", sa.Date()),
        sa.Column("day_segments", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float()),
        sa.Column("slowed_at", Instant()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", Instant()),
        sa.Column("probe_until", Instant()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )
    op.create_table(
        "alarm",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("cleared_at", Instant()),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _people() -> None:
    op.add_column("person", sa.Column("rested", sa.Text(), nullable=False, server_default=""))
    op.add_column("reach", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("reach", sa.Column("rested_at", Instant()))


def _agenda() -> None:
    op.add_column("occurrence", sa.Column("queue", sa.Text()))
    op.add_column("occurrence", sa.Column("turn_at", Instant()))
    op.drop_index("occurrence_wake", "occurrence")
    op.create_index(
        "occurrence_wake", "occurrence", ["wake_at", "id"], sqlite_where=_FREE, postgresql_where=_FREE
    )
    op.create_index(
        "occurrence_turn",
        "occurrence",
        ["queue", "turn_at", "id"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
