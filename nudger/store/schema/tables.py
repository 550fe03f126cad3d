"""The tables. Instants are UTC: integer microseconds in SQLite (8 bytes, 3 x cheaper than text to
write, indexes compare them as numbers), `timestamptz` in PostgreSQL; aware on the way out.

One rule keeps every verb free of races and deadlocks on many hosts: a transaction that changes
anything of a person locks the person's row first, several people in the order of their ids (in
SQLite there is one writer anyway). So `occurrence` and `message` rows need no locks of their own.
"""

from nudger.store.schema.agenda import IS_PLANNED, URGENT, WAITS_FOR_TIME, event, message, occurrence, reply
from nudger.store.schema.columns import (
    EPOCH,
    MICROSECOND,
    OR_FAIL,
    ROW_ID,
    AnyRow,
    Instant,
    day_before,
    metadata,
    reckoned,
)
from nudger.store.schema.people import (
    APART,
    consent,
    contact_word,
    missing_plan,
    person,
    plan,
    reach,
    set_aside,
)
from nudger.store.schema.running import (
    alarm,
    counter,
    entry_tally,
    fact,
    lease,
    plan_file,
    plan_problem,
    reply_tally,
    sender,
    turn,
)

__all__ = [
    "APART",
    "EPOCH",
    "IS_PLANNED",
    "MICROSECOND",
    "OR_FAIL",
    "ROW_ID",
    "URGENT",
    "WAITS_FOR_TIME",
    "AnyRow",
    "Instant",
    "alarm",
    "consent",
    "contact_word",
    "counter",
    "day_before",
    "entry_tally",
    "event",
    "fact",
    "lease",
    "message",
    "metadata",
    "missing_plan",
    "occurrence",
    "person",
    "plan",
    "plan_file",
    "plan_problem",
    "reach",
    "reckoned",
    "reply",
    "reply_tally",
    "sender",
    "set_aside",
    "turn",
]
