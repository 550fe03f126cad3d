"""What people look at: a person's agenda, conversation, log; the verbs of `PeopleStore` on the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from nudger.agenda.entries import Planned
from nudger.domain.effects import checked
from nudger.domain.model import ChannelName, Origin, Outcome, Person, State
from nudger.inbound.port import Entry, Line
from nudger.store.operations import housekeeping
from nudger.store.schema.tables import (
    IS_PLANNED,
    event,
    message,
    occurrence,
    person,
    reply,
)
from nudger.store.sql.statements import AnyRow
from nudger.store.sql.transactions import Transaction, Transactions, made
from nudger.store.state import erased, people
from nudger.store.state.entries import CHANNELS, KINDS, NUDGES, ORIGINS
from nudger.store.state.set_aside import read_all

DAY = timedelta(hours=24)
_STATES = frozenset(map(str, State))
# What goes to a trusted contact is no line of the person's own conversation.
_TO_A_CONTACT = exists().where(occurrence.c.id == message.c.occurrence, occurrence.c.origin == Origin.NOTICE)


class SqlPeopleStore:
    """The people, and what is held on them.

    Each verb's promise stands in `PeopleStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def person(self, person_id: str) -> Person | None:
        with self._in.read() as tx:
            return read_all(tx, [person_id]).get(person_id)

    def people(self) -> Iterable[Person]:
        after = ""
        while page := self._page(after):
            yield from page
            after = page[-1].id

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        with self._in.read() as tx:
            return people.ids_around(tx, person_id, number)

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        with self._in.read() as tx:
            return agenda(tx, person_id, since)

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        with self._in.read() as tx:
            return conversation(tx, after, person, limit)

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        with self._in.read() as tx:
            return last_lines(tx, person_id, limit)

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        with self._in.read() as tx:
            return log(tx, person_id, limit, before)

    def erased(self) -> frozenset[str]:
        with self._in.read() as tx:
            return erased.everyone(tx)

    def export(self, person_id: str) -> Mapping[str, object] | None:
        with self._in.read() as tx:
            return housekeeping.export(tx, person_id)

    def forget(self, person_id: str) -> bool:
        with self._in.write() as tx:
            forgotten = housekeeping.forget(tx, person_id)
        if forgotten:
            self._in.database.scrub()
        return forgotten

    def _page(self, after: str) -> list[Person]:
        with self._in.read() as tx:
            ids = people.ids_after(tx, after)
            found = read_all(tx, ids)
            return [found[person_id] for person_id in ids if person_id in found]


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
