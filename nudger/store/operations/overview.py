"""What an operator looks at: everyone at once; the verbs of `OverviewStore` on the database. Each question
costs the same at ten people and at 100,000, but for `status`, which names all whom a nudge would not reach.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, and_, exists, func, literal_column, not_, or_, select, tuple_

from nudger.agenda.thinning import AFTER
from nudger.domain.effects import FIRST, checked
from nudger.domain.errors import Problem
from nudger.domain.model import CRISIS_ANSWERS, Outcome, Person, State
from nudger.operations.overview import (
    Cursor,
    PeoplePage,
    PeopleWanted,
    PlanState,
    Seen,
    SeenPage,
    StatusReport,
    Vitals,
)
from nudger.store.operations import finding, needs
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
from nudger.store.sending import store
from nudger.store.sql.statements import AnyRow, among, reckoned
from nudger.store.sql.transactions import Transaction, Transactions, made
from nudger.store.state import people
from nudger.store.state.entries import _FIRST_DUE, CHANNELS, IS_PARKED, KINDS, NUDGES
from nudger.store.state.set_aside import everyone_set_aside, read_all

LATEST = 100  # sends whose lateness is looked at
READ = 2000  # entries that one look reads at most
MOST_PROBLEMS = 50  # of one file
DAY = timedelta(hours=24)
_STATES = frozenset(map(str, State))


class SqlOverviewStore:
    """What the operator looks at.

    Each verb's promise stands in `OverviewStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def status(self, now: datetime) -> StatusReport:
        with self._in.read() as tx:
            return status(tx, now)

    def vitals(self, now: datetime) -> Vitals:
        with self._in.read() as tx:
            return vitals(tx, now)

    def find_people(
        self, wanted: PeopleWanted, now: datetime, after: str = "", limit: int = 50
    ) -> PeoplePage:
        with self._in.read() as tx:
            return finding.find_people(tx, wanted, after, limit, now)

    def groups(self) -> Sequence[str]:
        with self._in.read() as tx:
            return finding.groups(tx)

    def coming(self, after: Cursor | None = None, limit: int = 50) -> SeenPage:
        with self._in.read() as tx:
            return coming(tx, after, limit)

    def past(
        self, states: frozenset[State], now: datetime, before: Cursor | None = None, limit: int = 50
    ) -> SeenPage:
        with self._in.read() as tx:
            return past(tx, states, before, now, limit)

    def unknown(self, limit: int = 50) -> Sequence[Seen]:
        with self._in.read() as tx:
            return unknown(tx, limit)

    def plan_state(self, person_id: str) -> PlanState | None:
        with self._in.read() as tx:
            return plan_state(tx, person_id)

    def plan_problems(self, limit: int = 20) -> Sequence[Problem]:
        with self._in.read() as tx:
            return plan_problems(tx, limit)

    def faulty_files(self) -> Sequence[str]:
        with self._in.read() as tx:
            return faulty_files(tx)

    def places(self) -> Collection[tuple[str | None, str]]:
        with self._in.read() as tx:
            return people.places(tx)

    def doubtful(self, since: datetime, until: datetime) -> int:
        with self._in.read() as tx:
            return doubtful(tx, since, until)

    def daemons(self) -> Sequence[str]:
        with self._in.read() as tx:
            return store.daemons(tx)


def status(tx: Transaction, now: datetime) -> StatusReport:
    """See OverviewStore.status."""
    scalar = tx.connection.scalar
    recent = (
        select(occurrence.c.state, func.count())
        .where(occurrence.c.due_at > now - DAY, occurrence.c.due_at <= now)
        .group_by(occurrence.c.state)
    )
    return StatusReport(
        people=people.count(tx),
        planned=scalar(select(func.count()).where(IS_PLANNED)) or 0,
        states={State(state): count for state, count in tx.connection.execute(recent) if state in _STATES},
        unknown=scalar(select(func.count()).where(message.c.state == literal_column("'unknown'"))) or 0,
        next_due_at=scalar(_FIRST_DUE.where(occurrence.c.wake_at > now)),
        oldest_due_at=scalar(_FIRST_DUE.where(occurrence.c.wake_at <= now)),
        standings=_not_plain(tx, now),
        problems=_problems(tx),
        set_aside=everyone_set_aside(tx),
        unanswered=_unanswered(tx),
    )


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
        apart=finding.count_apart(tx, now),
        queued=scalar(select(func.count()).where(IS_PLANNED, ~WAITS_FOR_TIME, ~IS_PARKED)) or 0,
        planned=scalar(select(func.count()).where(IS_PLANNED)) or 0,
        unknown=scalar(select(func.count()).where(message.c.state == literal_column("'unknown'"))) or 0,
        next_due_at=scalar(earliest.where(occurrence.c.wake_at > now)),
        oldest_due_at=scalar(earliest.where(occurrence.c.wake_at <= now)),
        lateness=_lateness(tx),
        problems={row.severity: row.number for row in tx.connection.execute(by_severity)},
        needed=needs.needed(tx, now),
        losses=needs.losses(tx, now),
    )


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


