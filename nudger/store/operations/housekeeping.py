"""What is held on people, and how it goes: blanked and deleted after a while, handed over, or erased at once;
the verbs of `UpkeepStore` on the database.

Each step of tidying is one short transaction over the oldest rows: words of messages and replies first,
then old entries, messages and events. What a laying out may still come upon stays: it looks two days
back, and rows go after more than a year.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Text, cast, delete, or_, select, true, update

from nudger.agenda.set_aside import is_theirs
from nudger.domain.effects import FIRST
from nudger.domain.model import State
from nudger.store.schema.shared import alarm
from nudger.store.schema.tables import (
    answer,
    away,
    consent,
    event,
    message,
    missing_plan,
    occurrence,
    person,
    plan,
    plan_file,
    plan_problem,
    reach,
    reply,
    set_aside,
)
from nudger.store.sending import endings
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, Transactions
from nudger.store.state import erased, facts, people

TIDYING = 0x74696479  # any number: one host at a time
BATCH = 500
BLANK_MESSAGE = {"text": "", "subject": "", "address": "", "contact": None}
BLANK_REPLY = {"text": "", "address": ""}
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
# Who agreed to what, and who withdrew it, is on record for as long as the person is.
CONSENT = ("opted%", "notice%", "trusted contact%")
Step = Callable[[Transaction, datetime, int], int]


class SqlUpkeepStore:
    """What is cleared away in time, and who signed out.

    Each verb's promise stands in `UpkeepStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def secret(self, key: str) -> bytes:
        with self._in.write() as tx:
            return facts.secret(tx, key)

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        with self._in.write() as tx:
            facts.end_session(tx, session, until, now)

    def session_ended(self, session: str) -> bool:
        with self._in.read() as tx:
            return facts.session_ended(tx, session)

    def blank(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in BLANKING)

    def clear_away(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in CLEARING)

    def _tidied(self, step: Step, before: datetime) -> int:
        with self._in.write() as tx:
            return tidy(tx, step, before)


def tidy(tx: Transaction, step: Step, before: datetime, limit: int = BATCH) -> int:
    """Takes one step of BLANKING, which `UpkeepStore.blank` is made of, or of CLEARING
    (`UpkeepStore.clear_away`), in a transaction of its own: each locks other people.

    Returns:
        How many rows, at most `limit`.
    """
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
        tx.connection.execute(these, {"line_in": [row.line for row in rows]})
        facts.put(tx, key, str(rows[-1].line))
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
        tx.connection.execute(these, {"id_in": [row.id for row in rows]})
    facts.put(tx, key, (rows[-1].due_at if len(rows) == limit else before).isoformat())
    return len(rows)


def _delete_words(tx: Transaction, before: datetime, limit: int) -> int:
    """What people have said, but of those whose plan keeps it. Of who keeps it each row is passed by."""
    rows = tx.connection.execute(
        select(answer.c.id, answer.c.person)
        .join(person, person.c.id == answer.c.person)
        .where(answer.c.at < before, ~person.c.keep_words)
        .order_by(answer.c.at)
        .limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        tx.connection.execute(delete(answer).where(among(answer.c.id)), {"id_in": [row.id for row in rows]})
    return len(rows)


BLANKING: tuple[Step, ...] = (_blank_messages, _blank_replies, _blank_answers, _delete_words)


def _delete_entries(tx: Transaction, before: datetime, limit: int) -> int:
    rows = tx.connection.execute(
        select(occurrence.c.id, occurrence.c.person)
        .where(occurrence.c.due_at < before, occurrence.c.state.not_in(OPEN))
        .order_by(occurrence.c.due_at)
        .limit(limit)
    ).all()
    if rows:
        _lock(tx, rows)
        tx.connection.execute(
            delete(occurrence).where(among(occurrence.c.id)), {"id_in": [r.id for r in rows]}
        )
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
        tx.connection.execute(delete(alarm).where(among(alarm.c.key)), {"key_in": keys})
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
        facts.put(tx, key, str(rows[-1].line))
    if going:
        _lock(tx, going)
        tx.connection.execute(
            delete(line.table).where(among(line, "line_in")), {"line_in": [row.line for row in going]}
        )
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
        select(line.label("line"), line.table.c.person, (at < before).label("is_old"), goes.label("goes"))
        .where(line > facts.number(tx, key))
        .order_by(line)
        .limit(limit)
    ).all()
    return list(takewhile(lambda row: bool(row.is_old), rows))


def _lock(tx: Transaction, rows: Sequence[AnyRow]) -> None:
    people.lock(tx, {row.person for row in rows})


# In the order in which they may go: what refers to a person before the person.
ALL_OF_A_PERSON = (
    *(event, answer, reply, message, occurrence, consent, set_aside, reach, away, missing_plan, plan),
)


def export(tx: Transaction, person_id: str) -> Mapping[str, object] | None:
    """See PeopleStore.export."""
    themselves = _read(tx, select(person).where(person.c.id == person_id))
    if not themselves:
        return None
    held = {table.name: _rows(tx, table, person_id) for table in reversed(ALL_OF_A_PERSON)}
    return {"person": themselves[0]} | held


def forget(tx: Transaction, person_id: str) -> bool:
    """See PeopleStore.forget."""
    people.lock(tx, [person_id])
    if tx.connection.scalar(select(person.c.id).where(person.c.id == person_id)) is None:
        return False
    erased.keep(tx, person_id)
    # What is wrong with their file may quote it.
    file = select(plan.c.file).where(plan.c.person == person_id).scalar_subquery()
    tx.connection.execute(delete(plan_problem).where(plan_problem.c.file == file))
    # Where the file is still there, it is read again, and is told to be that of an erased person.
    tx.connection.execute(update(plan_file).where(plan_file.c.file == file).values(mark=""))
    for table in ALL_OF_A_PERSON:
        tx.connection.execute(delete(table).where(table.c.person == person_id))
    # A fault that the operator knows of names the person.
    tx.connection.execute(delete(alarm).where(alarm.c.key.in_(endings.alarm_keys(person_id))))
    tx.connection.execute(delete(person).where(person.c.id == person_id))
    tx.plans.drop(person_id)
    return True


def _rows(tx: Transaction, table: Table, person_id: str) -> list[dict[str, Any]]:
    order = list(table.primary_key.columns)
    return _read(tx, select(table).where(table.c.person == person_id).order_by(*order))


def _read(tx: Transaction, statement: Select[Any]) -> list[dict[str, Any]]:
    """All of it: what is no date, or no number, as it stands."""
    try:
        return [_as_json(row) for row in tx.connection.execute(statement)]
    except Exception as fault:
        if not is_theirs(fault):
            raise
    columns = [cast(column, Text).label(column.name) for column in statement.selected_columns]
    return [_as_json(row) for row in tx.connection.execute(statement.with_only_columns(*columns))]


def _as_json(row: AnyRow) -> dict[str, Any]:
    return {
        key: value.isoformat()
        if isinstance(value, datetime | date)
        else value.decode(errors="replace")
        if isinstance(value, bytes)
        else value
        for key, value in row._mapping.items()
    }
