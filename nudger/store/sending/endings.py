"""How a message ends: what that does to its row, to its entry, to the person's history and to what is known
of their address, whoever brings the news (the call itself, a question to the provider, a status that it
posts).

A message is settled once: only one that is still `sending` is written, and the rest of the world learns of a
lost race by nothing having changed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, null, select, update

from nudger.agenda import set_aside
from nudger.agenda.entries import Failure, Receipt, Result, SendFailure
from nudger.domain.model import CRISIS_ANSWERS, ChannelName, Origin, State, same_phone
from nudger.sending import receipts
from nudger.sending.receipts import FAILURES_IN_A_ROW
from nudger.store.schema.tables import message, occurrence, person, reach
from nudger.store.sql.statements import OR_FAIL, AnyRow, Bulk, among, binds
from nudger.store.sql.transactions import Transaction
from nudger.store.state import consent, consent_requests, entries, facts, people, senders, silence, standing
from nudger.store.state.entries import channels_from, channels_to

# RACE: settled or snoozed while it was on its way (a snooze comes again by itself).
ANSWERED = "answered before it could be sent"
_MESSAGES = (
    select(
        message.c.id,
        message.c.line,
        message.c.state,
        message.c.occurrence,
        message.c.person,
        message.c.channel,
        message.c.address,
        message.c.attempted_at,
        message.c.reason.label("message_reason"),
        occurrence.c.state.label("entry_state"),
        occurrence.c.local_date,
        occurrence.c.nudge,
        occurrence.c.slot,
        occurrence.c.round,
        occurrence.c.origin,
        occurrence.c.expires_at,
        occurrence.c.refused,
        occurrence.c.attempts,
        occurrence.c.outcome,
        occurrence.c.key,
    )
    .join(occurrence, occurrence.c.id == message.c.occurrence)
    .where(among(message.c.id))
)
_SENDING = (
    select(message.c.id, message.c.occurrence)
    .join(occurrence, occurrence.c.id == message.c.occurrence)
    .where(
        among(message.c.id),
        message.c.state == State.SENDING,
        occurrence.c.state == State.SENDING,
        occurrence.c.origin != Origin.WELCOME,
    )
)
_HISTORY = select(person.c.history_before, person.c.history_at).where(person.c.id == bindparam("id"))
_MESSAGE_ENDS = Bulk(
    update(message)
    .where(message.c.id == bindparam("id"))
    .values(binds("state", "reason", "code", "provider_id", "settled_at"))
)
_MESSAGE_SENT = Bulk(
    update(message).where(message.c.id == bindparam("id")).values(binds("state", "provider_id", "settled_at"))
)
_ENTRIES_SENT = (
    update(occurrence)
    .prefix_with(OR_FAIL, dialect="sqlite")
    .where(among(occurrence.c.id))
    .values(state=State.SENT, reason="", settled_at=bindparam("settled_at"))
)
_ENTRY_ENDS = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("id"))
    .values(wake_at=null(), **binds("state", "reason", "settled_at"))
)
_ENTRY_AGAIN = (
    update(occurrence)
    .where(occurrence.c.id == bindparam("of_id"))
    .values(
        state=State.PLANNED,
        queue=null(),
        attempts=occurrence.c.attempts + 1,
        **binds("wake_at", "reason", "refused"),
    )
)
_UNDER_WAY = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a message and of its entry."""

    row: AnyRow
    message: State
    entry: State | None  # None: the entry is another message's by now, and left alone
    reason: str = ""
    again_at: datetime | None = None  # with the entry PLANNED
    refused: str = ""
    code: str | None = None
    provider_id: str | None = None


def record(tx: Transaction, results: Sequence[Result], now: datetime) -> None:
    """See SendingStore.record."""
    people.lock(tx, {result.sending.person for result in results} | _told_by_contacts(tx, results))
    firsts: dict[str, Result] = {}
    for result in results:
        firsts.setdefault(result.sending.message, result)  # a second result of the same message is none
    accepted = sent(
        tx, {message_id: first.receipt for message_id, first in firsts.items() if first.receipt}, now
    )
    found = rows(tx, firsts.keys() - accepted)
    ends = []
    for message_id, result in firsts.items():
        row = found.get(message_id)
        if row is not None and _open(row, result):
            ends.append(_ending(row, result))
            judge_address(tx, row, State.FAILED, result.failure, now)
    write(tx, ends, now)
    take_back(tx, [end.row for end in ends if end.message is State.FAILED])
    silence.arrived(tx, {one.sending.person for one in firsts.values() if _has_arrived(one)}, now)
    senders.ended(tx, [(result.sending.channel, result.failure) for result in results], now)
    for end in ends:
        if end.row.key in CRISIS_ANSWERS and end.message is State.FAILED and end.refused:
            standing.alarm_unanswered(tx, end.row.person, end.reason, now)


