"""Entries and replies counted by local date, so that a chart of a year reads a few thousand rows; the verbs
of `StatisticsStore` on the database.

Counting reads each entry of the dates once more; it is a duty's work, and no claim waits for it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    exc,
    extract,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.types import JSON

from nudger.domain.errors import NudgerError
from nudger.domain.model import Outcome, State
from nudger.operations.overview import (
    Counted,
    EntryCount,
    ReplyCount,
    Span,
)
from nudger.store.schema.shared import entry_tally, reply_tally
from nudger.store.schema.tables import occurrence, plan, reply
from nudger.store.sql.statements import EPOCH, AnyRow
from nudger.store.sql.transactions import Transaction, Transactions, readable_rows
from nudger.store.state import facts, people
from nudger.store.state.entries import KINDS, NUDGES

TALLYING = 0x74616C79  # one count is written at a time
QUARTER = timedelta(minutes=15)  # every zone's offset is whole quarters of an hour
HOUR = timedelta(hours=1)
EASTMOST, WESTMOST = timedelta(hours=14), timedelta(hours=12)
LONGEST_SNOOZE = timedelta(hours=48)  # an entry keeps its local date while it is put off
LONGEST_REASON = 120
_STATES, _OUTCOMES = frozenset(map(str, State)), frozenset((None, *map(str, Outcome)))
_FIGURES = re.compile(r"\S*\d\S*( \S*\d\S*)*")


class SqlStatisticsStore:
    """What happened, counted by day.

    Each verb's promise stands in `StatisticsStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def counters(self) -> Mapping[str, int]:
        with self._in.read() as tx:
            return facts.counters(tx)

    def tally(self, first: date, last: date) -> Counted:
        # Read first: counting takes its time, and nobody's nudge waits for it.
        with self._in.read() as tx:
            counted = count(tx, first, last)
        with self._in.write() as tx:
            keep(tx, first, last, counted)
        return counted

    def span(self, first: date, last: date) -> Span:
        with self._in.read() as tx:
            return span(tx, first, last)


def count(tx: Transaction, first: date, last: date) -> Counted:
    """Counts these local dates, as the agenda stands."""
    return Counted(_entries(tx, first, last), _replies(tx, first, last))


def keep(tx: Transaction, first: date, last: date, counted: Counted) -> None:
    """Puts these counts in the place of what was counted before for the same dates."""
    tx.take_turns(TALLYING)
    for table in (entry_tally, reply_tally):
        tx.connection.execute(delete(table).where(table.c.local_date.between(first, last)))
    if counted.entries:
        tx.connection.execute(insert(entry_tally), [_entry_row(entry) for entry in counted.entries])
    if counted.replies:
        tx.connection.execute(insert(reply_tally), [_reply_row(reply) for reply in counted.replies])


def span(tx: Transaction, first: date, last: date) -> Span:
    """Sums up for charts what was counted for these dates."""
    days, kinds, reasons = Counter(), Counter(), Counter()  # type: ignore[var-annotated]
    entries, replies = entry_tally.c, reply_tally.c
    for row in _sums(tx, entries.number, first, last, entries.local_date, entries.state, entries.outcome):
        if _known(row):
            days[row.local_date, State(row.state), _outcome(row)] = row.total
    for row in _sums(tx, entries.number, first, last, entries.kind, entries.state, entries.outcome):
        if _known(row) and (row.kind or None) in KINDS:
            kinds[KINDS[row.kind or None], State(row.state), _outcome(row)] = row.total
    for row in _sums(tx, entries.number, last, last, entries.state, entries.reason):
        if row.reason and row.state in _STATES:
            reasons[State(row.state), row.reason] = row.total
    # A year has 168 of these, and 8,000 dates with an hour. Sunday is 0 in both databases.
    sunday_first = extract("dow", replies.local_date).label("dow")
    hours = _sums(tx, replies.number, first, last, sunday_first, replies.hour)
    intents = _sums(tx, replies.number, first, last, replies.intent)
    return Span(
        days,
        kinds,
        reasons,
        {((int(row.dow) - 1) % 7, row.hour): row.total for row in hours if row.hour in range(24)},
        {row.intent: row.total for row in intents},
    )


def general(reason: str) -> str:
    """Returns a reason without its times and numbers: what is one cause is counted as one."""
    return _FIGURES.sub("…", reason)[:LONGEST_REASON]


def _known(row: AnyRow) -> bool:
    """Whether its words are ones that nudger has: a row that somebody else wrote counts for nothing."""
    return row.state in _STATES and (row.outcome or None) in _OUTCOMES


def _sums(
    tx: Transaction, number: Column[int], first: date, last: date, *by: ColumnElement[Any]
) -> Sequence[AnyRow]:
    table = number.table
    return tx.connection.execute(
        select(*by, func.sum(number).label("total"))
        .where(table.c.local_date.between(first, last))
        .group_by(*by)
    ).all()


