"""Who holds what is under way, and how sends end.

Each daemon holds by a lease all that it has claimed, renewed while it lives. What a daemon whose lease has
ended left in `sending` may or may not have gone out: it becomes unknown, and is asked about. Nobody sends it
again blindly, and it itself finds out before its next call.

A message is settled once: only one that is still `sending` is written, and the rest of the world learns of a
lost race by nothing having changed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, literal_column, or_, select, update

from nudger.agenda.entries import Failure, Result, SendFailure, Sending
from nudger.domain.errors import StoreError
from nudger.domain.model import CRISIS_ANSWERS, FROM_A_TEXT, ChannelName, State
from nudger.sending.lease import HELD, LONGEST_CALL, host_of
from nudger.sending.receipts import is_the_numbers
from nudger.store.schema.tables import lease, message, occurrence, person, reach, turn
from nudger.store.sending import receipts
from nudger.store.sending.endings import ANSWERED, Ending, opt_out, rows, sent, take_back, write
from nudger.store.sql.statements import AnyRow, among, moment
from nudger.store.sql.transactions import Care, Transaction
from nudger.store.state import consent_state, people, senders, standing
from nudger.store.state.entries import channels_from, channels_to

# Far longer than any call may take: the daemon lives, and has lost it.
LOST = timedelta(minutes=10)
LEFT_BEHIND = "nudger stopped while it was being sent; whether it arrived is not known"

# Written out, not bound: SQLite takes a partial index only where it can see the value.
_SENDING = message.c.state == literal_column("'sending'")
_OWNERS = select(message.c.owner).where(_SENDING).distinct()
_LEFT_BY = select(message.c.id, message.c.person).where(_SENDING)
_LEASES = select(lease.c.owner)
_ENDED = select(lease.c.owner).where(lease.c.until <= moment()).with_for_update(skip_locked=True)
_IS_HELD = exists().where(lease.c.owner == message.c.owner, lease.c.until > moment())
_ABANDONED = select(message.c.id, message.c.person, message.c.owner).where(
    _SENDING, or_(~_IS_HELD, message.c.attempted_at < bindparam("before"))
)

# For who asks whether a message may go: the call is over before the lease is.
HOLDS = exists().where(lease.c.owner == message.c.owner, lease.c.until > moment(LONGEST_CALL))


def renew(tx: Transaction, owner: str) -> None:
    """See SendingStore.renew."""
    others = _lives_of(host_of(owner), tx.connection.scalars(_LEASES)) - {owner}
    if others:
        raise StoreError(
            f"another nudger has started as {host_of(owner)} on the same database",
            "Give each host a name of its own, or each nudger of one host its own NUDGER_STATE_DIR.",
        )
    _hold(tx, owner)


def give_up(tx: Transaction, owner: str) -> None:
    """See SendingStore.give_up."""
    tx.connection.execute(update(lease).where(lease.c.owner == owner).values(until=moment()))


def recover(tx: Transaction, owner: str, now: datetime, care: Care) -> int:
    """See SendingStore.recover."""
    host = host_of(owner)
    former = _lives_of(host, tx.connection.scalars(_LEASES))
    tx.connection.execute(delete(lease).where(lease.c.owner.in_(former)))
    owners = _lives_of(host, tx.connection.scalars(_OWNERS))
    left = tx.connection.execute(_LEFT_BY.where(message.c.owner.in_(owners))).all()
    people.lock(tx, {row.person for row in left})
    count = _leave(tx, left, now, care)
    _hold(tx, owner)
    return count


def abandon(tx: Transaction, now: datetime, care: Care) -> int:
    """See SendingStore.abandon."""
    # Locked, so that none of them renews its lease while it loses what it held. One that a daemon has
    # locked is being renewed; of one that stopped in the middle of that, the server ends the session.
    ended = tx.connection.scalars(_ENDED).all()
    left = tx.connection.execute(_ABANDONED, {"before": now - LOST}).all()
    # Who is locked may be so by the very daemon that has gone: the next look comes soon.
    free = people.lock_free(tx, {row.person for row in left})
    count = _leave(tx, [row for row in left if row.person in free], now, care)
    tx.connection.execute(delete(lease).where(lease.c.owner.in_(ended)))
    return count


def daemons(tx: Transaction) -> list[str]:
    """See OverviewStore.daemons."""
    living = select(lease.c.owner).where(lease.c.until > moment()).order_by(lease.c.owner)
    return [host_of(owner) for owner in tx.connection.scalars(living) if isinstance(owner, str)]


def take_turn(tx: Transaction, duty: str, every: timedelta) -> bool:
    """See FactStore.take_turn."""
    tx.connection.execute(tx.database.insert_new(turn).values(duty=duty, next_at=moment()))
    taken = tx.connection.execute(
        update(turn).where(turn.c.duty == duty, turn.c.next_at <= moment()).values(next_at=moment(every))
    )
    return bool(taken.rowcount)


def time(tx: Transaction) -> datetime:
    """See FactStore.time."""
    at: datetime = tx.connection.execute(select(moment())).scalar_one()
    return at


def _lives_of(host: str, owners: Iterable[str]) -> set[str]:
    return {owner for owner in owners if isinstance(owner, str) and host_of(owner) == host}


def _hold(tx: Transaction, owner: str) -> None:
    held = tx.connection.execute(update(lease).where(lease.c.owner == owner).values(until=moment(HELD)))
    if not held.rowcount:  # RACE: two threads of one daemon that was taken over, and goes on
        tx.connection.execute(tx.database.insert_new(lease).values(owner=owner, until=moment(HELD)))


def _leave(tx: Transaction, left: Sequence[AnyRow], now: datetime, care: Care) -> int:
    """Their people are locked: what has ended meanwhile is left alone."""
    messages: dict[str, list[str]] = {}
    for row in left:
        messages.setdefault(row.person, []).append(row.id)
    count = 0
    for ids in care.groups(messages):
        of_these = [one for person in ids for one in messages[person]]
        with care.over(ids):
            count += _becomes_unknown(tx, of_these, now)
        if care.failed(ids):
            with care.over(ids):
                count += _plainly_unknown(tx, of_these, now)
    return count


def _becomes_unknown(tx: Transaction, messages: Sequence[str], now: datetime) -> int:
    ends = [
        Ending(row, State.UNKNOWN, State.UNKNOWN, LEFT_BEHIND)
        for row in rows(tx, messages).values()
        if row.state == State.SENDING
    ]
    write(tx, ends, now)
    return len(ends)


def _plainly_unknown(tx: Transaction, messages: Sequence[str], now: datetime) -> int:
    """The same of what cannot be read."""
    unknown = {"state": State.UNKNOWN, "reason": LEFT_BEHIND, "settled_at": now}
    those = update(message).where(message.c.id.in_(messages), message.c.state == State.SENDING)
    entries = tx.connection.scalars(those.values(unknown).returning(message.c.occurrence)).all()
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id.in_(entries), occurrence.c.state == State.SENDING)
        .values(unknown)
    )
    return len(entries)


_MAY_GO = (
    select(message.c.id)
    .join(person, person.c.id == message.c.person)
    .outerjoin(reach, (reach.c.person == message.c.person) & (reach.c.channel == message.c.channel))
    .where(
        among(message.c.id),
        message.c.state == State.SENDING,
        HOLDS,
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
    """See SendingStore.record."""
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
    return standing.trusting(tx, stops)


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
            consent_state.put(
                tx, result.sending.person, channels, opted_out_at=now, opted_out_how=how, ask_at=None
            )


_PLAIN_ENDS = {Failure.AMBIGUOUS: State.UNKNOWN, Failure.NOT_SENT: State.MISSED}


def release(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> None:
    """See SendingStore.release."""
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
        receipts.failed(tx, row, now)


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