def _has_arrived(result: Result) -> bool:
    """Whether no more will be known of it than that it was accepted."""
    receipt = result.receipt
    return receipt is not None and not receipt.is_reported and result.sending.origin.is_nudge


def _told_by_contacts(tx: Transaction, results: Sequence[Result]) -> set[str]:
    """Whom it concerns besides that contacts have said STOP to the provider."""
    stops = [
        result.sending.address
        for result in results
        if result.failure and result.failure.failure is Failure.OPTED_OUT
    ]
    return standing.trusting(tx, stops)


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


def rows(tx: Transaction, messages: Collection[str]) -> dict[str, AnyRow]:
    """Reads these messages, each with its entry, by id."""
    if not messages:
        return {}
    return {row.id: row for row in tx.connection.execute(_MESSAGES, {"id_in": list(messages)}).all()}


def sent(tx: Transaction, accepted: Mapping[str, Receipt], now: datetime) -> set[str]:
    """Writes that these messages, by id, were accepted, where that is all there is to say: as nearly
    always. Returns which they were; the others are for `write`."""
    found = tx.connection.execute(_SENDING, {"id_in": list(accepted)}).all() if accepted else ()
    if not found:
        return set()
    tx.connection.execute(_ENTRIES_SENT, {"id_in": [entry for _, entry in found], "settled_at": now})
    _MESSAGE_SENT.run(
        tx.connection,
        [
            {"id": one, "state": State.SENT, "provider_id": accepted[one].provider_id, "settled_at": now}
            for one, _ in found
        ],
    )
    return {message_id for message_id, _ in found}


def write(tx: Transaction, ends: Sequence[Ending], now: datetime) -> None:
    """Writes what became of messages and of their entries: four statements at most, however many."""
    sent = [end.row.occurrence for end in ends if _is_simply_sent(end)]
    if sent:
        tx.connection.execute(_ENTRIES_SENT, {"id_in": sent, "settled_at": now})
    again = [_entry_again(end) for end in ends if end.entry is State.PLANNED]
    if again:
        tx.connection.execute(_ENTRY_AGAIN, again)
    others = [end for end in ends if end.entry not in (State.PLANNED, None) and not _is_simply_sent(end)]
    if others:
        _ENTRY_ENDS.run(tx.connection, [_entry_end(end, now) for end in others])
    if ends:
        _MESSAGE_ENDS.run(tx.connection, [_message_end(end, now) for end in ends])
    nudges = [end for end in ends if Origin(end.row.origin).is_nudge]
    silence.arrived(tx, {end.row.person for end in nudges if end.message is State.DELIVERED}, now)
    silence.lost(tx, {end.row.person for end in nudges if end.entry is State.FAILED}, now)
    welcomes = [_welcomed(end) for end in ends if _is_news_of_asking(end)]
    if welcomes:
        consent_requests.ended(tx, welcomes, now)


def take_back(tx: Transaction, rows: Iterable[AnyRow]) -> None:
    """Has the histories forget what certainly did not go out, so that no limit and no gap counts it, and the
    next try finds the words that it would have found."""
    nudges = [row for row in rows if Origin(row.origin).is_nudge]
    # The latest first: what stood before it is put back whole, an earlier one is only counted out.
    for row in sorted(nudges, key=lambda row: row.attempted_at, reverse=True):
        if row.outcome is not None and entries.last(tx, row) > row.round:
            continue  # put off meanwhile: counted out already
        kept = tx.connection.execute(_HISTORY, {"id": row.person}).one()
        if kept.history_at == row.attempted_at and kept.history_before is not None:
            people.put_history(tx, row.person, people.history_from_json(row.person, kept.history_before))
        elif row.origin != Origin.ON_DEMAND:
            people.count_out(tx, row.person, row.attempted_at)


def opt_out(tx: Transaction, row: AnyRow, failure: SendFailure, now: datetime) -> None:
    """Takes over a STOP that the provider knows of and we do not. Whoever trusts a contact who says so is
    locked."""
    if row.origin == Origin.NOTICE:
        standing.say(tx, row.address, True, now)
        return
    one, channel = people.read(tx, [row.person])[row.person], ChannelName(row.channel)
    if same_phone(one.plan.address(channel), row.address):  # else it is a former number that has opted out
        how = f"the provider said {failure.code}" if failure.code else failure.reason
        standing.opt_out(tx, one, [channel], how, now)


def _is_news_of_asking(end: Ending) -> bool:
    """A welcome's first end, or that it did not arrive after all."""
    first = end.row.state == State.SENDING or end.message is State.FAILED
    return bool(end.row.origin == Origin.WELCOME and first)


def _welcomed(end: Ending) -> consent_requests.Welcomed:
    asked = end.message in (State.SENT, State.UNKNOWN, State.DELIVERED)
    # Planned again without its channel: the address will not take it, and the claim then says so.
    refused = end.entry is State.PLANNED and end.row.channel in end.refused.split()
    again = end.entry not in (State.FAILED, State.MISSED)
    return consent_requests.Welcomed(end.row, asked, refused, again, end.reason)


