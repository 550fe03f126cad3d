"""What people wrote and were sent, blanked after a while; old entries, messages and events deleted.

Each call is one short transaction over the oldest rows. What a laying out may still come upon stays: it
looks two days back, and rows go after more than a year.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, or_, select, update

from nudger.model import State
from nudger.store import facts, people
from nudger.store.keys import among
from nudger.store.tables import EPOCH, AnyRow, alarm, event, message, occurrence, reply
from nudger.store.transaction import Transaction

TIDYING = 0x74696479  # any number: one host at a time
BATCH = 500
BLANK_MESSAGE = {"text": "", "subject": "", "address": "", "contact": None}
BLANK_REPLY = {"text": "", "address": ""}
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
# Who agreed to what, and who withdrew it, is on record for as long as the person is.
CONSENT = ("opted%", "notice%", "trusted contact%")


def blank(tx: Transaction, before: datetime, limit: int = BATCH) -> int:
    """See Store.blank."""
    tx.take_turns(TIDYING)
    blanked = _blank_lines(tx, message, message.c.attempted_at, before, limit, BLANK_MESSAGE)
    blanked += _blank_lines(tx, reply, reply.c.received_at, before, limit, BLANK_REPLY)
    return blanked + _blank_answers(tx, before, limit)


def clear_away(tx: Transaction, before: datetime, limit: int = BATCH) -> int:
    """See Store.clear_away."""
    tx.take_turns(TIDYING)
    settled = occurrence.c.state.not_in(OPEN)
    gone = _delete(tx, occurrence, occurrence.c.due_at, before, settled, limit, by=occurrence.c.due_at)
    ended = message.c.state.not_in(OPEN)
    gone += _delete(tx, message, message.c.attempted_at, before, ended, limit, by=message.c.line)
    gone += _delete(tx, reply, reply.c.received_at, before, reply.c.line > 0, limit, by=reply.c.line)
    other = ~or_(*(event.c.what.like(what) for what in CONSENT))
    gone += _delete(tx, event, event.c.at, before, other, limit, by=event.c.id)
    return gone + tx.connection.execute(delete(alarm).where(alarm.c.cleared_at < before)).rowcount


def _blank_lines(
    tx: Transaction, table: Table, at: Column[datetime], before: datetime, limit: int, empty: dict[str, Any]
) -> int:
    """Lines ascend with time: where the last call ended is remembered, and nothing is read twice."""
    key = f"blanked {table.name}"
    after = int(facts.get(tx, key) or 0)
    rows = tx.connection.execute(
        select(table.c.line, table.c.person, at.label("at"))
        .where(table.c.line > after)
        .order_by(table.c.line)
        .limit(limit)
    ).all()
    # The first that is too young ends it, for now.
    young = next((number for number, row in enumerate(rows) if row.at >= before), len(rows))
    rows = rows[:young]
    if rows:
        _lock(tx, rows)
        these = update(table).where(among(table.c.line)).values(**empty)
        tx.connection.execute(these, {"ids": [row.line for row in rows]})
        facts.put(tx, key, str(rows[-1].line))
    return len(rows)


def _blank_answers(tx: Transaction, before: datetime, limit: int) -> int:
    """The text of an answer stands in the agenda until it goes out, and goes when its time is past."""
    key = "blanked answers"
    since = datetime.fromisoformat(facts.get(tx, key) or EPOCH.isoformat())
    rows = tx.connection.execute(
        select(occurrence.c.id, occurrence.c.person, occurrence.c.due_at)
        .where(occurrence.c.due_at >= since, occurrence.c.due_at < before, occurrence.c.text != "")
        .order_by(occurrence.c.due_at)
        .limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        these = update(occurrence).where(among(occurrence.c.id)).values(text="")
        tx.connection.execute(these, {"ids": [row.id for row in rows]})
    facts.put(tx, key, (rows[-1].due_at if len(rows) == limit else before).isoformat())
    return len(rows)


def _delete(
    tx: Transaction,
    table: Table,
    at: Column[datetime],
    before: datetime,
    which: ColumnElement[bool],
    limit: int,
    *,
    by: Column[Any],
) -> int:
    """The oldest come first by `by`, so that few rows are read for each that goes."""
    (one,) = table.primary_key.columns
    rows = tx.connection.execute(
        select(one.label("one"), table.c.person).where(at < before, which).order_by(by).limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        tx.connection.execute(delete(table).where(among(one)), {"ids": [row.one for row in rows]})
    return len(rows)


def _lock(tx: Transaction, rows: Sequence[AnyRow]) -> None:
    people.lock(tx, {row.person for row in rows})
