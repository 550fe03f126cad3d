"""People, their plans, how they are reached and what they agreed to."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from nudger.store.schema.columns import ROW_ID, Instant, metadata, of_person

_TO_ASK = text("ask_at IS NOT NULL")
# Who gets nothing for now, for whatever reason. Claims change none of these columns.
_APART = text(
    "(paused_at IS NOT NULL OR held_at IS NOT NULL OR removed_at IS NOT NULL"
    " OR opted_out != '' OR consented = '')"
)

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
    Column("laid_out_through", Date),
    Column("layout_at", Instant),  # null: removed, never
    Column("layout_afresh", Boolean, nullable=False),
    Column("layout_version", Integer, nullable=False),  # one more with each reason to lay out afresh
    Column("search", Text, nullable=False),  # see searching.key
    Index("person_layout", "layout_at"),
    # A page of people is found in these two alone: rows are wide, with all that was lately sent.
    Index("person_search", "id", "search"),
    Index(
        "person_apart",
        *("id", "paused_at", "paused_until", "held_at", "removed_at", "opted_out", "consented", "search"),
        sqlite_where=_APART,
        postgresql_where=_APART,
    ),
    Index("person_trusted", "trusted"),
)

# Apart from `person`, whose rows each claim rewrites: a plan is long and seldom changes.
plan = Table(
    "plan",
    metadata,
    of_person(primary_key=True),
    Column("file", Text, nullable=False),
    Column("json", Text, nullable=False),  # all of it but its nudges
    Column("nudges", Text, nullable=False),
    Index("plan_file_of", "file"),
)

# Whose plan was lost by one look, with most others: they go on until the operator has accepted it (gone.py).
missing_plan = Table(
    "missing_plan",
    metadata,
    of_person(primary_key=True),
    Column("host", Text, nullable=False),  # which looked: another one may have the file
    Column("since", Instant, nullable=False),
)

# How a person is reached. Consent is of the address: a changed one is asked again. An opt-out is of
# the person, and outlives their addresses.
reach = Table(
    "reach",
    metadata,
    of_person(primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address", Text),
    Column("consented_at", Instant),
    Column("consent_how", Text),
    Column("opted_out_at", Instant),
    Column("opted_out_how", Text),
    Column("failures", Integer, nullable=False, server_default="0"),  # texts in a row that did not arrive
    Column("rested_at", Instant),  # too many: this channel is left alone until the address is put right
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
    of_person(primary_key=True),
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
    of_person(),
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

APART = _APART  # word for word what the index says, or SQLite does not take it
