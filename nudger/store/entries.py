"""Entries of the agenda as rows."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from nudger.delivery.agenda import Due
from nudger.model import URGENT, ChannelName, Kind, Origin, State
from nudger.store.tables import AnyRow, occurrence

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
    """The row of an entry that is to come."""
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
    """A set of channels as it is kept in one column: their names with spaces between."""
    return frozenset(map(ChannelName, (text or "").split()))


def channels_to(channels: frozenset[ChannelName]) -> str:
    return " ".join(sorted(channels))
