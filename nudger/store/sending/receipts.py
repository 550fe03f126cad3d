"""A provider's report of one message, applied: never backwards, whatever order reports come in; and whether
an address works: what failed in a row, and the channels that rest for a person because of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select, update

from nudger.agenda import set_aside
from nudger.agenda.entries import Failure, Report, SendFailure
from nudger.domain.model import ChannelName, Origin, State
from nudger.sending import receipts
from nudger.sending.receipts import FAILURES_IN_A_ROW
from nudger.store.schema.tables import message, reach
from nudger.store.sending.endings import Ending, opt_out, rows, take_back, write
from nudger.store.sql.statements import AnyRow
from nudger.store.sql.transactions import Care, Transaction
from nudger.store.state import alarms, consent_state, people, senders, standing
from nudger.store.state.entries import channels_from, channels_to

NOT_THERE = "the provider does not have it"  # of a FAILED message: so it may turn up yet
NO_WORD = SendFailure(Failure.LOST, "the provider reports a failure and does not say which")

_WHOSE = select(message.c.person, message.c.address).where(message.c.id == bindparam("one"))
_UNDER_WAY = frozenset({State.SENDING, State.UNKNOWN})
# What a report of arrival may still change; what the person or the plan took away stays away.
_MAY_ARRIVE = _UNDER_WAY | {
    State.SENT, State.PLANNED, State.FAILED, State.MISSED, State.SUPPRESSED,
}  # fmt: skip


def report(tx: Transaction, message_id: str, told: Report, now: datetime, care: Care) -> State | None:
    """See SendingStore.report."""
    about = tx.connection.execute(_WHOSE, {"one": message_id}).one_or_none()
    if about is None:
        return None
    people.lock(tx, {about.person} | told_by_contacts(tx, [about.address], [told]))
    applied: Applied | None = None
    for ids in care.groups([about.person]):
        with care.over(ids):
            row = rows(tx, [message_id]).get(message_id)
            applied = apply(tx, row, told, now) if row is not None else None
    if applied is None:
        return None
    senders.ended(tx, applied.faults, now)
    return applied.state


def told_by_contacts(tx: Transaction, addresses: Iterable[str], told: Iterable[Report]) -> set[str]:
    """Whom these reports may concern besides those whom their messages, to these addresses, were about."""
    stops = any(one.failure and one.failure.failure is Failure.OPTED_OUT for one in told)
    return standing.trusting(tx, list(addresses)) if stops else set()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a report has changed, and what the sender is to be told of it when all is applied."""

    state: State
    faults: tuple[tuple[ChannelName, SendFailure], ...] = ()


def apply(tx: Transaction, row: AnyRow, told: Report, now: datetime) -> Applied | None:
    """The message's new state, or None where the report changes nothing. Its person is locked."""
    not_there = row.state == State.FAILED and row.message_reason == NOT_THERE
    state = receipts.after(receipts.OnRecord(State(row.state), not_there), told)
    if state is None:
        return None
    failure = (told.failure or NO_WORD) if state is State.FAILED else None
    end = _failed(tx, row, told, failure, now) if failure else _arrived(tx, row, told, state)
    write(tx, [end], now)
    if failure is None:
        _count_in(tx, end, not_there=not_there)
    elif failure.failure is not Failure.LOST and not not_there:
        take_back(tx, [row])
    _judge_number(tx, row, state, failure, now)
    # Filtered, or not registered: every other text would end the same way.
    is_senders = failure is not None and failure.failure is Failure.SENDER
    return Applied(state, ((ChannelName(row.channel), failure),) if failure and is_senders else ())


def _arrived(tx: Transaction, row: AnyRow, told: Report, state: State) -> Ending:
    entry = state if row.entry_state in _MAY_ARRIVE and not _went_on(tx, row) else None
    return Ending(row, state, entry, provider_id=told.provider_id)


def _failed(tx: Transaction, row: AnyRow, told: Report, failure: SendFailure, now: datetime) -> Ending:
    """RACE: the person may have answered, or a later message of the entry be on its way: then the entry
    is left as it is."""
    entry: State | None = State.FAILED
    again_at = receipts.again_at(failure.failure, now)
    if _went_on(tx, row) or row.entry_state not in _UNDER_WAY | {State.SENT}:
        entry = None
    elif row.outcome is not None:
        entry = State.FAILED if row.entry_state in _UNDER_WAY else None
    elif again_at is not None and again_at < row.expires_at:
        entry = State.PLANNED
    refused = channels_from(row.refused)
    if failure.failure is not Failure.NOT_SENT:
        refused |= {ChannelName(row.channel)}
    return Ending(
        row,
        State.FAILED,
        entry,
        failure.reason,
        again_at,
        channels_to(refused),
        failure.code,
        told.provider_id,
    )


