"""The tables: people and how they are reached, the agenda and what came of it, what daemons share.

One rule keeps every verb free of races and deadlocks on many hosts: a transaction that changes anything of a
person locks the person's row first, several people in the order of their ids (in SQLite there is one writer
anyway). So `occurrence` and `message` rows need no locks of their own.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from nudger.store.schema.shared import metadata as metadata  # noqa: PLC0414 (given on)
from nudger.store.sql.statements import ROW_ID, Instant


def _of_person(*, primary_key: bool = False) -> Column[str]:
    return Column("person", Text, ForeignKey("person.id"), nullable=False, primary_key=primary_key)


_TO_ASK = text("ask_at IS NOT NULL")
# Who gets nothing for now, or less, for whatever reason. Claims change none of these columns.
_APART = text(
    "(paused_at IS NOT NULL OR held_at IS NOT NULL OR removed_at IS NOT NULL"
    " OR opted_out != '' OR consented = '' OR rested != '' OR fewer > 0 OR tiny_until IS NOT NULL)"
)
_NEEDS = text("needs IS NOT NULL")
person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the plan that runs; the key of the decoded plans
    Column("paused_at", Instant),
    Column("paused_until", Instant),
    Column("removed_at", Instant),
    Column("held_at", Instant),
    Column("fewer", Integer, nullable=False, server_default="0"),  # steps of LESS
    Column("tiny_until", Instant),
    Column("untold", Text),  # the opt-in to notices that the person has withdrawn
    Column("trusted", Text),  # the number of the trusted contact whom the plan names
    Column("keep_words", Boolean, nullable=False, server_default=false()),  # as the plan says
    # What `reach` says, with spaces between: a claim reads it here, in the row that it reads anyway.
    Column("opted_out", Text, nullable=False),
    Column("consented", Text, nullable=False),
    Column("asked", Text, nullable=False, server_default=""),
    Column("asks_again", Text, nullable=False, server_default=""),  # where the question is put once more
    Column("asks_again_at", Instant),
    Column("rested", Text, nullable=False, server_default=""),
    Column("history", Text, nullable=False),
    # What `history` was before the claim of `history_at`: put back where its message did not go out.
    Column("history_before", Text),
    Column("history_at", Instant),
    # The last sign of theirs; from when silence counts; the last nudge that arrived, and the first one since
    # then that did not (state/silence.py).
    Column("signed_at", Instant),
    Column("silent_since", Instant),
    Column("arrived_at", Instant),
    Column("lost_at", Instant),
    Column("wishes", Text),  # JSON of `domain.wishes`; null: none
    Column("last_command", Text),  # JSON: what it did, to be taken back (store/inbound/undo.py)
    Column("laid_out_through", Date),
    Column("layout_at", Instant),  # null: removed, never
    Column("layout_afresh", Boolean, nullable=False),
    Column("layout_version", Integer, nullable=False),  # one more with each reason to lay out afresh
    Column("search", Text, nullable=False, server_default=""),  # see `search_key` of state/people.py
    Column("grouped", Text, nullable=False, server_default=""),  # the group that the plan names
    Index("person_layout", "layout_at"),
    # A page of people is found in these two alone: rows are wide, with all that was lately sent.
    Index("person_search", "id", "search"),
    Index(
        "person_apart",
        *("id", "paused_at", "paused_until", "held_at", "removed_at", "opted_out", "consented", "search"),
        *("rested", "fewer", "tiny_until"),
        sqlite_where=_APART,
        postgresql_where=_APART,
    ),
    Index("person_trusted", "trusted"),
    Index("person_group", "grouped", "id"),
    # Room for a row's next version in its page, which then touches no index (HOT).
    postgresql_with={"fillfactor": 70},
)

# Apart from `person`, whose rows each claim rewrites: a plan is long and seldom changes.
plan = Table(
    "plan",
    metadata,
    _of_person(primary_key=True),
    Column("file", Text, nullable=False),
    Column("json", Text, nullable=False),  # all of it but its nudges
    Column("nudges", Text, nullable=False),
    Index("plan_file_of", "file"),
)

# Whose plan was lost by one look, with most others: see plans/plan_files.py.
missing_plan = Table(
    "missing_plan",
    metadata,
    _of_person(primary_key=True),
    Column("host", Text, nullable=False),  # which looked: another one may have the file
    Column("since", Instant, nullable=False),
)

# The days away of `person.wishes`, which a claim reads there; here for whoever counts people.
away = Table(
    "away",
    metadata,
    _of_person(primary_key=True),
    Column("begins_at", Instant, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Index("away_ends", "ends_at"),
)

# How a person is reached. Consent is of the address; an opt-out of the person, and outlives their addresses.
reach = Table(
    "reach",
    metadata,
    _of_person(primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address", Text),
    Column("consented_at", Instant),
    Column("consent_how", Text),
    Column("opted_out_at", Instant),
    Column("opted_out_how", Text),
    Column("failures", Integer, nullable=False, server_default="0"),  # texts in a row that did not arrive
    Column("rested_at", Instant),  # too many: unreachable until the address is put right
    Column("ask_at", Instant),  # when to see whether this address can be asked for consent
    Column("asked_at", Instant),  # this address was, last
    Column("times_asked", Integer, nullable=False, server_default="0"),
    Index("reach_address", "address", "channel"),
    Index("reach_ask", "ask_at", sqlite_where=_TO_ASK, postgresql_where=_TO_ASK),
)

# Whom nudger fails over: they get no nudges until they are tried again without a fault.
set_aside = Table(
    "set_aside",
    metadata,
    _of_person(primary_key=True),
    Column("since", Instant, nullable=False),
    Column("step", Text, nullable=False),  # what was done for them
    Column("fault", Text, nullable=False),
    Column("try_at", Instant, nullable=False),
)

# Every question for consent, every answer, and every STOP, as it came: rows are added, never changed.
consent = Table(
    "consent",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    _of_person(),
    Column("channel", Text, nullable=False),
    Column("address", Text),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("question", Text),  # the words of the welcome
    Column("answer", Text),  # the words of the person; of a link, those of its button
    Index("consent_person", "person", "channel", "id"),
)

# A trusted contact's own last word on notices, by their number, whoever's contact they are.
contact_word = Table(
    "contact_word",
    metadata,
    Column("address", Text, primary_key=True),
    Column("stopped", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

# An OR of equations: one of them in a query is enough for SQLite to take the index.
_OPEN = text("state = 'sending' OR state = 'unknown'")
_TO_RECALL = text("recall_at IS NOT NULL")
_PLANNED = text("wake_at IS NOT NULL")
_LOST = text("(state = 'failed' OR state = 'missed')")  # few, else something is wrong
_FREE = text("wake_at IS NOT NULL AND queue IS NULL")
_URGENT = text("urgent AND wake_at IS NOT NULL AND queue IS NULL")
_QUEUED = text("wake_at IS NOT NULL AND queue IS NOT NULL")
occurrence = Table(
    "occurrence",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    _of_person(),
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
    Index("occurrence_lost", "due_at", sqlite_where=_LOST, postgresql_where=_LOST),
    sqlite_autoincrement=True,  # an id is never given twice: action links name it
    postgresql_with={"fillfactor": 85},  # as above
)

# One attempt to send, with the daemon's claim on it. `occurrence` is no foreign key: its check would
# want an index that nothing else needs; both go together in forget.
message = Table(
    "message",
    metadata,
    Column("line", ROW_ID, Identity(), primary_key=True),  # the cursor of a conversation
    Column("id", Text, nullable=False, unique=True),
    Column("occurrence", BigInteger, nullable=False),
    _of_person(),
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
    Column("ask", Text),  # the form of the question that it puts to the person
    Column("ask_until", Instant),  # when that closes
    Column("asks", Integer, nullable=False, server_default="0"),  # for one whose end is unknown; and the next
    Column("ask_at", Instant),
    Column("recall_at", Instant),  # when to ask next for it to be taken back
    Index("message_recall", "recall_at", sqlite_where=_TO_RECALL, postgresql_where=_TO_RECALL),
    Index("message_person", "person", "line"),
    Index("message_open", "state", "owner", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_autoincrement=True,  # a cursor never goes back, whatever is released or forgotten
)

reply = Table(
    "reply",
    metadata,
    Column("line", ROW_ID, primary_key=True, autoincrement=False),  # of the same sequence as message's
    Column("provider_id", Text, nullable=False, unique=True),
    _of_person(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("intent", Text, nullable=False),
    Column("until", Instant),
    Column("occurrence", BigInteger),  # the nudge it was about
    Column("needs", Text),  # why it needs a person
    Column("told_at", Instant),  # when the operator was told that it does
    Column("handled_at", Instant),  # somebody has seen to it
    Column("handled_by", Text),
    Index("reply_person", "person", "line"),
    Index("reply_received", "received_at", "line"),
    Index("reply_intent", "intent", "received_at", "line"),
    Index("reply_needs", "received_at", "line", sqlite_where=_NEEDS, postgresql_where=_NEEDS),
)

# What people have said: answers to asks, and their own words. Theirs, kept for them; never in a log.
answer = Table(
    "answer",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    _of_person(),
    Column("at", Instant, nullable=False),
    Column("timezone", Text, nullable=False),  # theirs, then
    Column("line", ROW_ID, nullable=False),  # of the reply
    Column("occurrence", BigInteger, nullable=False),  # the nudge that it answers, or follows
    Column("nudge", Text, nullable=False),
    Column("kind", Text),
    Column("form", Text),  # of the ask; null: their own words
    Column("question", Text, nullable=False),
    Column("value", Text),  # as JSON, in the form that was asked for
    Column("words", Text, nullable=False),
    Index("answer_person", "person", "at", "id"),
    Index("answer_at", "at"),
)

event = Table(
    "event",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    _of_person(),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("event_person", "person", "id"),
)

APART, NEEDS, LOST, URGENT = _APART, _NEEDS, _LOST, _URGENT  # word for word, or SQLite takes no index
IS_PLANNED = occurrence.c.wake_at.is_not(None)
# Said wherever the next of all is looked for, else no index answers: see occurrence_wake.
WAITS_FOR_TIME = occurrence.c.queue.is_(None)

# What is known of each plan file: while its mark is the same there is nothing to read.
plan_file = Table(
    "plan_file",
    metadata,
    Column("file", Text, primary_key=True),
    Column("mark", Text, nullable=False),
    Column("lends", Boolean, nullable=False),  # it has something told in the file of another
)

plan_problem = Table(
    "plan_problem",
    metadata,
    Column("id", ROW_ID, Identity(), primary_key=True),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column", Integer, nullable=False),
    Column("where", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Index("plan_problem_file", "file"),
)
