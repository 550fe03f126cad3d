"""People whose rows cannot all be read: as much of them as can, and how the rest is put right.

Read is enough to answer them, to let them stop, and to show them. Their plan has no nudges then, and
their history is empty; neither is ever written back.

Put right it is when somebody edits their plan or acts on them. Each value that spoils a row becomes the
safest that there is: who paused, was held, or said STOP stays so, whoever was asked is not asked again,
what was agreed to has to be agreed to anew, and an entry of the agenda that nobody can read does not go
out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, delete, select, update

from nudger.agenda.laying_out import MOST_ASKED
from nudger.agenda.set_aside import is_theirs
from nudger.domain.model import ChannelName, History, Person, Plan, Standing, State
from nudger.domain.reach import checked_end
from nudger.store.schema.tables import IS_PLANNED, occurrence, person, plan, reach, set_aside
from nudger.store.sql.statements import EPOCH, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import people
from nudger.store.state.entries import CHANNELS, DUE, as_due

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
        people.key_of(head, "language") or _ENGLISH,
        people.key_of(head, "country"),
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
        opted_out=_channels_left(row.opted_out),
        consented=_channels_left(row.consented),
        rested=_channels_left(row.rested),
        asked=_channels_left(row.asked),
    )


def _channels_left(text: object) -> frozenset[ChannelName]:
    words = text.split() if isinstance(text, str) else ()
    return frozenset(ChannelName(word) for word in words if word in set(ChannelName))


UNREADABLE = "could not be read"

_Safe = Mapping[Column[Any], object]


def mend(tx: Transaction, person_id: str, now: datetime) -> list[str]:
    """All rows by which duties find this person; which values were put right, or have to be refreshed."""
    theirs = person.c.id == person_id
    mended = [*_row(tx, theirs, _of_person(now)), *_history(tx, person_id), *_channels(tx, theirs)]
    mended += reaches(tx, [person_id], now)
    for entry in tx.connection.scalars(select(occurrence.c.id).where(*_planned_of(person_id))).all():
        if not _works(partial(_read_entry, tx, entry)):
            tx.connection.execute(update(occurrence).where(occurrence.c.id == entry).values(_CANCELLED))
            mended.append("an entry of the agenda")
    return mended


def reaches(tx: Transaction, ids: Collection[str], now: datetime) -> list[str]:
    """How these people are reached."""
    mended: list[str] = []
    for one, channel in tx.connection.execute(
        select(reach.c.person, reach.c.channel).where(reach.c.person.in_(ids))
    ).all():
        that = (reach.c.person == one) & (reach.c.channel == channel)
        if channel in set(ChannelName):
            mended += _row(tx, that, _of_reach(now))
        else:
            _no_channel(tx, one, that, now)
            mended.append("channel")
    return mended


def _no_channel(tx: Transaction, one: str, that: ColumnElement[bool], now: datetime) -> None:
    """A STOP on nobody knows which channel is one on all."""
    stopped = tx.connection.scalar(select(reach.c.opted_out_at.is_not(None)).where(that))
    tx.connection.execute(delete(reach).where(that))
    for channel in ChannelName if stopped else ():
        tx.connection.execute(tx.database.insert_new(reach), {"person": one, "channel": channel})
        those = update(reach).where(reach.c.person == one, reach.c.channel == channel)
        tx.connection.execute(those.values(opted_out_at=now, opted_out_how=UNREADABLE))


def _of_person(now: datetime) -> _Safe:
    columns = person.c
    return {
        columns.paused_at: now,
        columns.paused_until: None,
        columns.removed_at: now,
        columns.held_at: now,
        columns.fewer: 0,
        columns.tiny_until: None,
        columns.asks_again_at: None,
        columns.untold: None,
        columns.history_before: None,
        columns.history_at: None,
        columns.laid_out_through: None,
        columns.layout_at: now,
        columns.layout_afresh: True,
        columns.layout_version: 0,
    }


def _of_reach(now: datetime) -> _Safe:
    columns = reach.c
    return {
        columns.address: None,
        columns.consented_at: None,
        columns.consent_how: None,
        columns.opted_out_at: now,
        columns.opted_out_how: UNREADABLE,
        columns.failures: 0,
        columns.rested_at: None,
        columns.ask_at: None,
        columns.asked_at: now,
        columns.times_asked: MOST_ASKED,
    }


def _row(tx: Transaction, that: ColumnElement[bool], safe: _Safe) -> Iterator[str]:
    for column, value in safe.items():
        if not _works(partial(_read_value, tx, column, that)):
            tx.connection.execute(update(column.table).where(that).values({column: value}))
            yield column.name


def _read_value(tx: Transaction, column: Column[Any], that: ColumnElement[bool]) -> None:
    """Raises where there is something of another kind than its column is for."""
    value = tx.connection.scalar(select(column).where(that))
    if value is not None and not isinstance(value, column.type.python_type):
        raise TypeError(column.name)


def _history(tx: Transaction, person_id: str) -> Iterator[str]:
    text = tx.connection.scalar(select(person.c.history).where(person.c.id == person_id))
    if not _works(lambda: people.history_from_json(person_id, text or "")):
        begun_anew = people.history_to_json(History())
        tx.connection.execute(update(person).where(person.c.id == person_id).values(history=begun_anew))
        yield "history"


def _channels(tx: Transaction, theirs: ColumnElement[bool]) -> Iterator[str]:
    """What `reach` says, as the person's own row repeats it (`consent_state.refresh`)."""
    columns = person.c
    for column in (columns.opted_out, columns.consented, columns.rested, columns.asked, columns.asks_again):
        text = tx.connection.scalar(select(column).where(theirs))
        if not isinstance(text, str) or not set(text.split()) <= set(ChannelName):
            yield column.name


def _planned_of(person_id: str) -> tuple[ColumnElement[bool], ...]:
    return (occurrence.c.person == person_id, IS_PLANNED)


def _read_entry(tx: Transaction, entry: int) -> None:
    as_due(tx.connection.execute(select(*DUE).where(occurrence.c.id == entry)).one())


_CANCELLED = {"state": State.CANCELLED, "wake_at": None, "reason": UNREADABLE}


def _works(read: Callable[[], object]) -> bool:
    try:
        read()
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return False
    return True
