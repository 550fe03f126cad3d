"""Entries of the agenda as rows; and the rounds of one time of one nudge: 0 as planned, one more with each
snooze."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    func,
    select,
)

from nudger.agenda.entries import Due
from nudger.domain.model import URGENT, ChannelName, Kind, Origin, State
from nudger.store.schema.tables import IS_PLANNED, WAITS_FOR_TIME, occurrence
from nudger.store.sql.statements import AnyRow, reckoned
from nudger.store.sql.transactions import Transaction

# The columns of a Due, in its order of fields.
DUE = (
    occurrence.c.id,
    occurrence.c.person,
    occurrence.c.nudge,
    occurrence.c.kind,
    occurrence.c.origin,
    occurrence.c.local_date,
    occurrence.c.slot,
    occurrence.c.round,
    occurrence.c.due_at,
    occurrence.c.expires_at,
    occurrence.c.attempts,
    occurrence.c.refused,
    occurrence.c.text,
    occurrence.c.channel,
    occurrence.c.reason,
    occurrence.c.queue,
    occurrence.c.urgent,
)

KINDS: Mapping[str | None, Kind | None] = {None: None} | {str(kind): kind for kind in Kind}
NUDGES = tuple(str(origin) for origin in Origin if origin.is_nudge)
ORIGINS = {str(origin): origin for origin in Origin}
PARKED = "set aside"  # in `queue`, of what waits until its person is taken back
IS_PARKED = occurrence.c.queue == PARKED
CHANNELS: Mapping[str | None, ChannelName | None] = {None: None} | {str(name): name for name in ChannelName}


def as_due(row: AnyRow) -> Due:
    # By position: a claim does this for every entry, and names would cost as much as all the rest.
    """Makes a Due of a row of the columns DUE."""
    entry_id, person, nudge, kind, origin, local_date, slot, again, *others = row
    due_at, expires_at, attempts, refused, text, channel, reason, queue, urgent = others
    return Due(
        entry_id,
        person,
        nudge,
        KINDS[kind],
        ORIGINS[origin],
        local_date,
        slot,
        again,
        due_at,
        expires_at,
        attempts,
        channels_from(refused),
        text,
        CHANNELS[channel],
        reason,
        None if queue == PARKED else CHANNELS[queue],
        urgent,
    )


def planned(
    *,
    person: str,
    local_date: date,
    nudge: str,
    slot: int,
    origin: Origin,
    due_at: datetime,
    expires_at: datetime,
    round: int = 0,
    kind: Kind | None = None,
    text: str | None = None,
    key: str | None = None,
    channel: ChannelName | None = None,
) -> dict[str, Any]:
    """Makes the row of an entry that is to come."""
    return {
        "person": person,
        "local_date": local_date,
        "nudge": nudge,
        "slot": slot,
        "round": round,
        "kind": kind,
        "origin": origin,
        "due_at": due_at,
        "expires_at": expires_at,
        "state": State.PLANNED,
        "wake_at": due_at,
        "reason": "",
        "attempts": 0,
        "refused": "",
        "text": text,
        "key": key,
        "channel": channel,
        "urgent": origin is Origin.ANSWER and key in URGENT,
    }


@cache
def channels_from(text: str | None) -> frozenset[ChannelName]:
    """Reads a set of channels as it is kept in one column: their names with spaces between."""
    return frozenset(map(ChannelName, (text or "").split()))


def channels_to(channels: frozenset[ChannelName]) -> str:
    """Writes a set of channels as it is kept in one column."""
    return " ".join(sorted(channels))


_FIRST_DUE = select(func.min(occurrence.c.wake_at)).where(
    IS_PLANNED, WAITS_FOR_TIME, reckoned(occurrence.c.wake_at)
)


def next_due_at(tx: Transaction) -> datetime | None:
    """See SendingStore.next_due_at."""
    earliest: datetime | None = tx.connection.scalar(_FIRST_DUE)
    return earliest


def last(tx: Transaction, entry: AnyRow) -> int:
    """Returns the latest round that there is. Above the entry's own: the entry was put off, and with its
    first snooze counted out of the person's history, whatever came of it later."""
    found: int | None = tx.connection.scalar(select(func.max(occurrence.c.round)).where(_same(entry)))
    return found or 0


def waiting(tx: Transaction, entry: AnyRow) -> int | None:
    """Returns the id of a snooze of this entry that is still to come."""
    found: int | None = tx.connection.scalar(
        select(occurrence.c.id)
        .where(_same(entry), occurrence.c.round > entry.round, IS_PLANNED)
        .order_by(occurrence.c.round.desc())
        .limit(1)
    )
    return found


def comes_again_at(tx: Transaction, entry: AnyRow) -> datetime | None:
    """Returns when a snooze of this entry that is still to come comes, or is tried again."""
    waits = waiting(tx, entry)
    if waits is None:
        return None
    found: datetime | None = tx.connection.scalar(
        select(occurrence.c.wake_at).where(occurrence.c.id == waits)
    )
    return found


def _same(entry: Any) -> ColumnElement[bool]:
    return and_(
        occurrence.c.person == entry.person,
        occurrence.c.local_date == entry.local_date,
        occurrence.c.nudge == entry.nudge,
        occurrence.c.slot == entry.slot,
    )
