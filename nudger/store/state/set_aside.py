"""People whom nudger fails over: parked, listed, tried again, taken back; read as far as they can be, and put
right where somebody edits their plan or acts on them.

Read is enough to answer them, to let them stop, and to show them. Their plan has no nudges then, and their
history is empty; neither is ever written back. Put right, each value that spoils a row becomes the safest
that there is: who paused, was held, or said STOP stays so, whoever was asked is not asked again, what was
agreed to has to be agreed to anew, and an entry of the agenda that nobody can read does not go out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, select, update

from nudger.agenda.set_aside import (
    REASON,
    TRY_AGAIN,
    SetAside,
    Trial,
    alarm_key,
    in_words,
    is_everybodys,
    is_theirs,
)
from nudger.domain.effects import checked_end
from nudger.domain.model import FROM_A_TEXT, ChannelName, History, Person, Plan, Standing, State
from nudger.domain.wishes import NO_WISHES
from nudger.store.schema.tables import IS_PLANNED, occurrence, person, plan, reach, set_aside
from nudger.store.sql.statements import EPOCH, among
from nudger.store.sql.transactions import Safe, Transaction, made, put_right, works
from nudger.store.state import consent, consent_requests, facts, people, silence
from nudger.store.state.entries import CHANNELS, DUE, PARKED, as_due
from nudger.store.state.standing import lay_out_again, record_event

# An answer to their own text is tried as far as anything of them can be read.
_DUE_NUDGES = and_(IS_PLANNED, occurrence.c.origin.not_in(FROM_A_TEXT))
_ALL = select(set_aside).order_by(set_aside.c.person)
_IDS = select(set_aside.c.person)
_IDS_AMONG = _IDS.where(among(set_aside.c.person))
_TRY_SOON = update(set_aside).where(among(set_aside.c.person)).values(try_at=bindparam("try_at"))


def put(tx: Transaction, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
    """See AgendaStore.set_aside."""
    if not faults:
        return
    known = set(tx.connection.scalars(_IDS))
    new = faults.keys() - known
    _refuse_everybodys(tx, len(new), looked_at, len(known | new), next(iter(faults.values())))
    for person_id, fault in faults.items():
        _put(tx, person_id, fault, step, now, new=person_id in new)


def _refuse_everybodys(tx: Transaction, failed: int, looked_at: int, standing: int, fault: Exception) -> None:
    """Raises the fault where it is nudger's own: by those looked at now, and by all who are set aside."""
    if is_everybodys(failed, looked_at) or (failed and is_everybodys(standing, people.count(tx))):
        raise fault


def _put(tx: Transaction, person_id: str, fault: Exception, step: str, now: datetime, *, new: bool) -> None:
    words, then = in_words(fault), now + TRY_AGAIN
    row = {"person": person_id, "since": now, "step": step, "fault": words, "try_at": then}
    tx.connection.execute(tx.database.insert_new(set_aside), row)
    that = update(set_aside).where(set_aside.c.person == person_id)
    tx.connection.execute(that.values(step=step, fault=words, try_at=then))
    _park(tx, person_id, now)
    facts.raise_alarm(tx, alarm_key(person_id), SetAside(person_id, now, step, words, then).words, now)
    if new:
        record_event(tx, person_id, now, "set aside", f"{step}: {words}")


def _park(tx: Transaction, person_id: str, now: datetime) -> None:
    """What is due waits out of the way; the duties pass them over until they are tried again."""
    due = and_(occurrence.c.person == person_id, _DUE_NUDGES, occurrence.c.wake_at <= now)
    tx.connection.execute(update(occurrence).where(due).values(queue=PARKED, reason=REASON))
    tx.connection.execute(
        update(person)
        .where(person.c.id == person_id, person.c.layout_at <= now)
        .values(layout_at=now + TRY_AGAIN)
    )
    tx.connection.execute(
        update(reach).where(reach.c.person == person_id, reach.c.ask_at <= now).values(ask_at=now + TRY_AGAIN)
    )


def everyone_set_aside(tx: Transaction) -> Sequence[SetAside]:
    """See AgendaStore.those_set_aside."""
    return made(
        tx,
        _ALL,
        set_aside.c.person,
        lambda row: SetAside(row.person, row.since, row.step, row.fault, row.try_at),
    )


