"""What of a person's rows cannot be read, put right when somebody edits their plan or acts on them.

Each value that spoils a row becomes the safest that there is: who paused, was held, or said STOP stays so,
whoever was asked is not asked again, what was agreed to has to be agreed to anew, and an entry of the
agenda that nobody can read does not go out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, delete, select, update

from nudger.delivery.asking import MOST_ASKED
from nudger.delivery.set_aside import is_theirs
from nudger.model import ChannelName, History, State
from nudger.store import codec
from nudger.store.entries import DUE, as_due
from nudger.store.tables import IS_PLANNED, occurrence, person, reach
from nudger.store.transaction import Transaction

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
    if not _works(lambda: codec.history_from_json(person_id, text or "")):
        begun_anew = codec.history_to_json(History())
        tx.connection.execute(update(person).where(person.c.id == person_id).values(history=begun_anew))
        yield "history"


def _channels(tx: Transaction, theirs: ColumnElement[bool]) -> Iterator[str]:
    """What `reach` says, as the person's own row repeats it (`consent.refresh`)."""
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
