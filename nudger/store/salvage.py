"""As much of a person as can be read, where not all of it can: enough to answer them, to let them stop, and
to show them. Their plan has no nudges then, and their history is empty; neither is ever written back.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from nudger.delivery.set_aside import is_theirs
from nudger.model import ChannelName, Person, Plan, Standing
from nudger.store import people
from nudger.store.entries import CHANNELS
from nudger.store.tables import EPOCH, person, plan, reach
from nudger.store.transaction import Transaction

_ENGLISH, _UTC = "en", "UTC"


def _is_set(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whether there is anything, whatever it is."""
    return column.is_not(None).label(str(getattr(column, "key", "")))


_FACTS = select(
    person.c.name,
    *(_is_set(person.c[name]) for name in ("paused_at", "removed_at", "held_at")),
    person.c.opted_out,
    person.c.consented,
    person.c.rested,
    person.c.asked,
)
_HEAD = select(plan.c.json)
_ADDRESSES: Select[Any] = select(reach.c.channel, reach.c.address)


def read_all(tx: Transaction, ids: Sequence[str]) -> dict[str, Person]:
    """These people, for looking at: whole, or what can be read of them."""
    try:
        return people.read(tx, ids)
    except Exception as fault:
        if not is_theirs(fault):
            raise
    found = {one: _one(tx, one) for one in ids}
    return {one: found_one for one, found_one in found.items() if found_one is not None}


def _one(tx: Transaction, person_id: str) -> Person | None:
    try:
        return people.read(tx, [person_id]).get(person_id)
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return salvaged(tx, person_id)


def salvaged(tx: Transaction, person_id: str) -> Person | None:
    """What can be read of them; None where there is no such person."""
    row = tx.connection.execute(_FACTS.where(person.c.id == person_id)).one_or_none()
    if row is None:
        return None
    addresses = {
        channel: found.address
        for found in tx.connection.execute(_ADDRESSES.where(reach.c.person == person_id))
        if isinstance(found.address, str) and (channel := CHANNELS.get(found.channel)) is not None
    }
    head = _head(tx, person_id)
    their_plan = Plan(
        person_id,
        str(row.name),
        _UTC,
        _text(head, "language") or _ENGLISH,
        _text(head, "country"),
        addresses.get(ChannelName.SMS),
        addresses.get(ChannelName.EMAIL),
        tuple(channel for channel in ChannelName if channel in addresses),
        quiet=None,
    )
    return Person(their_plan, _standing(row), spoilt=True)


def _standing(row: Any) -> Standing:
    """Since when, nobody can say."""
    return Standing(
        paused_at=EPOCH if row.paused_at else None,
        removed_at=EPOCH if row.removed_at else None,
        held_at=EPOCH if row.held_at else None,
        opted_out=_channels(row.opted_out),
        consented=_channels(row.consented),
        rested=_channels(row.rested),
        asked=_channels(row.asked),
    )


def _channels(text: object) -> frozenset[ChannelName]:
    words = text.split() if isinstance(text, str) else ()
    return frozenset(ChannelName(word) for word in words if word in set(ChannelName))


def _head(tx: Transaction, person_id: str) -> Mapping[str, object]:
    text = tx.connection.scalar(_HEAD.where(plan.c.person == person_id))
    try:
        head = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return head if isinstance(head, dict) else {}


def _text(head: Mapping[str, object], key: str) -> str | None:
    value = head.get(key)
    return value if isinstance(value, str) else None
