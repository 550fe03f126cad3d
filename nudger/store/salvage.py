"""As much of a person as can be read, where not all of it can: enough to answer them, to let them stop, and
to show them. Their plan has no nudges then, and their history is empty; neither is ever written back.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from nudger.delivery.set_aside import is_theirs
from nudger.instants import checked_end
from nudger.model import ChannelName, Person, Plan, Standing
from nudger.store import codec, people
from nudger.store.entries import CHANNELS
from nudger.store.keys import among
from nudger.store.tables import EPOCH, person, plan, reach, set_aside
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
_SET_ASIDE = select(set_aside.c.person).where(among(set_aside.c.person))
_HEAD = select(plan.c.json)
_ADDRESSES: Select[Any] = select(reach.c.channel, reach.c.address)


def read_all(tx: Transaction, ids: Sequence[str]) -> dict[str, Person]:
    """These people, for looking at: whole, or what can be read of them; and whether they are set aside."""
    try:
        found = {one: _shown(tx, read) for one, read in people.read(tx, ids).items()}
    except Exception as fault:
        if not is_theirs(fault):
            raise
        alone = {one: _one(tx, one) for one in ids}
        found = {one: found_one for one, found_one in alone.items() if found_one is not None}
    aside = tx.connection.scalars(_SET_ASIDE, {"ids": list(found)}).all() if found else ()
    for one in aside:
        found[one] = replace(found[one], standing=replace(found[one].standing, set_aside=True))
    return found


def _one(tx: Transaction, person_id: str) -> Person | None:
    try:
        found = people.read(tx, [person_id]).get(person_id)
        return None if found is None else _shown(tx, found)
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return salvaged(tx, person_id)


def _shown(tx: Transaction, one: Person) -> Person:
    """The person, if all that pages work out of them can be. Raises what they would."""
    tx.zone(one.plan.timezone)
    standing = one.standing
    for at in (standing.paused_at, standing.paused_until, standing.held_at, standing.tiny_until):
        checked_end(at)
    checked_end(standing.removed_at)
    return one


def in_words(one: Person) -> Sequence[Person]:
    """As they are to be spoken to: in their language, and in English where nudger has no words of that."""
    plan = one.plan
    return (one,) if plan.language == _ENGLISH else (one, replace(one, plan=replace(plan, language=_ENGLISH)))


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
    head = tx.connection.scalar(_HEAD.where(plan.c.person == person_id))
    their_plan = Plan(
        person_id,
        str(row.name),
        _UTC,
        codec.key_of(head, "language") or _ENGLISH,
        codec.key_of(head, "country"),
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
