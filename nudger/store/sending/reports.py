"""What a provider says of a message afterwards: the statuses that it posts, and what it answers when it is
asked about one whose end is unknown. Never backwards, whatever order reports come in.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, literal_column, or_, select, update

from nudger.agenda.entries import Failure, Report, SendFailure
from nudger.domain.effects import checked
from nudger.domain.model import ChannelName, Origin, State
from nudger.sending import receipts
from nudger.sending.port import AskAgain, Doubt, FoundThere, Judge, Listed, NotThere, Reconciled, Resolution
from nudger.sending.receipts import ASK_FOR, LONGEST_WAIT
from nudger.store.schema.tables import message
from nudger.store.sending.endings import ANSWERED, Ending, judge_address, rows, take_back, write
from nudger.store.sql.statements import AnyRow, Bulk, among
from nudger.store.sql.transactions import Care, Transaction, made
from nudger.store.state import facts, people, senders, standing
from nudger.store.state.entries import channels_from, channels_to

NOT_THERE = "the provider does not have it"  # of a FAILED message: so it may turn up yet
TAKEN_BACK = "taken back before it went out"
NO_WORD = SendFailure(Failure.LOST, "the provider reports a failure and does not say which")
_WHOSE = select(message.c.person, message.c.address).where(message.c.id == bindparam("id"))
_UNDER_WAY = frozenset({State.SENDING, State.UNKNOWN})
# What a report of arrival may still change; what the person or the plan took away stays away.
_MAY_ARRIVE = _UNDER_WAY | {
    State.SENT, State.PLANNED, State.FAILED, State.MISSED, State.SUPPRESSED,
}  # fmt: skip


def report(tx: Transaction, message_id: str, told: Report, now: datetime, care: Care) -> State | None:
    """See SendingStore.report."""
    about = tx.connection.execute(_WHOSE, {"id": message_id}).one_or_none()
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
    """Returns whom these reports may concern besides those whom their messages, to these addresses, were
    about."""
    stops = any(report.failure and report.failure.failure is Failure.OPTED_OUT for report in told)
    return standing.trusting(tx, list(addresses)) if stops else set()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a report has changed, and what the sender is to be told of it when all is applied."""

    state: State
    faults: tuple[tuple[ChannelName, SendFailure], ...] = ()


def apply(tx: Transaction, row: AnyRow, told: Report, now: datetime) -> Applied | None:
    """Applies a report to a message whose person is locked.

    Returns:
        Its new state; None where the report changes nothing.
    """
    not_there = row.state == State.FAILED and row.message_reason == NOT_THERE
    state = receipts.after(receipts.OnRecord(State(row.state), not_there), told)
    if state is None:
        return None
    if state is State.CANCELLED:
        _taken_back(tx, row, told, now)
        return Applied(state)
    failure = (told.failure or NO_WORD) if state is State.FAILED else None
    end = _failed(tx, row, told, failure, now) if failure else _arrived(tx, row, told, state)
    write(tx, [end], now)
    if failure is None:
        _count_in(tx, end, not_there=not_there)
    elif failure.failure not in (Failure.LOST, Failure.AMBIGUOUS) and not not_there:
        take_back(tx, [row])
    judge_address(tx, row, state, failure, now)
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


def _taken_back(tx: Transaction, row: AnyRow, told: Report, now: datetime) -> None:
    """It certainly did not go out, and never will: no limit counts it. Of a later message of the entry, or of
    what the person did meanwhile, nothing changes."""
    open_ = row.entry_state in _UNDER_WAY | {State.SENT} and not _went_on(tx, row)
    entry = State.CANCELLED if open_ else None
    write(tx, [Ending(row, State.CANCELLED, entry, TAKEN_BACK, provider_id=told.provider_id)], now)
    take_back(tx, [row])


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


TAKEN = timedelta(seconds=20)  # longer than a question takes
# Written out, not bound: SQLite takes a partial index only where it can see the value.
_UNKNOWN = message.c.state == literal_column("'unknown'")
_ASK_AGAIN = Bulk(
    update(message)
    .where(message.c.id == bindparam("id"))
    .values(asks=message.c.asks + literal_column("1"), ask_at=bindparam("ask_at"))
)
_OURS = select(message.c.provider_id).where(among(message.c.person), among(message.c.provider_id))


