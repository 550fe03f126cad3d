"""What people have said to asks and in their own words: which ask is open when they write, what is kept of it
for them, and how it goes; the verbs of `AnswerStore` on the database."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from nudger.domain.effects import Keep, checked
from nudger.domain.model import Outcome, Person, State
from nudger.inbound.port import KeptAnswer, OpenAsk
from nudger.store.schema.tables import answer, message, occurrence, reply
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, Transactions, made
from nudger.store.state import people, standing
from nudger.store.state.entries import KINDS, NUDGES

# Providers give whole seconds and clocks differ a little; nobody answers a text in less.
SKEW = timedelta(seconds=5)
LOOK_BACK = 200  # messages of one person in which the nudge of a reply is looked for
LONGEST_ASK = timedelta(hours=48)  # a plan's longest `answer_within`
ERASED = "erased words of their own"  # for the log
# In each of these states a nudge may have reached the phone.
OUT = (State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN)
# What was put off comes again, and asks again then; what was passed over asks no more.
_CLOSED = (Outcome.SNOOZED, Outcome.SKIPPED)
_LATEST = (
    select(
        message.c.line,
        message.c.occurrence,
        message.c.attempted_at,
        message.c.ask,
        message.c.ask_until,
        message.c.text.label("question"),
    )
    .where(message.c.person == bindparam("person"))
    .order_by(message.c.line.desc())
    .limit(LOOK_BACK)
    .subquery()
)
_WENT = (
    select(occurrence, _LATEST.c.attempted_at, _LATEST.c.ask, _LATEST.c.ask_until, _LATEST.c.question)
    .join(_LATEST, _LATEST.c.occurrence == occurrence.c.id)
    .where(
        _LATEST.c.attempted_at >= bindparam("attempted_since"),
        _LATEST.c.attempted_at <= bindparam("attempted_until"),
        occurrence.c.origin.in_(NUDGES),
        occurrence.c.state.in_(OUT),
    )
    .order_by(_LATEST.c.line.desc())
)
_ABOUT = select(occurrence.c.nudge, occurrence.c.kind).where(
    occurrence.c.id == bindparam("entry"), occurrence.c.person == bindparam("person")
)
_THEIRS = select(answer).where(answer.c.person == bindparam("person")).order_by(answer.c.at, answer.c.id)
_TO_ASKS = (
    select(answer.c.id, answer.c.occurrence)
    .where(answer.c.person == bindparam("person"), answer.c.form.is_not(None))
    .order_by(answer.c.at, answer.c.id)
)


class SqlAnswerStore:
    """What people have said, kept for them.

    Each verb's promise stands in `AnswerStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def answers(self, person_id: str) -> Sequence[KeptAnswer]:
        with self._in.read() as tx:
            return answers(tx, person_id)

    def erase_answers(self, person_id: str, now: datetime, which: Collection[int] | None = None) -> int:
        with self._in.write() as tx:
            erased = erase(tx, person_id, now, which)
        if erased and which is None:
            self._in.database.scrub()
        return erased


def went(tx: Transaction, one: Person, at: datetime) -> Sequence[AnyRow]:
    """Returns the nudges that went out before this instant, and that an answer may still be to; the latest
    first."""
    since, until = at - LONGEST_ASK, at + SKEW
    given = {"person": one.id, "attempted_since": since, "attempted_until": until}
    return tx.connection.execute(_WENT, given).all()


def open_ask(rows: Sequence[AnyRow], at: datetime) -> OpenAsk | None:
    """Returns the ask that is open at this instant, of the nudges that `went`: the last one that went out,
    until its time is over."""
    last = next((row for row in rows if row.ask is not None), None)
    if last is None or last.outcome in _CLOSED or last.ask_until is None or at >= last.ask_until:
        return None
    return OpenAsk(last.id, last.nudge, last.ask, last.question)


def keep(tx: Transaction, one: Person, said: Keep, at: datetime, line: int) -> None:
    """Keeps what a reply says, as it came."""
    about = tx.connection.execute(_ABOUT, {"person": one.id, "entry": said.occurrence}).one_or_none()
    row = {
        "person": one.id,
        "at": at,
        "timezone": one.plan.timezone,
        "line": line,
        "occurrence": said.occurrence,
        "nudge": about.nudge if about else "",
        "kind": about.kind if about else None,
        "form": said.form,
        "question": said.question,
        "value": None if said.value is None else json.dumps(said.value, ensure_ascii=False),
        "words": said.words,
    }
    tx.connection.execute(insert(answer), row)


def answers(tx: Transaction, person_id: str) -> Sequence[KeptAnswer]:
    """See AnswerStore.answers."""
    given = {"person": person_id}
    # The last of its ask counts: by when it was said, for one that is taken late was said earlier.
    counted = {entry: row_id for row_id, entry in tx.connection.execute(_TO_ASKS, given)}
    return made(tx, _THEIRS, answer.c.id, lambda row: _kept(row, counted), given)


def _kept(row: AnyRow, counted: Mapping[int, int]) -> KeptAnswer:
    return KeptAnswer(
        id=row.id,
        at=checked(row.at),
        timezone=row.timezone,
        nudge=row.nudge,
        kind=KINDS[row.kind],
        form=row.form,
        question=row.question,
        value=None if row.value is None else json.loads(row.value),
        words=row.words,
        counts=row.form is None or counted[row.occurrence] == row.id,
    )


def erase(tx: Transaction, person_id: str, now: datetime, which: Collection[int] | None) -> int:
    """See AnswerStore.erase_answers."""
    people.lock(tx, [person_id])
    theirs = answer.c.person == person_id
    those = theirs if which is None else theirs & answer.c.id.in_(sorted(which))
    lines = tx.connection.scalars(select(answer.c.line).where(those)).all()
    if not lines:
        return 0
    # Their text stands in the conversation too.
    blank = update(reply).where(reply.c.person == person_id, among(reply.c.line)).values(text="")
    tx.connection.execute(blank, {"line_in": lines})
    tx.connection.execute(delete(answer).where(those))
    standing.record_event(tx, person_id, now, ERASED, str(len(lines)))
    return len(lines)
