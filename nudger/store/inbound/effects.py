"""What a response does to a person, written down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from nudger.agenda.gate import in_touch
from nudger.domain.effects import (
    Answer,
    Ask,
    Effect,
    GoAway,
    Hold,
    Hours,
    Keep,
    LowDays,
    OptIn,
    OptOut,
    Pause,
    Rate,
    Reached,
    Response,
    Resume,
    Settle,
    Snooze,
    Tell,
    Unanswered,
    Undo,
    Untell,
)
from nudger.domain.model import ChannelName, Kind, Origin, Outcome, Person, State
from nudger.domain.wishes import Away
from nudger.store.inbound import answers, undo
from nudger.store.schema.tables import IS_PLANNED, occurrence
from nudger.store.sending import endings
from nudger.store.sql.statements import AnyRow
from nudger.store.sql.transactions import Transaction
from nudger.store.state import entries, people, standing
from nudger.store.state.entries import NUDGES, planned

FRESH = timedelta(minutes=30)  # how late a nudge on demand may be, and one that no plan knows any more
ANSWER_FRESH = timedelta(hours=1)  # later it would come out of the blue, perhaps at night
_OfStanding = Pause | GoAway | Hours | Resume | OptOut | OptIn | Hold | Rate | LowDays | Untell
_UNTRIED = {"queue": None, "reason": "", "attempts": 0, "refused": ""}  # at a time that is named anew
FIRST_ASKED = 1001  # slots of nudges on demand; those of a plan count from 1


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to whom, when; the answer's channel is the one on which they wrote."""

    one: Person
    at: datetime
    line: int  # of the reply; negative for an operator's act: the slot of the answers to it
    channel: ChannelName | None
    words: str | None = None  # the person's own, where there are any
    taken_at: datetime | None = None  # where that is later
    intent: str = ""  # of the person's own command; empty: an operator's act

    @property
    def now(self) -> datetime:
        """Returns when it is done, which of a text that is taken late is later than when it was written."""
        return self.taken_at or self.at


def plain(response: Response) -> Response:
    """Returns what of a response can be done to somebody who cannot be read whole."""
    kept = tuple(effect for effect in response.effects if isinstance(effect, _OfStanding | Answer))
    return replace(response, effects=kept)


def apply(tx: Transaction, act: Act, effects: Sequence[Effect]) -> None:
    """Does the effects of a response to a person, in order, and keeps what can be taken back."""
    if any(isinstance(effect, Undo) for effect in effects):
        undo.take_back(tx, act.one.id, act.now)
    before = undo.stands(tx, act.one.id, effects)
    _apply(tx, act, effects)
    undo.keep(tx, act.one.id, act.at, act.intent, effects, before)


def _apply(tx: Transaction, act: Act, effects: Sequence[Effect]) -> None:
    written = 0
    for effect in effects:
        match effect:
            case Snooze(entry_id, until):
                _snooze(tx, act, entry_id, until)
            case Settle(entry_id, outcome):
                _settle(tx, act, entry_id, outcome)
            case Reached(contact):
                _reached(tx, act, contact)
            case Ask(kind):
                _ask(tx, act, kind)
            case Keep():
                answers.keep(tx, act.one, effect, act.at, act.line)
            case Tell():
                standing.tell(tx, act.one.id, effect, act.at, **_written(tx, act, written))
                written += 1
            case Unanswered(why):
                standing.record_event(tx, act.one.id, act.at, "not answered", why)
            case Answer():
                _answer(tx, act, effect, written)
                written += 1
            case Undo():
                pass  # before all others
            case _:
                _stand(tx, act, effect)


def _stand(tx: Transaction, act: Act, effect: _OfStanding) -> None:
    one, at = act.one, act.at
    match effect:
        case Pause(until):
            standing.pause(tx, one.id, until, at)
        case GoAway(begins, until):
            standing.go_away(tx, _afresh(tx, one), Away(begins, until), at)
        case Hours(earliest, latest):
            standing.set_hours(tx, _afresh(tx, one), earliest, latest, at)
        case Resume(lifts):
            standing.resume(tx, _afresh(tx, one), lifts, at)
            endings.try_again(tx, one.id, at)
        case OptOut(channels, how):
            standing.opt_out(tx, one, channels, how, at, act.words)
        case OptIn(channels, how):
            standing.opt_in(tx, one, channels, how, at, act.words)
        case Hold():
            standing.hold(tx, one, at)
        case Rate(fewer):
            standing.set_rate(tx, one.id, fewer, at)
        case LowDays(until):
            standing.set_low_days(tx, one.id, until, at)
        case Untell(record):
            standing.withdraw(tx, one.id, record, at)


def _afresh(tx: Transaction, one: Person) -> Person:
    """The person with what they have said of their days as it stands now: something may have been taken back
    before."""
    return one if one.spoilt else people.read(tx, [one.id])[one.id]