def _went_on(tx: Transaction, row: AnyRow) -> bool:
    """Whether the entry has a later message: then its state is that one's."""
    later = select(
        exists().where(
            message.c.person == row.person,
            message.c.line > row.line,
            message.c.occurrence == row.occurrence,
        )
    )
    return bool(tx.connection.scalar(later))


def _count_in(tx: Transaction, end: Ending, *, not_there: bool) -> None:
    """It went out after all, and was taken for not sent: it counts again."""
    row = end.row
    forgotten = not_there or row.entry_state == State.PLANNED
    counts = Origin(row.origin).is_nudge and row.origin != Origin.ON_DEMAND
    if forgotten and end.entry is not None and counts:
        people.count_in(tx, row.person, row.attempted_at)


def _judge_number(
    tx: Transaction, row: AnyRow, state: State, failure: SendFailure | None, now: datetime
) -> None:
    if failure is not None and failure.failure is Failure.OPTED_OUT:
        opt_out(tx, row, failure, now)
    elif failure is not None and receipts.is_the_numbers(failure.failure):
        failed(tx, row, now)
    elif state is State.DELIVERED:
        arrived(tx, row, now)


RESTED = f"{FAILURES_IN_A_ROW} in a row did not arrive"


def failed(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """One more message to the address of `row` did not arrive; after so many in a row it rests."""
    kept = _kept(tx, row)
    if kept is None:
        return  # a former address
    count = kept.failures + 1
    if count < FAILURES_IN_A_ROW or kept.rested_at is not None:
        _put(tx, row, failures=count)
        return
    _put(tx, row, failures=count, rested_at=now)
    consent_state.refresh(tx, [row.person])
    standing.record_event(tx, row.person, now, "rests", f"{row.channel}: {RESTED}")
    alarms.raise_alarm(
        tx,
        _key(row.person, row.channel),
        f"{row.person} gets nothing by {row.channel} any more: {RESTED}. Put the address in their plan "
        f"right, or try it again with: nudger resume {row.person}",
        now,
    )


def arrived(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """The address works: the count begins anew, and what rested is used again."""
    kept = _kept(tx, row)
    if kept is None or not kept.failures:
        return
    _put(tx, row, failures=0, rested_at=None)
    if kept.rested_at is not None:
        consent_state.refresh(tx, [row.person])
        works_again(tx, [(row.person, row.channel)], now)


def try_again(tx: Transaction, person_id: str, now: datetime) -> None:
    """The person or the operator says so: every channel of this person is used again."""
    those = (reach.c.person == person_id, reach.c.failures > 0)
    kept = tx.connection.execute(
        select(reach.c.channel, reach.c.rested_at.is_not(None).label("rested")).where(*those)
    ).all()
    if not kept:
        return
    tx.connection.execute(update(reach).where(*those).values(failures=0, rested_at=None))
    consent_state.refresh(tx, [person_id])
    works_again(tx, [(person_id, row.channel) for row in kept if row.rested], now)


def works_again(tx: Transaction, which: Iterable[tuple[str, str]], now: datetime) -> None:
    """(person, channel): nothing keeps the operator busy with these any more."""
    for person_id, channel in which:
        alarms.clear_alarm(tx, _key(person_id, channel), now)


def alarm_keys(person_id: str) -> list[str]:
    """The keys of all alarms that may stand about this person."""
    return [
        standing.unanswered(person_id),
        set_aside.alarm_key(person_id),
        *(_key(person_id, channel) for channel in ChannelName),
    ]


def _kept(tx: Transaction, row: AnyRow) -> AnyRow | None:
    return tx.connection.execute(
        select(reach.c.failures, reach.c.rested_at).where(
            reach.c.person == row.person, reach.c.channel == row.channel, reach.c.address == row.address
        )
    ).one_or_none()


def _put(tx: Transaction, row: AnyRow, **values: object) -> None:
    these = update(reach).where(reach.c.person == row.person, reach.c.channel == row.channel)
    tx.connection.execute(these.values(**values))


def _key(person_id: str, channel: str) -> str:
    return f"address {person_id} {channel}"
