"""How sends end. A message is settled once: only one that is still `sending` is written, and the rest
of the world learns of a lost race by nothing having changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, or_, select, update

from nudger.delivery.agenda import Sending
from nudger.delivery.sends import Failure, Result, SendFailure
from nudger.delivery.statuses import is_the_numbers
from nudger.model import CRISIS_ANSWERS, FROM_A_TEXT, ChannelName, State
from nudger.store import consent, leases, notices, numbers, people, senders, standing
from nudger.store.endings import ANSWERED, Ending, opt_out, rows, sent, take_back, write
from nudger.store.entries import channels_from, channels_to
from nudger.store.keys import among
from nudger.store.tables import AnyRow, message, occurrence, person, reach
from nudger.store.transaction import Transaction

_MAY_GO = (
    select(message.c.id)
    .join(person, person.c.id == message.c.person)
    .outerjoin(reach, (reach.c.person == message.c.person) & (reach.c.channel == message.c.channel))
    .where(
        among(message.c.id),
        message.c.state == State.SENDING,
        leases.HOLDS,
        # An answer to a person's own text is no nudge: neither stops it.
        or_(among(message.c.id, "answers"), and_(person.c.held_at.is_(None), reach.c.opted_out_at.is_(None))),
    )
)


_STOPPED_BY = (
    select(person.c.held_at.is_not(None), reach.c.opted_out_at.is_not(None))
    .select_from(person)
    .outerjoin(reach, (reach.c.person == person.c.id) & (reach.c.channel == bindparam("by")))
    .where(person.c.id == bindparam("one"))
)


def record(tx: Transaction, results: Sequence[Result], now: datetime) -> None:
    """See Store.record."""
    people.lock(tx, {result.sending.person for result in results} | _told_by_contacts(tx, results))
    firsts: dict[str, Result] = {}
    for result in results:
        firsts.setdefault(result.sending.message, result)  # a second result of the same message is none
    accepted = sent(tx, {one: first.receipt for one, first in firsts.items() if first.receipt}, now)
    found = rows(tx, firsts.keys() - accepted)
    ends = []
    for message_id, result in firsts.items():
        row = found.get(message_id)
        if row is not None and _open(row, result):
            ends.append(_ending(row, result))
            _judge_number(tx, row, result.failure, now)
    write(tx, ends, now)
    take_back(tx, [end.row for end in ends if end.message is State.FAILED])
    senders.ended(tx, [(result.sending.channel, result.failure) for result in results], now)
    for end in ends:
        if end.row.key in CRISIS_ANSWERS and end.message is State.FAILED and end.refused:
            standing.alarm_unanswered(tx, end.row.person, end.reason, now)


def _told_by_contacts(tx: Transaction, results: Sequence[Result]) -> set[str]:
    """Whom it concerns besides that contacts have said STOP to the provider."""
    stops = [
        one.sending.address for one in results if one.failure and one.failure.failure is Failure.OPTED_OUT
    ]
    return notices.trusting(tx, stops)


def end_plainly(tx: Transaction, results: Sequence[Result], now: datetime) -> None:
    """How sends ended to people of whom more cannot be read: the ends alone. What their provider said of a
    STOP counts all the same."""
    for result in results:
        failure = result.failure
        state = State.SENT if failure is None else _PLAIN_ENDS.get(failure.failure, State.FAILED)
        reason = failure.reason if failure else ""
        provider_id = result.receipt.provider_id if result.receipt else None
        one = message.c.id == result.sending.message
        tx.connection.execute(
            update(message)
            .where(one)
            .values(state=state, reason=reason, provider_id=provider_id, settled_at=now)
        )
        entry = occurrence.c.id == result.sending.occurrence
        tx.connection.execute(
            update(occurrence)
            .where(entry, occurrence.c.state == State.SENDING)
            .values(state=state, wake_at=None, reason=reason, settled_at=now)
        )
        if failure is not None and failure.failure is Failure.OPTED_OUT:
            how = f"the provider said {failure.code}" if failure.code else failure.reason
            channels = [result.sending.channel]
            consent.put(tx, result.sending.person, channels, opted_out_at=now, opted_out_how=how, ask_at=None)


_PLAIN_ENDS = {Failure.AMBIGUOUS: State.UNKNOWN, Failure.NOT_SENT: State.MISSED}


def release(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> None:
    """See Store.release."""
    _give_back(tx, _still_sending(tx, sendings), now)


def may_go(tx: Transaction, sendings: Iterable[Sending]) -> set[str]:
    """The messages that nothing speaks against: the others were stopped since the claim, or taken over."""
    answers = [sending.message for sending in sendings if sending.origin in FROM_A_TEXT]
    ids = [sending.message for sending in sendings]
    return set(tx.connection.scalars(_MAY_GO, {"ids": ids, "answers": answers}).all())


def cancel_stopped(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> set[str]:
    """Cancels those that may not go, read once more with their people locked; where only the lease has
    ended, and nobody has taken them over yet, they are planned again."""
    claimed = _still_sending(tx, sendings)
    stopped = {sending.message for sending in sendings} - may_go(tx, sendings)
    kept = [row for row in claimed if row.id in stopped]
    causes = [(row, _cause(tx, row)) for row in kept]
    for row, cause in causes:
        if cause is not None:
            _cancel(tx, row, cause, now)
    take_back(tx, [row for row, cause in causes if cause is not None])
    _give_back(tx, [row for row, cause in causes if cause is None], now)
    return stopped


def _cause(tx: Transaction, row: AnyRow) -> standing.Cause | None:
    if row.origin in FROM_A_TEXT:
        return None
    held, opted_out = tx.connection.execute(_STOPPED_BY, {"one": row.person, "by": row.channel}).one()
    if held:
        return standing.HOLD
    return standing.OPT_OUT if opted_out else None


def _cancel(tx: Transaction, row: AnyRow, cause: standing.Cause, now: datetime) -> None:
    tx.connection.execute(
        update(message)
        .where(message.c.id == row.id)
        .values(state=State.CANCELLED, reason=cause.reason, settled_at=now)
    )
    standing.cancel(tx, [row.occurrence], cause, now)


def _give_back(tx: Transaction, claimed: Sequence[AnyRow], now: datetime) -> None:
    """The message never was: its row goes."""
    if not claimed:
        return
    tx.connection.execute(delete(message).where(message.c.id.in_([row.id for row in claimed])))
    answered = [row for row in claimed if row.outcome is not None]
    free = [row.occurrence for row in claimed if row.outcome is None]
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id.in_(free))
        .values(state=State.PLANNED, wake_at=occurrence.c.due_at, queue=None, claimed_at=None, via=None)
    )
    write(tx, [Ending(row, State.CANCELLED, State.CANCELLED, ANSWERED) for row in answered], now)
    take_back(tx, claimed)


def _still_sending(tx: Transaction, sendings: Sequence[Sending]) -> list[AnyRow]:
    people.lock(tx, {sending.person for sending in sendings})
    found = rows(tx, [sending.message for sending in sendings])
    return [row for row in found.values() if row.state == State.SENDING]


def _judge_number(tx: Transaction, row: AnyRow, failure: SendFailure | None, now: datetime) -> None:
    """What a refusal says of the address."""
    if failure is not None and failure.failure is Failure.OPTED_OUT:
        opt_out(tx, row, failure, now)
    elif failure is not None and is_the_numbers(failure.failure):
        numbers.failed(tx, row, now)


def _open(row: AnyRow, result: Result) -> bool:
    return row.state == State.SENDING or (row.state == State.UNKNOWN and result.receipt is not None)


def _ending(row: AnyRow, result: Result) -> Ending:
    failure = result.failure
    if failure is None:
        provider_id = result.receipt.provider_id if result.receipt else None
        return Ending(row, State.SENT, State.SENT, provider_id=provider_id)
    if failure.failure is Failure.AMBIGUOUS:
        return Ending(row, State.UNKNOWN, State.UNKNOWN, failure.reason, code=failure.code)
    entry, reason = _not_accepted(row, failure, result.retry_at)
    refused = channels_from(row.refused)
    # A sender's fault is not this entry's: once more by the same channel, when that works again. The
    # second time it may be, and one odd message must not be what a channel is tried with for ever.
    if failure.failure is not Failure.NOT_SENT and (failure.failure is not Failure.SENDER or row.attempts):
        refused |= {ChannelName(row.channel)}
    return Ending(row, State.FAILED, entry, reason, result.retry_at, channels_to(refused), failure.code)


def _not_accepted(row: AnyRow, failure: SendFailure, retry_at: datetime | None) -> tuple[State, str]:
    """What becomes of an entry whose message certainly did not go out."""
    if row.outcome is not None:
        return State.CANCELLED, ANSWERED
    if failure.failure is Failure.NOT_SENT and (retry_at is None or retry_at >= row.expires_at):
        return State.MISSED, f"could not be sent in time: {failure.reason}"
    return (State.PLANNED if retry_at else State.FAILED), failure.reason
