"""What a claim writes: messages in `sending`, what is dropped, put off or queued, and histories."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, case, insert, null, update

from nudger.agenda.entries import Claim, Decision, Drop, Due, Later, Send, Sending, Wait
from nudger.domain.model import ChannelName, Origin, Person, State
from nudger.store.schema.tables import message, occurrence, person
from nudger.store.sql.statements import EPOCH, OR_FAIL, Bulk, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import people

_MILLISECOND = timedelta(milliseconds=1)

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


@dataclass(frozen=True, slots=True)
class Spent:
    """Segments of one channel."""

    segments: int = 0
    answers: int = 0  # of them in answers that were not urgent
    urgent: int = 0  # and in those that were

    def plus(self, more: "Spent") -> "Spent":
        return Spent(self.segments + more.segments, self.answers + more.answers, self.urgent + more.urgent)


@dataclass(slots=True)
class Claimed:
    """What a claim is about to write."""

    now: datetime
    owner: str
    stamp: str  # of the message ids
    sendings: list[tuple[datetime, Sending]] = field(default_factory=list)
    spent: dict[ChannelName, Spent] = field(default_factory=dict)  # since it was last asked for
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

    def _spend(self, channel: ChannelName, more: Spent) -> None:
        self.spent[channel] = self.spent.get(channel, Spent()).plus(more)

    def _send(self, one: Person, due: Due, send: Send) -> None:
        message_id = new_message_id(self.stamp)
        urgent = send.segments if due.urgent else 0
        answers = send.segments - urgent if due.origin is Origin.ANSWER else 0
        self._spend(send.channel, Spent(send.segments, answers, urgent))
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
                    one.plan.voice,
                    send.segments,
                    due.attempts,
                    due.due_at,
                    one.plan.contact(send.contact),
                    due.urgent,
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
        after = people.history_to_json(one.history)
        self.histories.append({"one": one.id, "after": after, "alone": alone, "now": self.now})

    @contextmanager
    def part(self, tx: Transaction) -> Iterator["Claimed"]:
        """What is taken of one person alone: written where it ends well, and else as if it had not been."""
        part = Claimed(self.now, self.owner, self.stamp)
        yield part
        part.write(tx)
        self.sendings += part.sendings
        self.left_out += part.left_out
        for channel, spent in part.spent.items():
            self._spend(channel, spent)

    def take_spent(self, channel: ChannelName) -> Spent:
        """What goes out by this channel, since this was asked the last time."""
        return self.spent.pop(channel, Spent())

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
        self.sendings.sort(key=lambda pair: (not pair[1].urgent, pair[0]))
        return Claim(tuple(sending for _, sending in self.sendings), self.left_out, looked_at, again_at)


def stamp(now: datetime) -> str:
    """48 bits of milliseconds in hex: message ids ascend with time."""
    return f"{(now - EPOCH) // _MILLISECOND:012x}"


def new_message_id(stamped: str) -> str:
    """The time, and 80 bits of chance: it stands in public addresses and must not be guessed."""
    return stamped + secrets.token_hex(10)