def _is_simply_sent(end: Ending) -> bool:
    return end.entry is State.SENT and end.row.entry_state in _UNDER_WAY


def _message_end(end: Ending, now: datetime) -> dict[str, Any]:
    return {
        "id": end.row.id,
        "state": end.message,
        "reason": end.reason,
        "code": end.code,
        "provider_id": end.provider_id,
        "settled_at": now,
    }


def _entry_again(end: Ending) -> dict[str, Any]:
    return {
        "of_id": end.row.occurrence,
        "wake_at": end.again_at,
        "reason": end.reason,
        "refused": end.refused,
    }


def _entry_end(end: Ending, now: datetime) -> dict[str, Any]:
    return {"id": end.row.occurrence, "state": end.entry, "reason": end.reason, "settled_at": now}


def end_plainly(tx: Transaction, results: Sequence[Result], now: datetime) -> None:
    """Writes how sends ended to people of whom more cannot be read: the ends alone. What their provider said
    of a STOP counts all the same."""
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


def judge_address(
    tx: Transaction, row: AnyRow, state: State, failure: SendFailure | None, now: datetime
) -> None:
    """Judges by the end of a message whether its address works, and whether its person has said STOP
    elsewhere."""
    if failure is not None and failure.failure is Failure.OPTED_OUT:
        opt_out(tx, row, failure, now)
    elif failure is not None and receipts.is_the_numbers(failure.failure):
        did_not_arrive(tx, row, now)
    elif state is State.DELIVERED:
        arrived(tx, row, now)


UNREACHABLE = f"{FAILURES_IN_A_ROW} in a row did not arrive"


def did_not_arrive(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """Counts one more message to the address of `row` that did not arrive; after so many in a row it is
    unreachable."""
    kept = _kept_reach(tx, row)
    if kept is None:
        return  # a former address
    count = kept.failures + 1
    if count < FAILURES_IN_A_ROW or kept.rested_at is not None:
        _put_reach(tx, row, failures=count)
        return
    _put_reach(tx, row, failures=count, rested_at=now)
    consent.refresh(tx, [row.person])
    standing.record_event(tx, row.person, now, "unreachable", f"{row.channel}: {UNREACHABLE}")
    facts.raise_alarm(
        tx,
        _unreachable_key(row.person, row.channel),
        f"{row.person} gets nothing by {row.channel} any more: {UNREACHABLE}. Put the address in their plan "
        f"right, or try it again with: nudger resume {row.person}",
        now,
    )


def arrived(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """Begins the count anew, for the address works; one that was unreachable is used again."""
    kept = _kept_reach(tx, row)
    if kept is None or not kept.failures:
        return
    _put_reach(tx, row, failures=0, rested_at=None)
    if kept.rested_at is not None:
        consent.refresh(tx, [row.person])
        works_again(tx, [(row.person, row.channel)], now)


def try_again(tx: Transaction, person_id: str, now: datetime) -> None:
    """Uses every channel of this person again: they, or the operator, say so."""
    those = (reach.c.person == person_id, reach.c.failures > 0)
    kept = tx.connection.execute(
        select(reach.c.channel, reach.c.rested_at.is_not(None).label("was_unreachable")).where(*those)
    ).all()
    if not kept:
        return
    tx.connection.execute(update(reach).where(*those).values(failures=0, rested_at=None))
    consent.refresh(tx, [person_id])
    works_again(tx, [(person_id, row.channel) for row in kept if row.was_unreachable], now)


def works_again(tx: Transaction, which: Iterable[tuple[str, str]], now: datetime) -> None:
    """Clears the alarms of these (person, channel): nothing keeps the operator busy with them any more."""
    for person_id, channel in which:
        facts.clear_alarm(tx, _unreachable_key(person_id, channel), now)


def alarm_keys(person_id: str) -> list[str]:
    """Returns the keys of all alarms that may stand about this person."""
    return [
        standing.unanswered(person_id),
        set_aside.alarm_key(person_id),
        *(_unreachable_key(person_id, channel) for channel in ChannelName),
    ]


def _kept_reach(tx: Transaction, row: AnyRow) -> AnyRow | None:
    return tx.connection.execute(
        select(reach.c.failures, reach.c.rested_at).where(
            reach.c.person == row.person, reach.c.channel == row.channel, reach.c.address == row.address
        )
    ).one_or_none()


def _put_reach(tx: Transaction, row: AnyRow, **values: object) -> None:
    these = update(reach).where(reach.c.person == row.person, reach.c.channel == row.channel)
    tx.connection.execute(these.values(**values))


def _unreachable_key(person_id: str, channel: str) -> str:
    return f"address {person_id} {channel}"