def doubts(tx: Transaction, now: datetime, channels: Collection[ChannelName], limit: int) -> list[Doubt]:
    """See SendingStore.doubts."""
    due = or_(
        message.c.ask_at.is_(None),
        message.c.ask_at <= now,
        message.c.ask_at > now + LONGEST_WAIT,  # the clock was stepped back since
    )
    mine = (
        select(message.c.id)
        .where(_UNKNOWN, message.c.channel.in_(channels), message.c.attempted_at > now - ASK_FOR, due)
        .order_by(message.c.attempted_at, message.c.id)
        .limit(limit)
    )
    if not tx.database.is_sqlite:
        # Each is asked about by one host; soon by another, if that one is gone or gets no answer.
        # Two statements: PostgreSQL may run a subquery of the UPDATE several times, past its limit.
        ids = tx.connection.scalars(mine.with_for_update(skip_locked=True)).all()
        tx.connection.execute(update(message).where(message.c.id.in_(ids)).values(ask_at=now + TAKEN))
        mine = select(message.c.id).where(message.c.id.in_(ids))
    found = (
        select(
            message.c.id,
            message.c.person,
            message.c.channel,
            message.c.address,
            message.c.text,
            message.c.attempted_at,
            message.c.asks,
        )
        .where(message.c.id.in_(mine))
        .order_by(message.c.attempted_at, message.c.id)
    )
    return made(tx, found, message.c.id, _doubt)


def _doubt(row: AnyRow) -> Doubt:
    at, channel = checked(row.attempted_at), ChannelName(row.channel)
    return Doubt(row.id, row.person, channel, row.address, row.text, at, row.asks)


def wait(tx: Transaction, about: Sequence[Doubt], until: datetime) -> None:
    """Puts these doubts off: nothing is concluded of them before `until`."""
    for doubt in about:
        tx.connection.execute(update(message).where(message.c.id == doubt.message).values(ask_at=until))


def reconcile(
    tx: Transaction, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
) -> Reconciled:
    """See SendingStore.reconcile."""
    told = [text.report for text in listed]
    theirs = told_by_contacts(tx, [doubt.address for doubt in about], told)
    people.lock(tx, {doubt.person for doubt in about} | theirs)
    # RACE: settled while the provider was asked, by a status or by a receipt that came late.
    open_ = {message_id: row for message_id, row in _rows(tx, about).items() if row.state == State.UNKNOWN}
    still = [doubt for doubt in about if doubt.message in open_]
    answers = judge(still, _nobodys(tx, about, listed))
    found = [
        apply(tx, open_[answer.doubt.message], answer.report, now)
        for answer in answers
        if isinstance(answer, FoundThere)
    ]
    lost = [open_[answer.doubt.message] for answer in answers if isinstance(answer, NotThere)]
    write(tx, [_free(row, now) for row in lost], now)
    take_back(tx, lost)
    _ASK_AGAIN.run(tx.connection, [_again(answer) for answer in answers if isinstance(answer, AskAgain)])
    senders.ended(tx, [fault for applied in found if applied for fault in applied.faults], now)
    facts.count(tx, {"reconciled_found": len(found), "reconciled_not_there": len(lost)})
    return Reconciled(len(found), len(lost))


def _rows(tx: Transaction, about: Sequence[Doubt]) -> dict[str, AnyRow]:
    return rows(tx, [doubt.message for doubt in about])


def _nobodys(tx: Transaction, about: Sequence[Doubt], listed: Sequence[Listed]) -> list[Listed]:
    """What is listed and no message's yet: the id of a text that went out well is credited once."""
    ids = [text.report.provider_id for text in listed]
    keys = {"person_in": sorted({doubt.person for doubt in about}), "provider_id_in": ids}
    ours = set(tx.connection.scalars(_OURS, keys)) if ids else set()
    return [text for text in listed if text.report.provider_id not in ours]


def _free(row: AnyRow, now: datetime) -> Ending:
    """The same entry once more. The gate judges it anew, so a STOP, a hold, a pause and an edit since
    then are seen; what was answered or put off meanwhile does not come again."""
    reason = NOT_THERE
    if row.outcome is not None:
        return Ending(row, State.FAILED, State.CANCELLED, ANSWERED)
    if now > row.expires_at:
        return Ending(row, State.FAILED, State.MISSED, f"{reason}, and by then it was too late")
    return Ending(row, State.FAILED, State.PLANNED, reason, now, row.refused)


def _again(answer: Resolution) -> dict[str, Any]:
    assert isinstance(answer, AskAgain)
    return {"id": answer.doubt.message, "ask_at": answer.at}
