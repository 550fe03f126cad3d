"""The claim: what is due is judged and taken, in one transaction."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, case, insert, null, select, text, update

from nudger.delivery import senders as delivery
from nudger.delivery.agenda import Claim, Decide, Decision, Drop, Due, Later, Send, Sending, Wait
from nudger.delivery.senders import Limit
from nudger.delivery.ways import Ways
from nudger.model import ChannelName, Person, State
from nudger.store import codec, people, queues, senders
from nudger.store.bulk import Bulk
from nudger.store.entries import DUE, as_due
from nudger.store.keys import among
from nudger.store.senders import Limits
from nudger.store.tables import EPOCH, OR_FAIL, WAITS_FOR_TIME, message, occurrence, person
from nudger.store.transaction import Transaction

_MILLISECOND = timedelta(milliseconds=1)

_DUE_PEOPLE = (
    select(occurrence.c.person)
    .where(occurrence.c.wake_at <= bindparam("now"), WAITS_FOR_TIME)
    .order_by(occurrence.c.wake_at, occurrence.c.id)
    .limit(bindparam("at_most"))
)
# The person is locked, not the entry: PostgreSQL passes over people whom another daemon has locked
# and goes on to the next due entry. In SQLite there is no other.
_FREE_PEOPLE = _DUE_PEOPLE.join(person, person.c.id == occurrence.c.person).with_for_update(
    of=person, skip_locked=True, key_share=True
)
_DUE_ENTRIES = (
    select(*DUE)
    .where(
        among(occurrence.c.person),
        occurrence.c.wake_at <= bindparam("now"),
    )
    .order_by(occurrence.c.wake_at, occurrence.c.id)
)
# PostgreSQL's statistics lag behind a queue: it would read the whole table for what it takes for a
# tenth of it, and is five hundred entries.
_BY_INDEX = text("SET LOCAL enable_seqscan = off")
_TO_SENDING = (
    update(occurrence)
    .prefix_with(OR_FAIL, dialect="sqlite")
    .where(among(occurrence.c.id))
    .values(state=State.SENDING, wake_at=None, reason="", claimed_at=bindparam("now"), via=bindparam("by"))
)
_TO_DROPPED = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(state=bindparam("ends"), wake_at=null(), reason=bindparam("why"), settled_at=bindparam("now"))
)
_TO_LATER = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(due_at=bindparam("until"), wake_at=bindparam("until"), queue=null(), reason=bindparam("why"))
)
_TO_QUEUE = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("entry"))
    .values(queue=bindparam("by"), turn_at=bindparam("turn"), reason=bindparam("why"))
)
_MESSAGE = (
    "id",
    "occurrence",
    "person",
    "channel",
    "address",
    "text",
    "subject",
    "segments",
    "bank_key",
    "contact",
    "owner",
    "state",
    "reason",
    "attempted_at",
)
_TO_HISTORY = Bulk(
    update(person)
    .where(person.c.id == bindparam("one"))
    .values(
        # Where several went at once, one that fails cannot simply be taken back.
        history_before=case((bindparam("alone", type_=Boolean), person.c.history)),
        history=bindparam("after"),
        history_at=bindparam("now"),
    )
)
_NEW_MESSAGES = Bulk(insert(message).inline(), _MESSAGE)


def claim_due(
    tx: Transaction, now: datetime, limit: int, owner: str, decide: Decide, limits: Limits
) -> Claim:
    """See Store.claim_due. First what has come due: it goes, or joins the queue of its channel. Then the
    queues, each as far as its sender lets."""
    if not tx.database.is_sqlite:
        tx.connection.execute(_BY_INDEX)
    due = _DUE_PEOPLE if tx.database.is_sqlite else _FREE_PEOPLE
    limited = senders.limited(senders.read(tx, now), limits)
    ways = senders.ways(limited, limits, now)
    met = tx.connection.scalars(due, {"now": now, "at_most": limit}).all()
    claimed = _Claimed(now, owner, stamp(now))
    for one, dues in _due_by_person(tx, list(dict.fromkeys(met)), now):
        claimed.take(one, dues, decide(one, dues, ways))
    claimed.write(tx)
    turns = []
    for channel in ChannelName:  # also where nothing has to wait any more: those who did are let out
        turn = _Turn(channel, limits.get(channel, senders.NO_LIMIT), ways, decide)
        turns.append(turn.run(tx, claimed, limit - len(claimed.sendings)))
    return claimed.claim(len(met), min((at for at in turns if at is not None), default=None))


def _due_by_person(tx: Transaction, ids: list[str], now: datetime) -> Iterator[tuple[Person, list[Due]]]:
    """All that is due of these people, in their order. Read only now that they are locked: another daemon
    may have taken what was due of them before the lock was given."""
    if not ids:
        return
    dues: dict[str, list[Due]] = {}
    for row in tx.connection.execute(_DUE_ENTRIES, {"ids": ids, "now": now}).all():
        dues.setdefault(row[1], []).append(as_due(row))
    found = people.read(tx, list(dues))
    for person_id in ids:
        if person_id in found:
            yield found[person_id], dues[person_id]


@dataclass(frozen=True, slots=True)
class _Turn:
    """One channel's queue, and what its sender lets out of it in this second."""

    channel: ChannelName
    limit: Limit
    ways: Ways
    decide: Decide

    def run(self, tx: Transaction, claimed: "_Claimed", at_most: int) -> datetime | None:
        """When the next turn comes; None where nobody waits any more."""
        now = claimed.now
        if queues.is_empty(tx, self.channel, now):
            return None
        sender = senders.lock(tx, self.channel, now)
        room = min(at_most, delivery.room(sender, self.limit, now))
        why = delivery.why_full(sender, self.limit, now)
        heads = {head.person: head for head in queues.heads(tx, self.channel, room, why, now)}
        spent = 0
        for one, dues in _due_by_person(tx, list(heads), now):
            if spent >= room > 0 and not heads[one.id].expired:
                break
            ways = self.ways if spent >= room else self._open()
            spent += claimed.take(one, dues, self.decide(one, dues, ways), self.channel)
        claimed.write(tx)
        if spent:
            sender = delivery.taken(sender, self.limit, spent, now)
            senders.put(tx, sender)
        return None if queues.is_empty(tx, self.channel, now) else delivery.opens_at(sender, self.limit, now)

    def _open(self) -> Ways:
        return Ways(
            {name: why for name, why in self.ways.rests.items() if name is not self.channel},
            {name: why for name, why in self.ways.full.items() if name is not self.channel},
        )


