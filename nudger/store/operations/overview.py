"""What an operator looks at: everyone at once. Each question costs the same at ten people and at 100,000.

A person is found by a text of small letters, without accents, of their id and name.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, and_, case, func, literal_column, or_, select, tuple_

from nudger.domain.errors import Problem
from nudger.domain.model import Outcome, Person, State
from nudger.domain.reach import FIRST, checked
from nudger.operations.overview import Apart, Cursor, PlanState, Seen, SeenPage, Vitals
from nudger.store.schema.tables import (
    APART,
    IS_PLANNED,
    WAITS_FOR_TIME,
    message,
    occurrence,
    person,
    plan,
    plan_problem,
    set_aside,
)
from nudger.store.sql.statements import AnyRow, reckoned
from nudger.store.sql.transactions import Transaction, made
from nudger.store.state import people, readable_people
from nudger.store.state.entries import CHANNELS, IS_PARKED, KINDS, NUDGES

_COUNT_SET_ASIDE = select(func.count()).select_from(set_aside)

LATEST = 100  # sends whose lateness is looked at
READ = 2000  # entries that one look reads at most
MOST_PROBLEMS = 50  # of one file


def vitals(tx: Transaction, now: datetime) -> Vitals:
    """See OverviewStore.vitals."""
    scalar = tx.connection.scalar
    earliest = select(func.min(occurrence.c.wake_at)).where(
        IS_PLANNED, WAITS_FOR_TIME, reckoned(occurrence.c.wake_at)
    )
    by_severity = select(plan_problem.c.severity, func.count().label("number")).group_by(
        plan_problem.c.severity
    )
    return Vitals(
        people=people.count(tx),
        apart=_apart(tx, now),
        queued=scalar(select(func.count()).where(IS_PLANNED, ~WAITS_FOR_TIME, ~IS_PARKED)) or 0,
        planned=scalar(select(func.count()).where(IS_PLANNED)) or 0,
        unknown=scalar(select(func.count()).where(message.c.state == literal_column("'unknown'"))) or 0,
        next_due_at=scalar(earliest.where(occurrence.c.wake_at > now)),
        oldest_due_at=scalar(earliest.where(occurrence.c.wake_at <= now)),
        lateness=_lateness(tx),
        problems={row.severity: row.number for row in tx.connection.execute(by_severity)},
    )


def find_people(
    tx: Transaction, search: str, apart: Apart | None, after: str, limit: int, now: datetime
) -> Sequence[Person]:
    """See OverviewStore.find_people."""
    wanted = select(person.c.id).where(person.c.id > after).order_by(person.c.id).limit(limit)
    for word in folded(search).split():
        wanted = wanted.where(person.c.search.contains(word, autoescape=True))
    if apart is Apart.SET_ASIDE:
        wanted = wanted.where(person.c.id.in_(select(set_aside.c.person)))
    elif apart is not None:
        wanted = wanted.where(APART, _is(apart, now))
    ids = tx.connection.scalars(wanted).all()
    found = readable_people.read_all(tx, ids)
    return [found[one] for one in ids if one in found]


def coming(tx: Transaction, after: Cursor | None, limit: int) -> SeenPage:
    """See OverviewStore.coming."""
    place = tuple_(occurrence.c.wake_at, occurrence.c.id)
    wanted = select(occurrence.c.id).where(IS_PLANNED, WAITS_FOR_TIME, occurrence.c.origin.in_(NUDGES))
    if after is not None:
        wanted = wanted.where(occurrence.c.wake_at >= after.at, place > (after.at, after.id))
    ids = tx.connection.scalars(wanted.order_by(occurrence.c.wake_at, occurrence.c.id).limit(limit)).all()
    entries = _seen(tx, ids, occurrence.c.wake_at)
    return SeenPage(entries, entries[-1].cursor if len(entries) == limit else None)


def past(
    tx: Transaction, states: frozenset[State], before: Cursor | None, now: datetime, limit: int
) -> SeenPage:
    """See OverviewStore.past."""
    place = tuple_(occurrence.c.due_at, occurrence.c.id)
    looked_at = select(occurrence.c.id, occurrence.c.due_at, occurrence.c.state, occurrence.c.origin)
    looked_at = looked_at.where(occurrence.c.due_at.between(FIRST, before.at if before else now))
    if before is not None:
        looked_at = looked_at.where(place < (before.at, before.id))
    rows = tx.connection.execute(
        looked_at.order_by(occurrence.c.due_at.desc(), occurrence.c.id.desc()).limit(READ)
    ).all()
    wanted = [row for row in rows if row.state in states and row.origin in NUDGES]
    shown = wanted[:limit]
    if len(wanted) > limit:
        on: AnyRow | None = shown[-1]
    else:
        on = rows[-1] if len(rows) == READ else None
    return SeenPage(
        _seen(tx, [row.id for row in shown], backwards=True), Cursor(on.due_at, on.id) if on else None
    )


def unknown(tx: Transaction, limit: int) -> Sequence[Seen]:
    """See OverviewStore.unknown."""
    ids = tx.connection.scalars(
        select(message.c.occurrence)
        .where(message.c.state == literal_column("'unknown'"))
        .order_by(message.c.line.desc())
        .limit(limit)
    ).all()
    return _seen(tx, ids, backwards=True)


def plan_state(tx: Transaction, person_id: str) -> PlanState | None:
    """See OverviewStore.plan_state."""
    file = tx.connection.scalar(select(plan.c.file).where(plan.c.person == person_id))
    if file is None:
        return None
    found = (
        select(plan_problem)
        .where(plan_problem.c.file == file)
        .order_by(plan_problem.c.id)
        .limit(MOST_PROBLEMS)
    )
    return PlanState(file, made(tx, found, plan_problem.c.id, lambda row: Problem(*row[1:])))


def plan_problems(tx: Transaction, limit: int) -> Sequence[Problem]:
    """See OverviewStore.plan_problems."""
    found = select(plan_problem).order_by(plan_problem.c.severity, plan_problem.c.id).limit(limit)
    return made(tx, found, plan_problem.c.id, lambda row: Problem(*row[1:]))


def _apart(tx: Transaction, now: datetime) -> dict[Apart, int]:
    of_standing = [one for one in Apart if one is not Apart.SET_ASIDE]
    sums = [func.sum(case((_is(one, now), 1), else_=0)) for one in of_standing]
    row = tx.connection.execute(select(*sums).where(APART)).one()
    counts = {one: int(number or 0) for one, number in zip(of_standing, row, strict=True)}
    return counts | {Apart.SET_ASIDE: tx.connection.scalar(_COUNT_SET_ASIDE) or 0}


def _is(apart: Apart, now: datetime) -> ColumnElement[bool]:
    match apart:
        case Apart.PAUSED:
            going_on = or_(person.c.paused_until.is_(None), person.c.paused_until > now)
            return and_(person.c.paused_at.is_not(None), going_on)
        case Apart.HELD:
            return person.c.held_at.is_not(None)
        case Apart.OPTED_OUT:
            return person.c.opted_out != ""
        case Apart.UNASKED:
            return and_(person.c.consented == "", person.c.removed_at.is_(None))
        case _:
            return person.c.removed_at.is_not(None)


def _lateness(tx: Transaction) -> list[timedelta]:
    latest = (
        select(message.c.line, message.c.occurrence, message.c.attempted_at)
        .order_by(message.c.line.desc())
        .limit(LATEST)
        .subquery()
    )
    sends = (
        select(latest.c.attempted_at, occurrence.c.due_at)
        .join(occurrence, occurrence.c.id == latest.c.occurrence)
        .where(occurrence.c.origin.in_(NUDGES))
        .order_by(latest.c.line.desc())
    )
    return made(tx, sends, latest.c.line, lambda row: max(timedelta(0), row.attempted_at - row.due_at))


def _seen(
    tx: Transaction,
    ids: Sequence[int],
    at: Column[datetime] = occurrence.c.due_at,
    *,
    backwards: bool = False,
) -> list[Seen]:
    order = (at, occurrence.c.id)
    those = (
        select(occurrence, person.c.name, at.label("at"))
        .join(person, person.c.id == occurrence.c.person)
        .where(occurrence.c.id.in_(ids))
        .order_by(*(column.desc() if backwards else column for column in order))
    )
    return made(tx, those, occurrence.c.id, _as_seen)


def _as_seen(row: AnyRow) -> Seen:
    return Seen(
        Cursor(checked(row.at), row.id),
        row.person,
        row.name,
        row.nudge,
        KINDS[row.kind],
        State(row.state),
        row.reason,
        CHANNELS[row.via or row.channel],
        Outcome(row.outcome) if row.outcome else None,
    )


def folded(text: str) -> str:
    """So that "jose" finds José, and "EMILE" finds Émile."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def key(person_id: str, name: str) -> str:
    return folded(f"{person_id} {name}")