def _entries(tx: Transaction, first: date, last: date) -> list[EntryCount]:
    by = (
        occurrence.c.local_date,
        occurrence.c.kind,
        occurrence.c.state,
        occurrence.c.outcome,
        occurrence.c.reason,
    )
    since, until = _instants(first, last)
    query = (
        select(*by, func.count().label("number"))
        .where(
            occurrence.c.due_at >= bindparam("since"),
            occurrence.c.due_at < bindparam("until"),
            occurrence.c.local_date.between(first, last),
            occurrence.c.origin.in_(NUDGES),
        )
        .group_by(*by)
    )
    counted: Counter[tuple[date, str | None, str, str | None, str]] = Counter()
    for row in _sliced(tx, query, since, until + LONGEST_SNOOZE):
        if _known(row) and row.kind in KINDS:
            outcome, reason = row.outcome or None, general(str(row.reason))
            counted[row.local_date, row.kind, row.state, outcome, reason] += row.number
    return [
        EntryCount(on, KINDS[kind], State(state), Outcome(outcome) if outcome else None, reason, number)
        for (on, kind, state, outcome, reason), number in counted.items()
    ]


def _replies(tx: Transaction, first: date, last: date) -> list[ReplyCount]:
    """By the writers' own clocks: the database counts by zone and quarter of an hour, and here each of
    those gets its local hour."""
    zone, quarter = _timezone(tx), _quarter(tx)
    since, until = _instants(first, last)
    query = (
        select(zone.label("zone"), quarter.label("quarter"), reply.c.intent, func.count().label("number"))
        .join(plan, plan.c.person == reply.c.person)
        .where(reply.c.received_at >= bindparam("since"), reply.c.received_at < bindparam("until"))
        .group_by(zone, quarter, reply.c.intent)
    )
    counted: Counter[tuple[date, int, str]] = Counter()
    for key, its_zone, intent, number in _by_quarters(tx, query, since, until):
        local = _local(tx, key, its_zone)
        if local is not None and first <= local.date() <= last:
            counted[local.date(), local.hour, intent] += number
    return [ReplyCount(on, hour, intent, number) for (on, hour, intent), number in counted.items()]


def _by_quarters(
    tx: Transaction, query: Select[Any], since: datetime, until: datetime
) -> Iterator[tuple[int, str | None, str, int]]:
    """(quarter of an hour since 1970, zone, intent, how many). One plan that is no JSON spoils the
    database's own look at all of them: then each reply is looked at here."""
    try:
        with tx.connection.begin_nested():
            rows = list(_sliced(tx, query, since, until))
    except (exc.DataError, exc.OperationalError):
        plans = select(reply.c.intent, reply.c.received_at, plan.c.json).join(
            plan, plan.c.person == reply.c.person
        )
        of_these = plans.where(reply.c.received_at >= since, reply.c.received_at < until)
        for intent, at, head in readable_rows(tx, of_these, reply.c.line):
            yield (at - EPOCH) // QUARTER, people.key_of(head, "timezone"), intent, 1
        return
    for row in rows:
        yield row.quarter, row.zone, row.intent, row.number


def _local(tx: Transaction, quarter: int, zone: str | None) -> datetime | None:
    """None where the zone is gone: whose it is has been set aside for it."""
    with suppress(NudgerError, OverflowError):
        return (EPOCH + quarter * QUARTER).astimezone(tx.zone(zone or ""))
    return None


def _sliced(tx: Transaction, query: Select[Any], since: datetime, until: datetime) -> Iterator[AnyRow]:
    """The query, hour by hour. SQLite sorts what it groups: all of a great agenda at once would take as
    much memory as it has rows, and no allocator gives all of that back."""
    while since < until:
        end = min(since + HOUR, until)
        yield from tx.connection.execute(query, {"since": since, "until": end})
        since = end


def _timezone(tx: Transaction) -> ColumnElement[str]:
    if tx.database.is_sqlite:
        return func.json_extract(plan.c.json, "$.timezone", type_=Text())
    return func.json_extract_path_text(cast(plan.c.json, JSON), "timezone", type_=Text())


def _quarter(tx: Transaction) -> ColumnElement[int]:
    if tx.database.is_sqlite:  # microseconds
        return type_coerce(reply.c.received_at, Integer).op("/")(QUARTER // timedelta(microseconds=1))
    seconds = func.extract("epoch", reply.c.received_at)
    return cast(func.floor(seconds / QUARTER.total_seconds()), Integer)


def _instants(first: date, last: date) -> tuple[datetime, datetime]:
    """From when to when it is one of these local dates anywhere."""
    since = datetime.combine(first, time(), UTC) - EASTMOST
    return since, datetime.combine(last, time(), UTC) + timedelta(days=1) + WESTMOST


def _entry_row(one: EntryCount) -> dict[str, object]:
    return {
        "local_date": one.local_date,
        "kind": one.kind or "",
        "state": one.state,
        "outcome": one.outcome or "",
        "reason": one.reason,
        "number": one.number,
    }


def _reply_row(one: ReplyCount) -> dict[str, object]:
    return {"local_date": one.local_date, "hour": one.hour, "intent": one.intent, "number": one.number}


def _outcome(row: AnyRow) -> Outcome | None:
    return Outcome(row.outcome) if row.outcome else None
