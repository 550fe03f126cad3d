"""What people wrote and were sent, blanked after a while; old entries, messages and events deleted.

Each step is one short transaction over the oldest rows. What a laying out may still come upon stays: it
looks two days back, and rows go after more than a year.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, or_, select, true, update

from nudger.instants import FIRST
from nudger.model import State
from nudger.store import facts, people
from nudger.store.keys import among
from nudger.store.tables import AnyRow, alarm, event, message, occurrence, reply
from nudger.store.transaction import Transaction

TIDYING = 0x74696479  # any number: one host at a time
BATCH = 500
BLANK_MESSAGE = {"text": "", "subject": "", "address": "", "contact": None}
BLANK_REPLY = {"text": "", "address": ""}
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
# Who agreed to what, and who withdrew it, is on record for as long as the person is.
CONSENT = ("opted%", "notice%", "trusted contact%")


Step = Callable[[Transaction, datetime, int], int]


def tidy(tx: Transaction, step: Step, before: datetime, limit: int = BATCH) -> int:
    """One of BLANKING, which `Store.blank` is made of, or of CLEARING (`Store.clear_away`), in a transaction
    of its own: each locks other people. How many rows, at most `limit`."""
    tx.take_turns(TIDYING)
    return step(tx, before, limit)


def _blank_messages(tx: Transaction, before: datetime, limit: int) -> int:
    return _blank_lines(tx, message, message.c.attempted_at, before, limit, BLANK_MESSAGE)


def _blank_replies(tx: Transaction, before: datetime, limit: int) -> int:
    return _blank_lines(tx, reply, reply.c.received_at, before, limit, BLANK_REPLY)


def _blank_lines(
    tx: Transaction, table: Table, at: Column[datetime], before: datetime, limit: int, empty: dict[str, Any]
) -> int:
    key = f"blanked {table.name}"
    rows = _next_old(tx, key, table.c.line, at, before, true(), limit)
    if rows:
        _lock(tx, rows)
        these = update(table).where(among(table.c.line)).values(**empty)
        tx.connection.execute(these, {"ids": [row.one for row in rows]})
        facts.put(tx, key, str(rows[-1].one))
    return len(rows)


def _blank_answers(tx: Transaction, before: datetime, limit: int) -> int:
    """The text of an answer stands in the agenda until it goes out, and goes when its time is past."""
    key = "blanked answers"
    since = facts.instant(tx, key)
    rows = tx.connection.execute(
        select(occurrence.c.id, occurrence.c.person, occurrence.c.due_at)
        .where(
            occurrence.c.due_at >= max(since, FIRST), occurrence.c.due_at < before, occurrence.c.text != ""
        )
        .order_by(occurrence.c.due_at)
        .limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        these = update(occurrence).where(among(occurrence.c.id)).values(text="")
        tx.connection.execute(these, {"ids": [row.id for row in rows]})
    facts.put(tx, key, (rows[-1].due_at if len(rows) == limit else before).isoformat())
    return len(rows)


BLANKING: tuple[Step, ...] = (_blank_messages, _blank_replies, _blank_answers)


def _delete_entries(tx: Transaction, before: datetime, limit: int) -> int:
    rows = tx.connection.execute(
        select(occurrence.c.id, occurrence.c.person)
        .where(occurrence.c.due_at < before, occurrence.c.state.not_in(OPEN))
        .order_by(occurrence.c.due_at)
        .limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        tx.connection.execute(delete(occurrence).where(among(occurrence.c.id)), {"ids": [r.id for r in rows]})
    return len(rows)


def _delete_messages(tx: Transaction, before: datetime, limit: int) -> int:
    ended = message.c.state.not_in(OPEN)
    return _delete_lines(tx, message.c.line, message.c.attempted_at, before, ended, limit)


def _delete_replies(tx: Transaction, before: datetime, limit: int) -> int:
    return _delete_lines(tx, reply.c.line, reply.c.received_at, before, true(), limit)


def _delete_events(tx: Transaction, before: datetime, limit: int) -> int:
    other = ~or_(*(event.c.what.like(what) for what in CONSENT))
    return _delete_lines(tx, event.c.id, event.c.at, before, other, limit)


def _delete_alarms(tx: Transaction, before: datetime, limit: int) -> int:
    """One that is being raised again right now is passed over."""
    passed = (
        select(alarm.c.key).where(alarm.c.cleared_at < before).limit(limit).with_for_update(skip_locked=True)
    )
    keys = tx.connection.scalars(passed).all()
    if keys:
        tx.connection.execute(delete(alarm).where(among(alarm.c.key)), {"ids": keys})
    return len(keys)


CLEARING: tuple[Step, ...] = (
    _delete_entries,
    _delete_messages,
    _delete_replies,
    _delete_events,
    _delete_alarms,
)


def _delete_lines(
    tx: Transaction,
    line: Column[int],
    at: Column[datetime],
    before: datetime,
    goes: ColumnElement[bool],
    limit: int,
) -> int:
    """What stays for good is passed by, until something goes or all that is old has been seen."""
    key = f"cleared {line.table.name}"
    going: list[AnyRow] = []
    while not going and (rows := _next_old(tx, key, line, at, before, goes, limit)):
        going = [row for row in rows if row.goes]
        facts.put(tx, key, str(rows[-1].one))
    if going:
        _lock(tx, going)
        tx.connection.execute(delete(line.table).where(among(line)), {"ids": [row.one for row in going]})
    return len(going)


def _next_old(
    tx: Transaction,
    key: str,
    line: Column[int],
    at: Column[datetime],
    before: datetime,
    goes: ColumnElement[bool],
    limit: int,
) -> Sequence[AnyRow]:
    """The oldest that the fact `key` has not passed. Lines ascend with time: the first that is too young
    ends it for now, and nothing is read twice, however many millions are younger."""
    rows = tx.connection.execute(
        # Not `at` itself: one that is no date would hold up all for good.
        select(line.label("one"), line.table.c.person, (at < before).label("is_old"), goes.label("goes"))
        .where(line > facts.number(tx, key))
        .order_by(line)
        .limit(limit)
    ).all()
    return list(takewhile(lambda row: bool(row.is_old), rows))


def _lock(tx: Transaction, rows: Sequence[AnyRow]) -> None:
    people.lock(tx, {row.person for row in rows})