def _snooze(tx: Transaction, act: Act, entry_id: int, until: datetime) -> None:
    entry = _entry(tx, act, entry_id)
    if entry is None or entry.state == State.PLANNED:
        return  # forgotten meanwhile; or nothing has gone out that could be put off
    nudge = act.one.plan.nudge(entry.nudge)
    expires_at = until + (nudge.expires if nudge else FRESH)
    waiting = entries.waiting(tx, entry)
    if waiting is not None:
        tx.connection.execute(
            update(occurrence)
            .where(occurrence.c.id == waiting)
            .values(due_at=until, wake_at=until, expires_at=expires_at, **_UNTRIED)
        )
    else:
        last = entries.last(tx, entry)
        tx.connection.execute(insert(occurrence), _again(entry, last + 1, until, expires_at))
        if last == entry.round and entry.origin != Origin.ON_DEMAND and entry.claimed_at is not None:
            people.count_out(tx, act.one.id, entry.claimed_at)
    _set_outcome(tx, entry, Outcome.SNOOZED, act.at)


def _settle(tx: Transaction, act: Act, entry_id: int, outcome: Outcome) -> None:
    entry = _entry(tx, act, entry_id)
    if entry is None:
        return
    waiting = entries.waiting(tx, entry)
    if waiting is not None:
        tx.connection.execute(
            update(occurrence)
            .where(occurrence.c.id == waiting)
            .values(state=State.CANCELLED, wake_at=None, reason=str(outcome), settled_at=act.at)
        )
    _set_outcome(tx, entry, outcome, act.at)


def _ask(tx: Transaction, act: Act, kind: Kind | None) -> None:
    nudge = _asked_nudge(tx, act.one, kind)
    if nudge is None:
        return  # a plan without nudges
    today = tx.local_date(act.one.plan, act.now)
    last = tx.connection.scalar(
        select(func.max(occurrence.c.slot)).where(
            occurrence.c.person == act.one.id,
            occurrence.c.local_date == today,
            occurrence.c.nudge == nudge[0],
            occurrence.c.origin == Origin.ON_DEMAND,
        )
    )
    entry = planned(
        person=act.one.id,
        local_date=today,
        nudge=nudge[0],
        slot=FIRST_ASKED if last is None else last + 1,
        origin=Origin.ON_DEMAND,
        due_at=act.now,
        expires_at=act.now + FRESH,
        kind=nudge[1],
    )
    tx.connection.execute(insert(occurrence), entry)


def _asked_nudge(tx: Transaction, one: Person, kind: Kind | None) -> tuple[str, Kind] | None:
    """The plan's first nudge of that kind. Of no kind: the one that comes next, else the first.

    Where the plan has none of that kind, an entry under the kind's own name: the gate drops it, with
    the reason in the log.
    """
    plan = one.plan
    if kind is not None:
        found = next((nudge.id for nudge in plan.nudges if nudge.kind is kind), None)
        return found or str(kind), kind
    coming = plan.nudge(_next_nudge(tx, one) or "")
    nudge = coming or next(iter(plan.nudges), None)
    return (nudge.id, nudge.kind) if nudge else None


def _next_nudge(tx: Transaction, one: Person) -> str | None:
    found: str | None = tx.connection.scalar(
        select(occurrence.c.nudge)
        .where(
            occurrence.c.person == one.id,
            IS_PLANNED,
            occurrence.c.origin.in_(NUDGES),
        )
        .order_by(occurrence.c.due_at, occurrence.c.id)
        .limit(1)
    )
    return found


def _reached(tx: Transaction, act: Act, contact: str) -> None:
    # A snooze of the same reply may have counted something out of it.
    history = _afresh(tx, act.one).history
    people.put_history(tx, act.one.id, in_touch(history, contact, act.at))
    standing.record_event(tx, act.one.id, act.at, "in touch", contact)


def _answer(tx: Transaction, act: Act, answer: Answer, number: int) -> None:
    entry = planned(
        person=act.one.id,
        nudge="",
        origin=Origin.ANSWER,
        text=answer.text,
        key=answer.key or None,
        channel=act.channel,
        **_written(tx, act, number, answer.at),
    )
    tx.connection.execute(insert(occurrence), entry)


def _written(tx: Transaction, act: Act, number: int, at: datetime | None = None) -> dict[str, Any]:
    """What tells the texts apart that follow from one reply, when they are due, and how late they may be."""
    due_at = at or act.now
    return {
        "local_date": tx.local_date(act.one.plan, act.now),
        "slot": act.line,
        "round": number,
        "due_at": due_at,
        "expires_at": due_at + ANSWER_FRESH,
    }


def _entry(tx: Transaction, act: Act, entry_id: int) -> AnyRow | None:
    return tx.connection.execute(
        select(occurrence).where(occurrence.c.id == entry_id, occurrence.c.person == act.one.id)
    ).one_or_none()


def _again(entry: AnyRow, round: int, until: datetime, expires_at: datetime) -> dict[str, Any]:
    return planned(
        person=entry.person,
        local_date=entry.local_date,
        nudge=entry.nudge,
        slot=entry.slot,
        round=round,
        origin=Origin.SNOOZED,
        due_at=until,
        expires_at=expires_at,
        kind=entry.kind,
    )


def _set_outcome(tx: Transaction, entry: AnyRow, outcome: Outcome, at: datetime) -> None:
    tx.connection.execute(
        update(occurrence).where(occurrence.c.id == entry.id).values(outcome=outcome, outcome_at=at)
    )
