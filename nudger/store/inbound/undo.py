"""A person's last command, as it can be taken back: what stood before it, and what stood after it.

Whatever the command was, it is taken back by what it changed: of the person's standing, of the nudge that it
was about, of whom they were in touch with. Only what still stands as the command left it is put back, for
something else may have been said or done since. One step, and no further: what is taken back is forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, select, update

from nudger.agenda.set_aside import is_theirs
from nudger.domain.effects import (
    Ask,
    Effect,
    GoAway,
    Hold,
    Hours,
    LowDays,
    OptIn,
    OptOut,
    Pause,
    Rate,
    Reached,
    Resume,
    Settle,
    Snooze,
)
from nudger.domain.model import Origin, State
from nudger.inbound.port import LastCommand
from nudger.store.schema.tables import occurrence, person
from nudger.store.sql.transactions import Transaction
from nudger.store.state import entries, people, standing

_CONCERN = "concern"
_TAKEN_BACK = (Snooze, Settle, Pause, GoAway, Hours, Resume, Rate, LowDays, Reached)
# What is said so is no command, and ends by words of its own.
_NEVER = (OptOut, OptIn, Hold, Ask)


@dataclass(frozen=True, slots=True)
class _Again:
    """A snooze that waits."""

    id: int
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Entry:
    """The nudge that a command is about."""

    id: int
    outcome: str | None
    outcome_at: datetime | None
    again: _Again | None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a command may change of a person, by the names of the columns."""

    paused_at: datetime | None
    paused_until: datetime | None
    fewer: int
    tiny_until: datetime | None
    wishes: str | None


@dataclass(frozen=True, slots=True)
class _Stands:
    """All of it at one moment."""

    standing: _Standing
    sent: int  # nudges counted for the day
    entry: _Entry | None = None
    contact: str | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    """A command, and what stood before and after it."""

    intent: str
    at: datetime
    before: _Stands
    after: _Stands


_DONE = TypeAdapter(_Done)
_COLUMNS = [person.c[field.name] for field in fields(_Standing)]
_STANDING = select(*_COLUMNS).where(person.c.id == bindparam("id"))
_LAST = select(person.c.last_command).where(person.c.id == bindparam("id"))


def stands(tx: Transaction, person_id: str, effects: Sequence[Effect]) -> _Stands | None:
    """Returns how things stand of which these effects may change something; None where nothing of them can
    be taken back."""
    if not any(isinstance(effect, _TAKEN_BACK) for effect in effects):
        return None
    entry = next((one.occurrence for one in effects if isinstance(one, Snooze | Settle)), None)
    contact = next((one.contact for one in effects if isinstance(one, Reached)), None)
    try:
        return _stands(tx, person_id, entry, contact)
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return None  # somebody who cannot be read whole: there is nothing to go back to


def keep(
    tx: Transaction,
    person_id: str,
    at: datetime,
    intent: str,
    effects: Sequence[Effect],
    before: _Stands | None,
) -> None:
    """Keeps what a command did, in place of the one before. An operator's act (no `intent`), a danger, NOW
    and a word on whether nudger may write leave nothing to take back."""
    if before is not None and intent not in ("", _CONCERN) and not _is_kept_apart(effects):
        done = _Done(intent, at, before, _now(tx, person_id, before))
        _put(tx, person_id, _DONE.dump_json(done).decode())
    elif before is not None or _is_kept_apart(effects):
        _put(tx, person_id, None)


def last_command(tx: Transaction, person_id: str) -> LastCommand | None:
    """Returns the last command, where something of it still stands."""
    done = _last(tx, person_id)
    if done is None:
        return None
    now = _now(tx, person_id, done.after)
    if not (_standing_back(done, now) or _entry_stands(done, now) or _contact_stands(done, now)):
        return None
    return LastCommand(done.intent, done.at, done.after.entry.id if done.after.entry else None)


def take_back(tx: Transaction, person_id: str, now: datetime) -> None:
    """Puts back what the last command changed, and still stands."""
    done = _last(tx, person_id)
    if done is None:
        return
    stood = _now(tx, person_id, done.after)
    if back := _standing_back(done, stood):
        _put_standing(tx, person_id, back, now)
    if _entry_stands(done, stood):
        _put_entry(tx, person_id, done, now)
    if _contact_stands(done, stood):
        _put_contact(tx, person_id, done)
    _put(tx, person_id, None)
    standing.record_event(tx, person_id, now, "taken back", done.intent)


def _is_kept_apart(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, _NEVER) for effect in effects)


def _put(tx: Transaction, person_id: str, text: str | None) -> None:
    tx.connection.execute(update(person).where(person.c.id == person_id).values(last_command=text))


