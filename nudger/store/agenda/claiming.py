"""The claim: what is due is judged and taken, in one transaction, and written.

1. What is urgent, then what has come due, of people whom no other daemon has locked (`claim_due`).
2. `decide` says of each entry, with the rows just read: it goes, is dropped, comes later, or waits for its
   channel's turn (`Claimed.take`).
3. All that is written is written at once, in a handful of statements (`Claimed.write`).
4. Each channel's queue gives out what its sender lets go in this second (`_Turn`).

What is committed as `sending` is this daemon's alone, for as long as its lease holds.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, case, insert, null, select, text, update

from nudger.agenda import rate_limit
from nudger.agenda.entries import Claim, Decide, Decision, Drop, Due, Later, Send, Sending, Wait, Ways
from nudger.agenda.rate_limit import Limit, Sender
from nudger.domain.model import FROM_A_TEXT, ChannelName, Origin, Person, State
from nudger.store.schema.tables import URGENT, WAITS_FOR_TIME, message, occurrence, person
from nudger.store.sql.statements import EPOCH, OR_FAIL, Bulk, among, binds
from nudger.store.sql.transactions import Care, Transaction, made
from nudger.store.state import facts, people, senders, set_aside, silence
from nudger.store.state.entries import DUE, as_due
from nudger.store.state.senders import NO_LIMIT, Limits, Spent

_Take = Callable[["Claimed", Person, list[Due]], object]

MOST_URGENT = 100  # of one claim, beside all else

_FROM_A_TEXT = occurrence.c.origin.in_(FROM_A_TEXT)
_DUE_PEOPLE = (
    select(occurrence.c.person)
    .where(occurrence.c.wake_at <= bindparam("now"), WAITS_FOR_TIME)
    .order_by(occurrence.c.wake_at, occurrence.c.id)
    .limit(bindparam("at_most"))
)
# Before all that is due, whatever there is of it.
_URGENT_PEOPLE = (
    select(occurrence.c.person)
    .where(URGENT, occurrence.c.wake_at <= bindparam("now"))
    .order_by(occurrence.c.wake_at, occurrence.c.id)
    .limit(MOST_URGENT)
)
# The person is locked, not the entry: PostgreSQL passes over people whom another daemon has locked
# and goes on to the next due entry. In SQLite there is no other.
_FREE_PEOPLE, _FREE_URGENT = (
    some.join(person, person.c.id == occurrence.c.person).with_for_update(
        of=person, skip_locked=True, key_share=True
    )
    for some in (_DUE_PEOPLE, _URGENT_PEOPLE)
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


def has_urgent(tx: Transaction, now: datetime) -> bool:
    """See SendingStore.has_urgent."""
    return tx.connection.scalar(_URGENT_PEOPLE, {"now": now}) is not None


def claim_due(
    tx: Transaction, now: datetime, limit: int, owner: str, decide: Decide, limits: Limits, care: Care
) -> Claim:
    """See SendingStore.claim_due."""
    if not tx.database.is_sqlite:
        tx.connection.execute(_BY_INDEX)
    urgent, due = (_URGENT_PEOPLE, _DUE_PEOPLE) if tx.database.is_sqlite else (_FREE_URGENT, _FREE_PEOPLE)
    known, limited, open_ways = senders.survey(tx, limits, now)
    ways = replace(open_ways, restored=facts.restored(tx))
    claimed = Claimed(now, owner)
    # 1. Whose turn it is. From here on they are locked, and nobody else's.
    first = tx.connection.scalars(urgent, {"now": now}).all()
    met = tx.connection.scalars(due, {"now": now, "at_most": limit}).all() if limit > 0 else []
    ids = list(dict.fromkeys([*first, *met]))
    if care.careful:
        # 2. Judged and written person by person, since some of them fail.
        held = senders.held(tx, limited, limits, 0, bool(first), now)
        _take(tx, claimed, ids, care, lambda into, one, dues: into.take(one, dues, decide(one, dues, ways)))
    else:
        # 2. Judged all at once. A sender that has room for all, and nobody waiting, has no queue to join.
        found = list(_due_by_person(tx, ids, now))
        entries = sum(len(dues) for _, dues in found)
        held = senders.held(tx, limited, limits, entries, bool(first), now)
        # RACE: another daemon may have spent it since it was seen: asked once more of the locked row.
        roomy = {name for name, sender in held.items() if senders.is_roomy(tx, sender, limits, entries, now)}
        at_once = senders.without_queue(ways, roomy, limited, limits, now) if roomy else ways
        for someone, dues in found:
            claimed.take(someone, dues, decide(someone, dues, at_once))
        for channel in roomy:
            held[channel] = senders.after(held[channel], limits[channel], claimed.take_spent(channel), now)
            senders.put(tx, held[channel])
        # 3. Written, all of it in a handful of statements.
        claimed.write(tx)
    # 4. Each channel's queue; also where nothing has to wait any more: those who did are let out.
    turns = []
    for channel in ChannelName:
        rate = limits.get(channel, NO_LIMIT)
        turn = _Turn(channel, rate, ways, decide, care, held.get(channel), channel in known)
        turns.append(turn.run(tx, claimed, limit - len(claimed.sendings)))
    return claimed.claim(len(met), min((at for at in turns if at is not None), default=None))


def _take(tx: Transaction, claimed: "Claimed", ids: list[str], care: Care, take: _Take) -> None:
    """What is due of these people, taken in the parts that `care` says. Who fails has what follows from
    their own text taken all the same, as far as they can be read: a crisis answer waits for nobody."""
    for some in care.groups(ids):
        with care.over(some), claimed.part(tx) as part:
            for someone, dues in _due_by_person(tx, some, claimed.now):
                take(part, someone, dues)
        for failed in care.failed(some):
            _take_answers(tx, claimed, failed, care, take)


def _take_answers(tx: Transaction, claimed: "Claimed", person_id: str, care: Care, take: _Take) -> None:
    spoilt, answers = set_aside.salvaged(tx, person_id), _answers_due(tx, person_id, claimed.now)
    for someone in set_aside.spoken_to(spoilt) if spoilt is not None and answers else ():
        with care.over([person_id]), claimed.part(tx) as part:
            take(part, someone, answers)
            return


def _answers_due(tx: Transaction, person_id: str, now: datetime) -> list[Due]:
    given = {"person_in": [person_id], "now": now}
    return made(tx, _DUE_ENTRIES.where(_FROM_A_TEXT), occurrence.c.id, as_due, given)


def _due_by_person(tx: Transaction, ids: Sequence[str], now: datetime) -> Iterator[tuple[Person, list[Due]]]:
    """All that is due of these people, in their order. Read only now that they are locked: another daemon
    may have taken what was due of them before the lock was given."""
    if not ids:
        return
    dues: dict[str, list[Due]] = {}
    for row in tx.connection.execute(_DUE_ENTRIES, {"person_in": ids, "now": now}).all():
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
    care: Care
    held: Sender | None  # already
    known: bool  # it has a row

    def run(self, tx: Transaction, claimed: "Claimed", at_most: int) -> datetime | None:
        """Gives out what the sender lets go now.

        Returns:
            When the next turn comes; None where nobody waits any more.
        """
        now, urgent = claimed.now, claimed.take_spent(self.channel)  # which waited for no turn
        empty = senders.is_empty(tx, self.channel, now)
        if empty and (not urgent.segments or self.limit == NO_LIMIT):
            return None
        sender = self._sender(tx, urgent, now)
        if sender is None:
            return now
        if urgent.segments:
            sender = senders.after(sender, self.limit, urgent, now)
            senders.put(tx, sender)
        if empty:
            return None
        room = min(at_most, rate_limit.room(sender, self.limit, now))
        why = rate_limit.why_full(sender, self.limit, now)
        heads = {head.person: head for head in senders.heads(tx, self.channel, room, why, now)}
        spent = 0

        def take(into: Claimed, one: Person, dues: list[Due]) -> None:
            nonlocal spent
            if spent >= room > 0 and not heads[one.id].expired:
                return
            ways = self.ways if spent >= room else self._open()
            spent += into.take(one, dues, self.decide(one, dues, ways), self.channel)

        _take(tx, claimed, list(heads), self.care, take)
        claimed.write(tx)
        if spent:
            sender = senders.after(sender, self.limit, claimed.take_spent(self.channel), now)
            senders.put(tx, sender)
        if senders.is_empty(tx, self.channel, now):
            return None
        return rate_limit.opens_at(sender, self.limit, now)

    def _sender(self, tx: Transaction, urgent: Spent, now: datetime) -> Sender | None:
        """Locked; None where another daemon has it, who gives out what there is: its turn in the order of
        locks may be over. RACE: what became urgent a moment ago has to be counted all the same."""
        if self.held is not None:
            return self.held
        wait = urgent.segments or not self.known
        return (senders.lock if wait else senders.lock_free)(tx, self.channel, now)

    def _open(self) -> Ways:
        return Ways(
            {name: why for name, why in self.ways.open_circuits.items() if name is not self.channel},
            {name: why for name, why in self.ways.full.items() if name is not self.channel},
            self.ways.unanswered,
            self.ways.restored,
        )


_MILLISECOND = timedelta(milliseconds=1)

_TO_SENDING = (
    update(occurrence)
    .prefix_with(OR_FAIL, dialect="sqlite")
    .where(among(occurrence.c.id))
    .values(state=State.SENDING, wake_at=None, reason="", **binds("claimed_at", "via"))
)
_TO_DROPPED = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("id"))
    .values(wake_at=null(), **binds("state", "reason", "settled_at"))
)
_TO_LATER = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("id"))
    .values(wake_at=bindparam("due_at"), queue=null(), **binds("due_at", "reason"))
)
_TO_QUEUE = Bulk(
    update(occurrence).where(occurrence.c.id == bindparam("id")).values(binds("queue", "turn_at", "reason"))
)
_MESSAGE = (
    *("id", "occurrence", "person", "channel", "address", "text", "subject", "segments", "bank_key"),
    *("contact", "ask", "ask_until", "owner", "state", "reason", "attempted_at"),
)
_TO_HISTORY = Bulk(
    update(person)
    .where(person.c.id == bindparam("id"))
    .values(
        # Where several went at once, one that fails cannot simply be taken back.
        history_before=case((bindparam("alone", type_=Boolean), person.c.history)),
        **binds("history", "history_at"),
    )
)
_NEW_MESSAGES = Bulk(insert(message).inline(), _MESSAGE)


@dataclass(slots=True)
class Claimed:
    """What a claim is about to write."""

    now: datetime
    owner: str
    sendings: list[tuple[datetime, Sending]] = field(default_factory=list)
    spent: dict[ChannelName, Spent] = field(default_factory=dict)  # since it was last asked for
    messages: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    later: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0
    lost: list[str] = field(default_factory=list)  # whom no way is left to
    histories: list[dict[str, Any]] = field(default_factory=list)

    def take(
        self, one: Person, dues: Sequence[Due], decision: Decision, by: ChannelName | None = None
    ) -> int:
        """Notes what `decision` says of what is due of this person.

        Returns:
            The segments that go out by the channel `by`.
        """
        nudges = segments = 0
        for due, verdict in zip(dues, decision.verdicts, strict=True):
            match verdict:
                case Send():
                    self._send(one, due, verdict)
                    nudges += due.origin.is_nudge
                    segments += verdict.segments if verdict.channel is by else 0
                case Drop():
                    self.dropped.append(
                        {
                            "id": due.id,
                            "state": verdict.state,
                            "reason": verdict.reason,
                            "settled_at": self.now,
                        }
                    )
                    if verdict.state is State.FAILED and due.origin.is_nudge:
                        self.lost.append(one.id)
                case Later():
                    self.later.append({"id": due.id, "due_at": verdict.until, "reason": verdict.reason})
                # Else it stands there already.
                case Wait() if (due.queue, due.held_up) != (verdict.channel, verdict.reason):
                    self.waiting.append(
                        {
                            "id": due.id,
                            "queue": verdict.channel,
                            "turn_at": verdict.turn_at,
                            "reason": verdict.reason,
                        }
                    )
        if decision.person.history != one.history:
            history = people.history_to_json(decision.person.history)
            self.histories.append(
                {"id": one.id, "history": history, "alone": nudges == 1, "history_at": self.now}
            )
        return segments

    def _spend(self, channel: ChannelName, more: Spent) -> None:
        self.spent[channel] = self.spent.get(channel, Spent()).plus(more)

    def _send(self, one: Person, due: Due, send: Send) -> None:
        message_id = _new_message_id(self.now)
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
                "ask": send.ask,
                "ask_until": send.ask_until,
                "owner": self.owner,
                "state": State.SENDING,
                "reason": "",
                "attempted_at": self.now,
            }
        )

    @contextmanager
    def part(self, tx: Transaction) -> Iterator["Claimed"]:
        """Keeps what is taken of one person apart: written where it ends well, and else as if it had not
        been."""
        part = Claimed(self.now, self.owner)
        yield part
        part.write(tx)
        self.sendings += part.sendings
        self.left_out += part.left_out
        for channel, spent in part.spent.items():
            self._spend(channel, spent)

    def take_spent(self, channel: ChannelName) -> Spent:
        """Returns what goes out by this channel, since this was asked the last time."""
        return self.spent.pop(channel, Spent())

    def write(self, tx: Transaction) -> None:
        """Writes all that was noted: a handful of statements, however many entries."""
        by_channel: dict[str, list[int]] = {}
        for row in self.messages:
            by_channel.setdefault(row["channel"], []).append(row["occurrence"])
        for channel, ids in by_channel.items():
            tx.connection.execute(_TO_SENDING, {"id_in": ids, "via": channel, "claimed_at": self.now})
        self.left_out += len(self.dropped)
        for statement, rows in (
            (_NEW_MESSAGES, self.messages),
            (_TO_DROPPED, self.dropped),
            (_TO_LATER, self.later),
            (_TO_QUEUE, self.waiting),
            (_TO_HISTORY, self.histories),
        ):
            if rows:
                statement.run(tx.connection, rows)
                rows.clear()
        silence.lost(tx, self.lost, self.now)
        self.lost.clear()

    def claim(self, looked_at: int, again_at: datetime | None) -> Claim:
        """Returns what the claim did; what is urgent goes first, then what was due first."""
        self.sendings.sort(key=lambda pair: (not pair[1].urgent, pair[0]))
        return Claim(tuple(sending for _, sending in self.sendings), self.left_out, looked_at, again_at)


def _new_message_id(now: datetime) -> str:
    """48 bits of milliseconds in hex, so that ids ascend with time; and 80 bits of chance: it stands in
    public addresses, and must not be guessed."""
    return f"{(now - EPOCH) // _MILLISECOND:012x}{secrets.token_hex(10)}"
