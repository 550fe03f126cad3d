"""The first schema."""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import ROW_ID, Instant

revision = "0001"
down_revision = None

_OPEN = sa.text("state = 'sending' OR state = 'unknown'")
_PLANNED = sa.text("wake_at IS NOT NULL")


def upgrade() -> None:
    _people()
    _agenda()
    _conversations()
    _records()


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("paused_at", Instant()),
        sa.Column("paused_until", Instant()),
        sa.Column("removed_at", Instant()),
        sa.Column("held_at", Instant()),
        sa.Column("opted_out", sa.Text(), nullable=False),
        sa.Column("consented", sa.Text(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("history_before", sa.Text()),
        sa.Column("history_at", Instant()),
        sa.Column("laid_out_through", sa.Date()),
        sa.Column("layout_at", Instant()),
        sa.Column("layout_afresh", sa.Boolean(), nullable=False),
        sa.Column("layout_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("person_layout", "person", ["layout_at"])
    op.create_table(
        "plan",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.Column("nudges", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "reach",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("consented_at", Instant()),
        sa.Column("consent_how", sa.Text()),
        sa.Column("opted_out_at", Instant()),
        sa.Column("opted_out_how", sa.Text()),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("person", "channel"),
    )
    op.create_index("reach_address", "reach", ["address", "channel"])


def _agenda() -> None:
    op.create_table(
        "occurrence",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("nudge", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wake_at", Instant()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cancelled_by", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("via", sa.Text()),
        sa.Column("claimed_at", Instant()),
        sa.Column("settled_at", Instant()),
        sa.Column("outcome", sa.Text()),
        sa.Column("outcome_at", Instant()),
        sa.CheckConstraint("(state = 'planned') = (wake_at IS NOT NULL)", name="occurrence_planned_wakes"),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person", "local_date", "nudge", "slot", "round", name="occurrence_identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("occurrence_due", "occurrence", ["due_at"])
    op.create_index(
        "occurrence_person_wake",
        "occurrence",
        ["person", "wake_at"],
        sqlite_where=_PLANNED,
        postgresql_where=_PLANNED,
    )
    op.create_index(
        "occurrence_wake",
        "occurrence",
        ["wake_at", "id"],
        sqlite_where=_PLANNED,
        postgresql_where=_PLANNED,
    )


def _conversations() -> None:
    op.create_table(
        "message",
        sa.Column("line", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("bank_key", sa.Text()),
        sa.Column("contact", sa.Text()),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("provider_id", sa.Text()),
        sa.Column("attempted_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant()),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("line"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "message_open",
        "message",
        ["state", "owner"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("message_person", "message", ["person", "line"])
    op.create_table(
        "reply",
        sa.Column("line", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("until", Instant()),
        sa.Column("occurrence", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("line"),
        sa.UniqueConstraint("provider_id"),
    )
    op.create_index("reply_person", "reply", ["person", "line"])
    if op.get_bind().dialect.name == "sqlite":
        # Lines of messages and of replies are counted here, from the first reply on.
        op.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', 0)")


def _records() -> None:
    op.create_table(
        "event",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("event_person", "event", ["person", "id"])
    op.create_table(
        "plan_problem",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Integer(), nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "fact",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