def _last(tx: Transaction, person_id: str) -> _Done | None:
    text = tx.connection.scalar(_LAST, {"id": person_id})
    try:
        return _DONE.validate_json(text) if text is not None else None
    except ValueError:
        return None  # as a former version wrote it, or nobody


def _now(tx: Transaction, person_id: str, then: _Stands) -> _Stands:
    """How what is looked at there stands now."""
    return _stands(tx, person_id, then.entry.id if then.entry else None, then.contact)


def _stands(tx: Transaction, person_id: str, entry_id: int | None, contact: str | None) -> _Stands:
    row = tx.connection.execute(_STANDING, {"id": person_id}).one()
    history = people.read(tx, [person_id])[person_id].history
    return _Stands(
        _Standing(*row),
        history.sent,
        _entry(tx, person_id, entry_id) if entry_id is not None else None,
        contact,
        history.contacted.get(contact) if contact is not None else None,
    )


def _entry(tx: Transaction, person_id: str, entry_id: int) -> _Entry | None:
    row = tx.connection.execute(
        select(occurrence).where(occurrence.c.id == entry_id, occurrence.c.person == person_id)
    ).one_or_none()
    if row is None:
        return None
    waits = entries.waiting(tx, row)
    again = None
    if waits is not None:
        times = select(occurrence.c.due_at, occurrence.c.expires_at).where(
            occurrence.c.id == waits, occurrence.c.attempts == 0
        )
        found = tx.connection.execute(times).one_or_none()
        again = _Again(waits, found.due_at, found.expires_at) if found else None
    return _Entry(row.id, row.outcome, row.outcome_at, again)


# --- what still stands, and how it is put back --------------------------------------------------------
def _standing_back(done: _Done, now: _Stands) -> dict[str, object]:
    """The columns to put back, with what stood in them. A pause is one thing in two columns."""
    values = partial(getattr, done.before.standing), partial(getattr, done.after.standing)
    back: dict[str, object] = {}
    for names in (("paused_at", "paused_until"), ("fewer",), ("tiny_until",), ("wishes",)):
        before, after = ([value(name) for name in names] for value in values)
        if before != after and [getattr(now.standing, name) for name in names] == after:
            back |= dict(zip(names, before, strict=True))
    return back


def _entry_stands(done: _Done, now: _Stands) -> bool:
    after = done.after.entry
    return after is not None and after != done.before.entry and after == now.entry


def _contact_stands(done: _Done, now: _Stands) -> bool:
    after = done.after
    return after.reached_at != done.before.reached_at and after.reached_at == now.reached_at


def _put_standing(tx: Transaction, person_id: str, back: dict[str, object], now: datetime) -> None:
    if "wishes" in back:
        text = back.pop("wishes")
        wishes = people.wishes_from_json(person_id, text if isinstance(text, str) else None)
        people.put_wishes(tx, person_id, wishes)
    if back:
        tx.connection.execute(update(person).where(person.c.id == person_id).values(**back))
    standing.lay_out_again(tx, [person_id], now)


def _put_entry(tx: Transaction, person_id: str, done: _Done, now: datetime) -> None:
    before, after = done.before.entry, done.after.entry
    if before is None or after is None:
        return
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id == after.id)
        .values(outcome=before.outcome, outcome_at=before.outcome_at)
    )
    if after.again is not None and before.again is None:
        # As if it had never been: what is put off later counts in its place.
        tx.connection.execute(delete(occurrence).where(occurrence.c.id == after.again.id))
        if done.after.sent < done.before.sent:
            claimed_at = select(occurrence.c.claimed_at).where(occurrence.c.id == after.id)
            people.count_in(tx, person_id, tx.connection.scalar(claimed_at) or now)
    elif before.again is not None and (after.again is not None or before.again.due_at > now):
        _wait_again(tx, before.again)


def _wait_again(tx: Transaction, again: _Again) -> None:
    """A snooze that waits again, at its former time."""
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id == again.id, occurrence.c.origin == Origin.SNOOZED)
        .values(
            state=State.PLANNED,
            due_at=again.due_at,
            wake_at=again.due_at,
            expires_at=again.expires_at,
            queue=None,
            reason="",
            settled_at=None,
        )
    )


def _put_contact(tx: Transaction, person_id: str, done: _Done) -> None:
    history = people.read(tx, [person_id])[person_id].history
    contacted = {name: at for name, at in history.contacted.items() if name != done.after.contact}
    if done.after.contact is not None and done.before.reached_at is not None:
        contacted[done.after.contact] = done.before.reached_at
    people.put_history(tx, person_id, replace(history, contacted=contacted))