def soon(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """Has these people tried again at once, and puts right what cannot be read of them: an edit of theirs, or
    an act on them, may have ended what was wrong."""
    found = tx.connection.scalars(_IDS_AMONG, {"person_in": list(ids)}).all()
    for person_id in found:
        if mended := mend(tx, person_id, now):
            consent.refresh(tx, [person_id])
            record_event(tx, person_id, now, "put right", ", ".join(sorted(set(mended))))
    if found:
        tx.connection.execute(_TRY_SOON, {"person_in": found, "try_at": now})


def all_soon(tx: Transaction, now: datetime) -> None:
    """See AgendaStore.try_all_again. Who is tried, or edited, right now is passed over."""
    ids = tx.connection.scalars(_IDS.with_for_update(skip_locked=True)).all()
    soon(tx, ids, now)


def trial(tx: Transaction, person_id: str) -> Trial | None:
    """See AgendaStore.trial."""
    found = people.read(tx, [person_id]).get(person_id)
    if found is None:
        return None
    rows = tx.connection.execute(
        select(*DUE).where(occurrence.c.person == person_id, IS_PLANNED).order_by(occurrence.c.id)
    )
    return Trial(found, [as_due(row) for row in rows])


def take_back(tx: Transaction, person_id: str, now: datetime) -> None:
    """See AgendaStore.take_back."""
    people.lock(tx, [person_id])
    if not tx.connection.execute(delete(set_aside).where(set_aside.c.person == person_id)).rowcount:
        return  # RACE: another host was quicker
    parked = and_(occurrence.c.person == person_id, IS_PLANNED, occurrence.c.queue == PARKED)
    tx.connection.execute(update(occurrence).where(parked).values(queue=None))
    lay_out_again(tx, [person_id], now)
    consent_requests.soon(tx, [person_id], now)
    silence.begin_anew(tx, [person_id], now)
    facts.clear_alarm(tx, alarm_key(person_id), now)
    record_event(tx, person_id, now, "taken back")


def give_up_waiting(tx: Transaction, now: datetime) -> None:
    """Ends what was parked and is too late by now, though nobody can judge it. What somebody else writes
    right now, the next look finds."""
    late = and_(occurrence.c.queue == PARKED, IS_PLANNED, occurrence.c.expires_at < now)
    ids = tx.connection.scalars(select(occurrence.c.id).where(late).with_for_update(skip_locked=True)).all()
    if ids:
        ends = {"state": State.MISSED, "wake_at": None, "reason": REASON, "settled_at": now}
        tx.connection.execute(update(occurrence).where(among(occurrence.c.id)).values(ends), {"id_in": ids})


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
    """Reads these people to look at: whole, or what can be read of them; and whether they are set aside."""
    try:
        found = {person_id: _shown(tx, read) for person_id, read in people.read(tx, ids).items()}
    except Exception as fault:
        if not is_theirs(fault):
            raise
        alone = {person_id: _one(tx, person_id) for person_id in ids}
        found = {person_id: found_one for person_id, found_one in alone.items() if found_one is not None}
    aside = tx.connection.scalars(_IDS_AMONG, {"person_in": list(found)}).all() if found else ()
    for person_id in aside:
        found[person_id] = replace(
            found[person_id], standing=replace(found[person_id].standing, set_aside=True)
        )
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


def spoken_to(one: Person) -> Sequence[Person]:
    """Returns the person as they are to be spoken to: in their language, and in English where nudger has no
    words of that."""
    plan = one.plan
    return (one,) if plan.language == _ENGLISH else (one, replace(one, plan=replace(plan, language=_ENGLISH)))


def salvaged(tx: Transaction, person_id: str) -> Person | None:
    """Reads what can be read of a person; None where there is no such person."""
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
        unreachable=_channels_left(row.rested),
        asked=_channels_left(row.asked),
    )


def _channels_left(text: object) -> frozenset[ChannelName]:
    words = text.split() if isinstance(text, str) else ()
    return frozenset(ChannelName(word) for word in words if word in set(ChannelName))


def mend(tx: Transaction, person_id: str, now: datetime) -> list[str]:
    """Puts right all rows by which duties find this person; returns which values were, or have to be
    refreshed."""
    theirs = person.c.id == person_id
    mended = [*put_right(tx, theirs, _of_person(now)), *_mend_history(tx, person_id)]
    mended += [*_mend_wishes(tx, person_id), *_channels(tx, theirs)]
    mended += consent.mend_reach(tx, [person_id], now)
    for entry in tx.connection.scalars(select(occurrence.c.id).where(*_planned_of(person_id))).all():
        if not works(partial(_read_entry, tx, entry)):
            tx.connection.execute(update(occurrence).where(occurrence.c.id == entry).values(_CANCELLED))
            mended.append("an entry of the agenda")
    return mended


def _of_person(now: datetime) -> Safe:
    columns = person.c
    return {
        columns.paused_at: now,
        columns.paused_until: None,
        columns.removed_at: now,
        columns.held_at: now,
        columns.fewer: 0,
        columns.tiny_until: None,
        columns.asks_again_at: None,
        columns.signed_at: None,
        columns.silent_since: now,
        columns.arrived_at: None,
        columns.lost_at: None,
        columns.untold: None,
        columns.last_command: None,
        columns.history_before: None,
        columns.history_at: None,
        columns.laid_out_through: None,
        columns.layout_at: now,
        columns.layout_afresh: True,
        columns.layout_version: 0,
    }


def _mend_history(tx: Transaction, person_id: str) -> Iterator[str]:
    text = tx.connection.scalar(select(person.c.history).where(person.c.id == person_id))
    if not works(lambda: people.history_from_json(person_id, text or "")):
        begun_anew = people.history_to_json(History())
        tx.connection.execute(update(person).where(person.c.id == person_id).values(history=begun_anew))
        yield "history"


def _mend_wishes(tx: Transaction, person_id: str) -> Iterator[str]:
    text = tx.connection.scalar(select(person.c.wishes).where(person.c.id == person_id))
    if not works(lambda: people.wishes_from_json(person_id, text)):
        people.put_wishes(tx, person_id, NO_WISHES)
        yield "wishes"


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


_CANCELLED = {"state": State.CANCELLED, "wake_at": None, "reason": consent.UNREADABLE}
