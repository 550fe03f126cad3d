"""What people look at: the agenda, conversations, the log, the health."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)

from nudger.agenda.entries import Planned
from nudger.domain.errors import Problem
from nudger.domain.model import CRISIS_ANSWERS, ChannelName, Origin, Outcome, Person, State
from nudger.domain.reach import checked
from nudger.inbound.port import Entry, Line
from nudger.operations.overview import StatusReport
from nudger.store.schema.tables import (
    APART,
    IS_PLANNED,
    event,
    message,
    occurrence,
    person,
    plan_problem,
    reply,
    set_aside,
)
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, made
from nudger.store.state import people, readable_people
from nudger.store.state.entries import _FIRST_DUE, CHANNELS, KINDS, NUDGES, ORIGINS
from nudger.store.state.set_aside import all_of_them as everyone_set_aside

DAY = timedelta(hours=24)

_STATES = frozenset(map(str, State))

# What goes to a trusted contact is no line of the person's own conversation.
_TO_A_CONTACT = exists().where(occurrence.c.id == message.c.occurrence, occurrence.c.origin == Origin.NOTICE)


def agenda(tx: Transaction, person_id: str, since: date) -> Sequence[Planned]:
    """See PeopleStore.agenda."""
    theirs = (
        select(occurrence)
        .where(
            occurrence.c.person == person_id,
            occurrence.c.origin.in_(NUDGES),
            or_(occurrence.c.local_date >= since, IS_PLANNED),
        )
        .order_by(occurrence.c.due_at, occurrence.c.id)
    )
    return made(tx, theirs, occurrence.c.id, _planned)


def _planned(row: AnyRow) -> Planned:
    return Planned(
        row.nudge,
        KINDS[row.kind],
        ORIGINS[row.origin],
        row.local_date,
        row.slot,
        row.round,
        checked(row.wake_at or row.due_at),
        checked(row.expires_at),
        State(row.state),
        row.reason,
        _outcome(row),
    )


def conversation(tx: Transaction, after: int, person_id: str | None, limit: int) -> Sequence[Line]:
    """See PeopleStore.conversation."""
    outbound = select(
        message.c.line,
        message.c.person,
        message.c.channel,
        message.c.attempted_at.label("at"),
        message.c.text,
        message.c.subject,
        message.c.state,
        message.c.occurrence,
    ).where(message.c.line > after, message.c.state != State.CANCELLED, ~_TO_A_CONTACT)
    inbound = select(
        reply.c.line,
        reply.c.person,
        reply.c.channel,
        reply.c.received_at,
        reply.c.text,
        literal("", Text),
        cast(null(), Text),
        literal(0, BigInteger),
    ).where(reply.c.line > after)
    if person_id is not None:
        outbound = outbound.where(message.c.person == person_id)
        inbound = inbound.where(reply.c.person == person_id)
    # Each side alone in its own order first: the database then reads `limit` rows of each, not all.
    sides = [
        side.order_by(column).limit(limit).subquery()
        for side, column in ((outbound, message.c.line), (inbound, reply.c.line))
    ]
    both = union_all(*(select(side) for side in sides)).subquery()
    lines = (
        select(both, person.c.name, occurrence.c.origin)
        .join(person, person.c.id == both.c.person)
        .outerjoin(occurrence, occurrence.c.id == both.c.occurrence)
        .order_by(both.c.line)
        .limit(limit)
    )
    return made(tx, lines, both.c.line, _line)


def last_lines(tx: Transaction, person_id: str, limit: int) -> Sequence[Line]:
    """See PeopleStore.last_lines."""
    lines = [
        select(table.c.line).where(table.c.person == person_id).order_by(table.c.line.desc()).limit(limit)
        for table in (message, reply)
    ]
    latest = sorted(line for side in lines for line in tx.connection.scalars(side))[-limit:]
    return conversation(tx, latest[0] - 1, person_id, limit) if latest else []


def log(tx: Transaction, person_id: str, limit: int, before: datetime | None) -> Sequence[Entry]:
    """See PeopleStore.log."""
    entries = [
        *_log_of_agenda(tx, person_id, limit, before),
        *_log_of_replies(tx, person_id, limit, before),
        *_log_of_events(tx, person_id, limit, before),
    ]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return entries[:limit]


def status(tx: Transaction, now: datetime) -> StatusReport:
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
    rows = tx.connection.execute(answers, {"ids": list(held)})
    last = {row.person: row for row in rows if row.due_at >= held[row.person]}
    lost = (State.FAILED, State.MISSED)
    return {one: row.reason for one, row in last.items() if row.state in lost}


def _not_plain(tx: Transaction, now: datetime) -> list[Person]:
    """People whom a nudge would not reach, or fewer or tiny ones do, whatever the agenda says."""
    paused = and_(
        person.c.paused_at.is_not(None), or_(person.c.paused_until.is_(None), person.c.paused_until > now)
    )
    changed = or_(
        paused,
        person.c.held_at.is_not(None),
        person.c.removed_at.is_not(None),
        person.c.opted_out != "",
        person.c.consented == "",
        person.c.rested != "",
        person.c.fewer > 0,
        person.c.tiny_until > now,
        exists().where(set_aside.c.person == person.c.id),
    )
    ids = tx.connection.scalars(select(person.c.id).where(changed).order_by(person.c.id)).all()
    found: list[Person] = []
    for start in range(0, len(ids), people.PAGE):
        page = ids[start : start + people.PAGE]
        read = readable_people.read_all(tx, page)
        found += [read[one] for one in page if one in read]
    return found


def _line(row: AnyRow) -> Line:
    line, person_id, channel, at, text, subject, state, entry, name, origin = row
    return Line(
        cursor=line,
        person=person_id,
        name=name,
        inbound=state is None,
        channel=ChannelName(channel),
        at=checked(at),
        text=text,
        subject=subject,
        state=None if state is None else State(state),
        occurrence=entry,
        origin=ORIGINS[origin] if origin else None,
    )


def _log_of_agenda(tx: Transaction, person_id: str, limit: int, before: datetime | None) -> list[Entry]:
    happened = func.coalesce(occurrence.c.settled_at, occurrence.c.claimed_at, type_=occurrence.c.due_at.type)
    ended = (
        select(occurrence, happened.label("at"))
        .where(occurrence.c.person == person_id, ~IS_PLANNED, _earlier(happened, before))
        .order_by(happened.desc(), occurrence.c.id.desc())
        .limit(limit)
    )
    return made(tx, ended, occurrence.c.id, _of_agenda)


def _of_agenda(row: AnyRow) -> Entry:
    return Entry(
        checked(row.at),
        row.person,
        _what(row),
        row.state,
        row.reason,
        row.local_date,
        row.nudge,
        row.slot,
        CHANNELS[row.via or row.channel],
        _outcome(row),
        checked(row.due_at),
    )


def _what(row: AnyRow) -> str:
    if row.origin == Origin.ANSWER:
        return f"answer: {row.key.replace('_', ' ')}" if row.key else "answer"
    if row.origin == Origin.NOTICE:
        return "notice to a trusted contact"
    if row.origin == Origin.WELCOME:
        return "welcome"
    return f"{row.kind} nudge" + (", snoozed" if row.origin == Origin.SNOOZED else "")


def _outcome(row: AnyRow) -> Outcome | None:
    return Outcome(row.outcome) if row.outcome else None


def _log_of_replies(tx: Transaction, person_id: str, limit: int, before: datetime | None) -> list[Entry]:
    theirs = (
        select(reply)
        .where(reply.c.person == person_id, _earlier(reply.c.received_at, before))
        .order_by(reply.c.line.desc())
        .limit(limit)
    )
    # What it was understood as, and not the text: a log is read over someone's shoulder.
    return made(
        tx,
        theirs,
        reply.c.line,
        lambda row: Entry(
            checked(row.received_at), row.person, "reply", row.intent, "", channel=CHANNELS[row.channel]
        ),
    )


def _log_of_events(tx: Transaction, person_id: str, limit: int, before: datetime | None) -> list[Entry]:
    theirs = (
        select(event)
        .where(event.c.person == person_id, _earlier(event.c.at, before))
        .order_by(event.c.id.desc())
        .limit(limit)
    )
    return made(
        tx, theirs, event.c.id, lambda row: Entry(checked(row.at), row.person, row.what, "", row.detail)
    )


def _earlier(at: ColumnElement[datetime], before: datetime | None) -> ColumnElement[bool]:
    return true() if before is None else at < before
