"""What an end of a message does to its row, to its entry and to the person's history: the writing of it,
whoever brings the news (the call itself, a question to the provider, a status that it posts)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, null, select, update

from nudger.agenda.entries import Receipt, SendFailure
from nudger.domain.model import ChannelName, Origin, State
from nudger.domain.reach import are_one
from nudger.store.schema.tables import message, occurrence, person
from nudger.store.sql.statements import OR_FAIL, AnyRow, Bulk, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import consent_requests, entries, people, standing

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
_MESSAGE_SENT = Bulk(
    update(message)
    .where(message.c.id == bindparam("one"))
    .values(state=bindparam("ends"), provider_id=bindparam("theirs"), settled_at=bindparam("now"))
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
    .values(state=bindparam("ends"), wake_at=null(), reason=bindparam("why"), settled_at=bindparam("now"))
)
_ENTRY_AGAIN = (
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(
        state=State.PLANNED,
        wake_at=bindparam("at"),
        queue=null(),
        reason=bindparam("why"),
        refused=bindparam("without"),
        attempts=occurrence.c.attempts + 1,
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


def rows(tx: Transaction, messages: Collection[str]) -> dict[str, AnyRow]:
    """These messages, each with its entry, by id."""
    if not messages:
        return {}
    return {row.id: row for row in tx.connection.execute(_MESSAGES, {"ids": list(messages)}).all()}


def sent(tx: Transaction, receipts: Mapping[str, Receipt], now: datetime) -> set[str]:
    """Writes that these messages, by id, were accepted, where that is all there is to say: as nearly
    always. Returns which they were; the others are for `write`."""
    found = tx.connection.execute(_SENDING, {"ids": list(receipts)}).all() if receipts else ()
    if not found:
        return set()
    tx.connection.execute(_ENTRIES_SENT, {"ids": [entry for _, entry in found], "now": now})
    _MESSAGE_SENT.run(
        tx.connection,
        [
            {"one": one, "ends": State.SENT, "theirs": receipts[one].provider_id, "now": now}
            for one, _ in found
        ],
    )
    return {one for one, _ in found}


def write(tx: Transaction, ends: Sequence[Ending], now: datetime) -> None:
    """Four statements at most, however many ends."""
    sent = [end.row.occurrence for end in ends if _is_simply_sent(end)]
    if sent:
        tx.connection.execute(_ENTRIES_SENT, {"ids": sent, "now": now})
    again = [_entry_again(end) for end in ends if end.entry is State.PLANNED]
    if again:
        tx.connection.execute(_ENTRY_AGAIN, again)
    others = [end for end in ends if end.entry not in (State.PLANNED, None) and not _is_simply_sent(end)]
    _ENTRY_ENDS.run(tx.connection, [_entry_end(end, now) for end in others])
    _MESSAGE_ENDS.run(tx.connection, [_message_end(end, now) for end in ends])
    consent_requests.ended(tx, [_welcomed(end) for end in ends if _is_news_of_asking(end)], now)


def take_back(tx: Transaction, rows: Iterable[AnyRow]) -> None:
    """These certainly did not go out: the histories forget them, so that no limit and no gap counts
    them, and the next try finds the words that it would have found."""
    nudges = [row for row in rows if Origin(row.origin).is_nudge]
    # The latest first: what stood before it is put back whole, an earlier one is only counted out.
    for row in sorted(nudges, key=lambda row: row.attempted_at, reverse=True):
        if row.outcome is not None and entries.last(tx, row) > row.round:
            continue  # put off meanwhile: counted out already
        kept = tx.connection.execute(_HISTORY, {"one": row.person}).one()
        if kept.history_at == row.attempted_at and kept.history_before is not None:
            people.put_history(tx, row.person, people.history_from_json(row.person, kept.history_before))
        elif row.origin != Origin.ON_DEMAND:
            people.count_out(tx, row.person, row.attempted_at)


def opt_out(tx: Transaction, row: AnyRow, failure: SendFailure, now: datetime) -> None:
    """The provider knows of a STOP that we do not. Whoever trusts a contact who says so is locked."""
    if row.origin == Origin.NOTICE:
        standing.say(tx, row.address, True, now)
        return
    one, channel = people.read(tx, [row.person])[row.person], ChannelName(row.channel)
    if are_one(one.plan.address(channel), row.address):  # else it is a former number that has opted out
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
        "one": end.row.id,
        "ends": end.message,
        "why": end.reason,
        "said": end.code,
        "theirs": end.provider_id,
        "now": now,
    }


def _entry_again(end: Ending) -> dict[str, Any]:
    return {"entry": end.row.occurrence, "why": end.reason, "at": end.again_at, "without": end.refused}


def _entry_end(end: Ending, now: datetime) -> dict[str, Any]:
    return {"entry": end.row.occurrence, "ends": end.entry, "why": end.reason, "now": now}