def _problems(tx: Transaction) -> list[Problem]:
    in_order = (plan_problem.c.file, plan_problem.c.line, plan_problem.c.column, plan_problem.c.id)
    found = select(plan_problem).order_by(*in_order)
    return made(tx, found, plan_problem.c.id, lambda row: Problem(*row[1:]))


def faulty_files(tx: Transaction) -> list[str]:
    """See OverviewStore.faulty_files."""
    faulty = select(plan_problem.c.file).where(plan_problem.c.severity == "error")
    found = tx.connection.scalars(faulty.distinct().order_by(plan_problem.c.file))
    return [file for file in found if isinstance(file, str)]


def doubtful(tx: Transaction, since: datetime, until: datetime) -> int:
    """See OverviewStore.doubtful."""
    unknown = message.c.state == literal_column("'unknown'")
    attempted = message.c.attempted_at.between(since, until)
    return tx.connection.scalar(select(func.count()).where(unknown, attempted)) or 0


def _unanswered(tx: Transaction) -> dict[str, str]:
    """Those who are held, and whose last crisis answer did not go out: with the reason."""
    # In two questions: few are held, and SQLite would rather go through everybody's entries.
    those = select(person.c.id, person.c.held_at).where(APART, person.c.held_at.is_not(None))
    held = {row.id: row.held_at for row in tx.connection.execute(those)}
    answers = (
        select(occurrence.c.person, occurrence.c.due_at, occurrence.c.state, occurrence.c.reason)
        .where(among(occurrence.c.person), occurrence.c.key.in_(CRISIS_ANSWERS))
        .order_by(occurrence.c.id)
    )
    rows = tx.connection.execute(answers, {"person_in": list(held)})
    last = {row.person: row for row in rows if row.due_at >= held[row.person]}
    lost = (State.FAILED, State.MISSED)
    return {person_id: row.reason for person_id, row in last.items() if row.state in lost}


def _may_get_less(now: datetime) -> ColumnElement[bool]:
    """People whom a back-off or a taper may leave fewer nudges: their plans are read to tell."""
    silent = and_(person.c.silent_since <= now - AFTER[0] * DAY, person.c.arrived_at >= person.c.silent_since)
    backs_off = and_(silent, plan.c.json.contains('"back_off":"gentle"'))
    tapers = and_(plan.c.json.contains('"taper":'), not_(plan.c.json.contains('"taper":null')))
    return exists().where(plan.c.person == person.c.id, or_(backs_off, tapers))


def _not_plain(tx: Transaction, now: datetime) -> list[Person]:
    """People whom a nudge would not reach, or fewer or tiny ones do, whatever the agenda says."""
    changed = or_(
        finding.in_pause(now),
        person.c.wishes.is_not(None),
        person.c.held_at.is_not(None),
        person.c.removed_at.is_not(None),
        person.c.opted_out != "",
        person.c.consented == "",
        person.c.rested != "",
        person.c.fewer > 0,
        person.c.tiny_until > now,
        _may_get_less(now),
        exists().where(set_aside.c.person == person.c.id),
    )
    ids = tx.connection.scalars(select(person.c.id).where(changed).order_by(person.c.id)).all()
    found: list[Person] = []
    for start in range(0, len(ids), people.PAGE):
        page = ids[start : start + people.PAGE]
        read = read_all(tx, page)
        found += [read[person_id] for person_id in page if person_id in read]
    return found
