"""What waits for a channel's turn: the nearest end of its time first, and answers before all nudges."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, literal_column, or_, select

from nudger.model import ChannelName
from nudger.store.tables import occurrence, person
from nudger.store.transaction import Transaction

PATIENCE = 50  # heads that are looked at besides those that there is room for: some may have expired

_WAITING = (occurrence.c.queue == bindparam("by")) & (occurrence.c.wake_at <= bindparam("now"))
_HEADS = (
    # Not `turn_at` itself: one that is no date would spoil the turn of all.
    select(occurrence.c.person, (occurrence.c.turn_at < bindparam("now")).label("expired"))
    .where(_WAITING)
    .order_by(occurrence.c.turn_at, occurrence.c.id)
    .limit(bindparam("at_most"))
)
# Nothing may go: only what has expired is looked at, and what does not know yet why it waits (of a
# channel that rests now, and may go by the next one).
_STALE = _HEADS.where(or_(occurrence.c.turn_at < bindparam("now"), occurrence.c.reason != bindparam("why")))
_ANY: Select[tuple[int]] = select(literal_column("1")).where(_WAITING).limit(1)


@dataclass(frozen=True, slots=True)
class Head:
    """Someone whose turn it is."""

    person: str
    expired: bool


def heads(tx: Transaction, channel: ChannelName, room: int, why: str, now: datetime) -> list[Head]:
    """The next people whose turn comes, each once, locked; people whom another daemon has locked are
    passed over. Without `room` those who may have to leave the queue; `why` is its reason."""
    statement = _HEADS if room > 0 else _STALE
    if not tx.database.is_sqlite:
        statement = statement.join(person, person.c.id == occurrence.c.person).with_for_update(
            of=person, skip_locked=True, key_share=True
        )
    values = {"by": channel, "now": now, "at_most": max(room, 0) + PATIENCE}
    rows = tx.connection.execute(statement, values if room > 0 else values | {"why": why})
    found: dict[str, Head] = {}
    for row in rows:
        found.setdefault(row.person, Head(row.person, bool(row.expired)))
    return list(found.values())


def is_empty(tx: Transaction, channel: ChannelName, now: datetime) -> bool:
    return tx.connection.scalar(_ANY, {"by": channel, "now": now}) is None
