"""The agenda, what was sent of it, what came back, and what happened."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from nudger.store.schema.columns import ROW_ID, Instant, metadata, of_person

# An OR of equations: one of them in a query is enough for SQLite to take the index.
_OPEN = text("state = 'sending' OR state = 'unknown'")
_PLANNED = text("wake_at IS NOT NULL")
_FREE = text("wake_at IS NOT NULL AND queue IS NULL")
_URGENT = text("urgent AND wake_at IS NOT NULL AND queue IS NULL")
_QUEUED = text("wake_at IS NOT NULL AND queue IS NOT NULL")

occurrence = Table(
    "occurrence",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    of_person(),
    Column("local_date", Date, nullable=False),
    Column("nudge", Text, nullable=False),  # empty: an answer
    Column("slot", BigInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("kind", Text),
    Column("origin", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    # While it is planned, when to look at it, else null: `due_at`, or the next try, which leaves `due_at`
    # alone, so that what was planned later still counts as the later one. The indexes of a claim hang on
    # this and not on `state`: what happens after a claim then touches no index (a third cheaper;
    # PostgreSQL updates in place).
    Column("wake_at", Instant),
    # The channel whose budget it waits for, and when its turn is: the last instant at which it may go,
    # so that what expires first goes first; of an answer its due time, which is before all those.
    Column("queue", Text),
    Column("turn_at", Instant),
    Column("reason", Text, nullable=False),
    Column("cancelled_by", Text),  # what of the person's standing did it: may be planned again afresh
    Column("attempts", Integer, nullable=False),
    Column("refused", Text, nullable=False),  # channels, with spaces between
    Column("text", Text),
    Column("key", Text),  # of an answer: which of nudger's texts
    Column("channel", Text),  # an answer's
    Column("urgent", Boolean, nullable=False, server_default=false()),  # an answer that goes before all else
    Column("via", Text),  # the channel of the last attempt
    Column("claimed_at", Instant),
    Column("settled_at", Instant),
    Column("outcome", Text),
    Column("outcome_at", Instant),
    # The identity. The date stands second so that a person's last days are one short range of it.
    UniqueConstraint("person", "local_date", "nudge", "slot", "round", name="occurrence_identity"),
    CheckConstraint("(state = 'planned') = (wake_at IS NOT NULL)", name="occurrence_planned_wakes"),
    # All hold only what is planned: a claim costs the same at a thousand rows and at millions. What waits
    # for a budget is out of the way of what does not: a long queue holds up no email.
    Index("occurrence_wake", "wake_at", "id", sqlite_where=_FREE, postgresql_where=_FREE),
    Index("occurrence_urgent", "wake_at", "id", sqlite_where=_URGENT, postgresql_where=_URGENT),
    Index("occurrence_turn", "queue", "turn_at", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("occurrence_person_wake", "person", "wake_at", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
    Index("occurrence_due", "due_at"),
    sqlite_autoincrement=True,  # an id is never given twice: action links name it
)

# One attempt to send, with the daemon's claim on it. `occurrence` is no foreign key: its check would
# want an index that nothing else needs; both go together in forget.
message = Table(
    "message",
    metadata,
    Column("line", ROW_ID, Identity(), primary_key=True),  # the cursor of a conversation
    Column("id", Text, nullable=False, unique=True),
    Column("occurrence", BigInteger, nullable=False),
    of_person(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("bank_key", Text),
    Column("contact", Text),
    Column("owner", Text, nullable=False),  # the daemon that claimed it
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("code", Text),  # the provider's
    Column("provider_id", Text),
    Column("attempted_at", Instant, nullable=False),
    Column("settled_at", Instant),
    # While its end is unknown: how often the provider was asked for it, and when to ask again.
    Column("asks", Integer, nullable=False, server_default="0"),
    Column("ask_at", Instant),
    Index("message_person", "person", "line"),
    Index("message_open", "state", "owner", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_autoincrement=True,  # a cursor never goes back, whatever is released or forgotten
)

reply = Table(
    "reply",
    metadata,
    Column("line", ROW_ID, primary_key=True, autoincrement=False),  # of the same sequence as message's
    Column("provider_id", Text, nullable=False, unique=True),
    of_person(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("intent", Text, nullable=False),
    Column("until", Instant),
    Column("occurrence", BigInteger),  # the nudge it was about
    Index("reply_person", "person", "line"),
    Index("reply_received", "received_at"),
)

event = Table(
    "event",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    of_person(),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("event_person", "person", "id"),
)

URGENT = _URGENT  # word for word what the index says, or SQLite does not take it
IS_PLANNED = occurrence.c.wake_at.is_not(None)
# Said wherever the next of all is looked for, else no index answers: see occurrence_wake.
WAITS_FOR_TIME = occurrence.c.queue.is_(None)