@dataclass(slots=True)
class _Claimed:
    """What a claim is about to write."""

    now: datetime
    owner: str
    stamp: str  # of the message ids
    sendings: list[tuple[datetime, Sending]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    later: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0
    histories: list[dict[str, Any]] = field(default_factory=list)

    def take(
        self, one: Person, dues: Sequence[Due], decision: Decision, by: ChannelName | None = None
    ) -> int:
        """Returns the segments that go out by this channel."""
        nudges = segments = 0
        for due, verdict in zip(dues, decision.verdicts, strict=True):
            match verdict:
                case Send():
                    self._send(one, due, verdict)
                    nudges += due.origin.is_nudge
                    segments += verdict.segments if verdict.channel is by else 0
                case Drop():
                    self.dropped.append(
                        {"entry": due.id, "ends": verdict.state, "why": verdict.reason, "now": self.now}
                    )
                case Later():
                    self.later.append({"entry": due.id, "until": verdict.until, "why": verdict.reason})
                case Wait():
                    self._wait(due, verdict)
        if decision.person.history != one.history:
            self._remember(decision.person, alone=nudges == 1)
        return segments

    def _wait(self, due: Due, wait: Wait) -> None:
        if (due.queue, due.held_up) != (wait.channel, wait.reason):  # else it stands there already
            self.waiting.append(
                {"entry": due.id, "by": wait.channel, "turn": wait.turn_at, "why": wait.reason}
            )

    def _send(self, one: Person, due: Due, send: Send) -> None:
        message_id = new_message_id(self.stamp)
        self.sendings.append(
            (
                due.due_at,
                Sending(
                    message_id,
                    due.id,
                    one.id,
                    send.channel,
                    send.address,
                    send.text,
                    send.subject,
                    send.valid_for,
                    due.origin,
                    one.plan.language,
                    send.segments,
                    due.attempts,
                    due.due_at,
                    one.plan.contact(send.contact),
                ),
            )
        )
        self.messages.append(
            {
                "id": message_id,
                "occurrence": due.id,
                "person": one.id,
                "channel": send.channel,
                "address": send.address,
                "text": send.text,
                "subject": send.subject,
                "segments": send.segments,
                "bank_key": send.bank_key,
                "contact": send.contact,
                "owner": self.owner,
                "state": State.SENDING,
                "reason": "",
                "attempted_at": self.now,
            }
        )

    def _remember(self, one: Person, *, alone: bool) -> None:
        after = codec.history_to_json(one.history)
        self.histories.append({"one": one.id, "after": after, "alone": alone, "now": self.now})

    def write(self, tx: Transaction) -> None:
        """A handful of statements, however many entries."""
        by_channel: dict[str, list[int]] = {}
        for row in self.messages:
            by_channel.setdefault(row["channel"], []).append(row["occurrence"])
        for channel, ids in by_channel.items():
            tx.connection.execute(_TO_SENDING, {"ids": ids, "by": channel, "now": self.now})
        _NEW_MESSAGES.run(tx.connection, self.messages)
        _TO_DROPPED.run(tx.connection, self.dropped)
        _TO_LATER.run(tx.connection, self.later)
        _TO_QUEUE.run(tx.connection, self.waiting)
        _TO_HISTORY.run(tx.connection, self.histories)
        self.left_out += len(self.dropped)
        for written in (self.messages, self.dropped, self.later, self.waiting, self.histories):
            written.clear()

    def claim(self, looked_at: int, again_at: datetime | None) -> Claim:
        self.sendings.sort(key=lambda pair: pair[0])
        return Claim(tuple(sending for _, sending in self.sendings), self.left_out, looked_at, again_at)


def stamp(now: datetime) -> str:
    """48 bits of milliseconds in hex: message ids ascend with time."""
    return f"{(now - EPOCH) // _MILLISECOND:012x}"


def new_message_id(stamped: str) -> str:
    """The time, and 80 bits of chance: it stands in public addresses and must not be guessed."""
    return stamped + secrets.token_hex(10)
