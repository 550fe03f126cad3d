"""How sends end. A message is settled once: only one that is still `sending` is written, and the rest
of the world learns of a lost race by nothing having changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, select, update

from nudger.delivery.agenda import Sending
from nudger.delivery.sends import Failure, Result, SendFailure
from nudger.model import ChannelName, Origin, State
from nudger.store import asking, codec, notices, people, rounds, standing
from nudger.store.bulk import Bulk
from nudger.store.entries import channels_from, channels_to
from nudger.store.keys import among
from nudger.store.tables import OR_FAIL, AnyRow, message, occurrence, person, reach
from nudger.store.transaction import Transaction

# RACE: settled or snoozed while it was on its way (a snooze comes again by itself).
ANSWERED = "answered before it could be sent"
LEFT_BEHIND = "nudger stopped while it was being sent; whether it arrived is not known"

_MESSAGES = (
    select(
        message.c.id,
        message.c.state,
        message.c.occurrence,
        message.c.person,
        message.c.channel,
        message.c.address,
        message.c.attempted_at,
        occurrence.c.local_date,
        occurrence.c.nudge,
        occurrence.c.slot,
        occurrence.c.round,
        occurrence.c.origin,
        occurrence.c.expires_at,
        occurrence.c.refused,
        occurrence.c.outcome,
    )
    .join(occurrence, occurrence.c.id == message.c.occurrence)
    .where(among(message.c.id))
)
# Written out, not bound: SQLite takes a partial index only where it can see the value.
_LEFT_BEHIND = select(message.c.id, message.c.person).where(
    message.c.state == literal_column("'sending'"), message.c.owner == bindparam("by")
)
_MAY_GO = (
    select(message.c.id)
    .join(person, person.c.id == message.c.person)
    .outerjoin(reach, (reach.c.person == message.c.person) & (reach.c.channel == message.c.channel))
    .where(
        among(message.c.id),
        message.c.state == State.SENDING,
        person.c.held_at.is_(None),
        reach.c.opted_out_at.is_(None),
    )
)
_HISTORY = select(person.c.history_before, person.c.history_at).where(person.c.id == bindparam("one"))
_MESSAGE_ENDS = Bulk(
    update(message)
    .where(message.c.id == bindparam("one"))
    .values(
        state=bindparam("ends"),
        reason=bindparam("why"),
        code=bindparam("said"),
        provider_id=bindparam("theirs"),
        settled_at=bindparam("now"),
    )
)
_ENTRIES_SENT = (
    update(occurrence)
    .prefix_with(OR_FAIL, dialect="sqlite")
    .where(among(occurrence.c.id))
    .values(state=State.SENT, reason="", settled_at=bindparam("now"))
)
_ENTRY_ENDS = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(state=bindparam("ends"), reason=bindparam("why"), settled_at=bindparam("now"))
)
_ENTRY_AGAIN = (
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(
        state=State.PLANNED,
        wake_at=bindparam("at"),
        reason=bindparam("why"),
        due_at=bindparam("at"),
        refused=bindparam("without"),
        attempts=occurrence.c.attempts + 1,
    )
)


@dataclass(frozen=True, slots=True)
class _Ending:
    """What becomes of a message and of its entry."""

    row: AnyRow
    message: State
    entry: State
    reason: str = ""
    again_at: datetime | None = None  # with the entry PLANNED
    refused: str = ""
    code: str | None = None
    provider_id: str | None = None


def record(tx: Transaction, results: Sequence[Result], now: datetime) -> None:
    """See Store.record."""
    people.lock(tx, {result.sending.person for result in results})
    rows = _rows(tx, [result.sending.message for result in results])
    ends = []
    for result in results:
        row = rows.pop(result.sending.message, None)  # a second result of the same message is none
        if row is not None and _open(row, result):
            ends.append(_ending(row, result))
            if result.failure is not None and result.failure.failure is Failure.OPTED_OUT:
                _opt_out(tx, row, result.failure, now)
    _write(tx, ends, now)
    _take_back(tx, [end.row for end in ends if end.message is State.FAILED])


def release(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> None:
    """See Store.release. The message never was: its row goes."""
    rows = _still_sending(tx, sendings)
    tx.connection.execute(delete(message).where(message.c.id.in_([row.id for row in rows])))
    answered = [row for row in rows if row.outcome is not None]
    free = [row.occurrence for row in rows if row.outcome is None]
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id.in_(free))
        .values(state=State.PLANNED, wake_at=occurrence.c.due_at, claimed_at=None, via=None)
    )
    _write(tx, [_Ending(row, State.CANCELLED, State.CANCELLED, ANSWERED) for row in answered], now)
    _take_back(tx, rows)


def may_go(tx: Transaction, sendings: Iterable[Sending]) -> set[str]:
    """The messages that nothing speaks against: the others were stopped since the claim."""
    return set(tx.connection.scalars(_MAY_GO, {"ids": [sending.message for sending in sendings]}))


def cancel_stopped(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> set[str]:
    """Cancels those that may not go, read once more with their people locked."""
    rows = _still_sending(tx, sendings)
    stopped = {sending.message for sending in sendings} - may_go(tx, sendings)
    cancelled = [row for row in rows if row.id in stopped]
    found = people.read(tx, {row.person for row in cancelled})
    for row in cancelled:
        cause = standing.HOLD if found[row.person].standing.held_at else standing.OPT_OUT
        tx.connection.execute(
            update(message)
            .where(message.c.id == row.id)
            .values(state=State.CANCELLED, reason=cause.reason, settled_at=now)
        )
        standing.cancel(tx, [row.occurrence], cause, now)
    _take_back(tx, cancelled)
    return stopped


def recover(tx: Transaction, owner: str, now: datetime) -> int:
    """See Store.recover."""
    left = tx.connection.execute(_LEFT_BEHIND, {"by": owner}).all()
    people.lock(tx, {row.person for row in left})
    rows = [row for row in _rows(tx, [row.id for row in left]).values() if row.state == State.SENDING]
    _write(tx, [_Ending(row, State.UNKNOWN, State.UNKNOWN, LEFT_BEHIND) for row in rows], now)
    return len(rows)


def _rows(tx: Transaction, messages: Collection[str]) -> dict[str, AnyRow]:
    return {row.id: row for row in tx.connection.execute(_MESSAGES, {"ids": messages}).all()}


def _still_sending(tx: Transaction, sendings: Sequence[Sending]) -> list[AnyRow]:
    people.lock(tx, {sending.person for sending in sendings})
    rows = _rows(tx, [sending.message for sending in sendings])
    return [row for row in rows.values() if row.state == State.SENDING]


def _open(row: AnyRow, result: Result) -> bool:
    return row.state == State.SENDING or (row.state == State.UNKNOWN and result.receipt is not None)


def _ending(row: AnyRow, result: Result) -> _Ending:
    failure = result.failure
    if failure is None:
        provider_id = result.receipt.provider_id if result.receipt else None
        return _Ending(row, State.SENT, State.SENT, provider_id=provider_id)
    if failure.failure is Failure.AMBIGUOUS:
        return _Ending(row, State.UNKNOWN, State.UNKNOWN, failure.reason, code=failure.code)
    entry, reason = _not_accepted(row, failure, result.retry_at)
    refused = channels_from(row.refused)
    if failure.failure is not Failure.NOT_SENT:
        refused |= {ChannelName(row.channel)}
    return _Ending(row, State.FAILED, entry, reason, result.retry_at, channels_to(refused), failure.code)


def _not_accepted(row: AnyRow, failure: SendFailure, retry_at: datetime | None) -> tuple[State, str]:
    """What becomes of an entry whose message certainly did not go out."""
    if failure.failure is Failure.SENDER:
        return State.FAILED, failure.reason
    if row.outcome is not None:
        return State.CANCELLED, ANSWERED
    if failure.failure is Failure.NOT_SENT and (retry_at is None or retry_at >= row.expires_at):
        return State.MISSED, f"could not be sent in time: {failure.reason}"
    return (State.PLANNED if retry_at else State.FAILED), failure.reason


def _write(tx: Transaction, ends: Sequence[_Ending], now: datetime) -> None:
    """Four statements at most, however many ends."""
    sent = [end.row.occurrence for end in ends if end.entry is State.SENT]
    if sent:
        tx.connection.execute(_ENTRIES_SENT, {"ids": sent, "now": now})
    again = [_entry_again(end) for end in ends if end.entry is State.PLANNED]
    if again:
        tx.connection.execute(_ENTRY_AGAIN, again)
    others = [end for end in ends if end.entry not in (State.SENT, State.PLANNED)]
    _ENTRY_ENDS.run(tx.connection, [_entry_end(end, now) for end in others])
    _MESSAGE_ENDS.run(tx.connection, [_message_end(end, now) for end in ends])
    asking.ended(tx, [_welcomed(end) for end in ends if end.row.origin == Origin.WELCOME], now)


def _welcomed(end: _Ending) -> asking.Welcomed:
    asked = end.message in (State.SENT, State.UNKNOWN)
    # Planned again without its channel: the address will not take it, and the claim then says so.
    refused = end.entry is State.PLANNED and end.row.channel in end.refused.split()
    again = end.entry not in (State.FAILED, State.MISSED)
    return asking.Welcomed(end.row, asked, refused, again, end.reason)


def _message_end(end: _Ending, now: datetime) -> dict[str, Any]:
    return {
        "one": end.row.id,
        "ends": end.message,
        "why": end.reason,
        "said": end.code,
        "theirs": end.provider_id,
        "now": now,
    }


def _entry_again(end: _Ending) -> dict[str, Any]:
    return {"entry": end.row.occurrence, "why": end.reason, "at": end.again_at, "without": end.refused}


def _entry_end(end: _Ending, now: datetime) -> dict[str, Any]:
    return {"entry": end.row.occurrence, "ends": end.entry, "why": end.reason, "now": now}


def _take_back(tx: Transaction, rows: Iterable[AnyRow]) -> None:
    """These certainly did not go out: the histories forget them, so that no limit and no gap counts
    them, and the next try finds the words that it would have found."""
    nudges = [row for row in rows if Origin(row.origin).is_nudge]
    # The latest first: what stood before it is put back whole, an earlier one is only counted out.
    for row in sorted(nudges, key=lambda row: row.attempted_at, reverse=True):
        if row.outcome is not None and rounds.last(tx, row) > row.round:
            continue  # put off meanwhile: counted out already
        kept = tx.connection.execute(_HISTORY, {"one": row.person}).one()
        if kept.history_at == row.attempted_at and kept.history_before is not None:
            people.put_history(tx, row.person, codec.history_from_json(row.person, kept.history_before))
        elif row.origin != Origin.ASKED:
            people.count_out(tx, row.person, row.attempted_at)


def _opt_out(tx: Transaction, row: AnyRow, failure: SendFailure, now: datetime) -> None:
    if row.origin == Origin.NOTICE:
        notices.contact_said(tx, row.address, True, now)
        return
    one, channel = people.read(tx, [row.person])[row.person], ChannelName(row.channel)
    if one.plan.address(channel) == row.address:  # else it is a former number that has opted out
        how = f"the provider said {failure.code}" if failure.code else failure.reason
        standing.opt_out(tx, one, [channel], how, now)
