"""What daemons share beside the people: senders, alarms, counts, facts, leases and turns. No row is of one
person. The tables of people (tables.py) stand on this, so that whoever has those has all."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, MetaData, Table, Text, false

from nudger.store.sql.statements import Instant

metadata = MetaData()

# What all daemons know of one way out: a claim reads it, and writes it, in its own transaction.
sender = Table(
    "sender",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("bucket", Float),  # segments in it at `filled_at`; null: full
    Column("filled_at", Instant),
    Column("day", Date),  # the GMT day that `day_segments` counts
    Column("day_segments", Integer, nullable=False),
    # Those of them that were answers, and that were urgent.
    Column("day_answers", Integer, nullable=False, server_default="0"),
    Column("day_urgent", Integer, nullable=False, server_default="0"),
    Column("rate", Float),  # segments per second, where the provider asked for less; null: the setting's
    Column("slowed_at", Instant),
    Column("failures", Integer, nullable=False),  # faults in a row that were not a recipient's
    Column("rests_until", Instant),
    Column("probe_until", Instant),  # one message is on its way to find out whether it works again
    Column("reason", Text, nullable=False),
    Column("hour", Text, nullable=False, server_default=""),  # segments by minute, where an hour is limited
)

# What the operator has to know of. One row a fault, whether it stands or has passed.
alarm = Table(
    "alarm",
    metadata,
    Column("key", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("words", Text, nullable=False),
    Column("cleared_at", Instant),
    # Whether the operator believes that it stands, and when they were last told that it does.
    Column("told", Boolean, nullable=False, server_default=false()),
    Column("told_at", Instant),
)

# What has happened how often since the database was made; it only grows.
counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Entries and replies counted by local date (store/operations/statistics.py): nothing in it is of one person.
entry_tally = Table(
    "entry_tally",
    metadata,
    Column("local_date", Date, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

reply_tally = Table(
    "reply_tally",
    metadata,
    Column("local_date", Date, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("intent", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

fact = Table("fact", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# Which daemons live, by the database's own clock: what one of them has claimed is its alone until then.
lease = Table(
    "lease",
    metadata,
    Column("owner", Text, primary_key=True),  # of message
    Column("until", Instant, nullable=False),
)

# When a duty that one daemon does for all of them is due again, by the database's own clock.
turn = Table(
    "turn",
    metadata,
    Column("duty", Text, primary_key=True),
    Column("next_at", Instant, nullable=False),
)
