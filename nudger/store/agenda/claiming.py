"""The claim: what is due is judged and taken, in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select, text

from nudger.agenda import rate_limit as rules
from nudger.agenda.entries import Claim, Decide, Due, Ways
from nudger.agenda.rate_limit import Limit, Sender
from nudger.domain.model import FROM_A_TEXT, ChannelName, Person
from nudger.store.agenda.claimed import Claimed, Spent, stamp
from nudger.store.schema.tables import URGENT, WAITS_FOR_TIME, occurrence, person
from nudger.store.sql.statements import among
from nudger.store.sql.transactions import Care, Transaction, made
from nudger.store.state import facts, people, rate_limit, readable_people
from nudger.store.state.entries import DUE, as_due
from nudger.store.state.rate_limit import Limits

_Take = Callable[[Claimed, Person, list[Due]], object]

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
    """See SendingStore.claim_due. First what is urgent, then what has come due: it goes, or joins the queue
    of its channel. Then the queues, each as far as its sender lets."""
    if not tx.database.is_sqlite:
        tx.connection.execute(_BY_INDEX)
    urgent, due = (_URGENT_PEOPLE, _DUE_PEOPLE) if tx.database.is_sqlite else (_FREE_URGENT, _FREE_PEOPLE)
    known = rate_limit.read(tx, now)
    limited = rate_limit.limited(known, limits)
    ways = replace(rate_limit.ways(limited, limits, now), restored=facts.restored(tx))
    first = tx.connection.scalars(urgent, {"now": now}).all()
    met = tx.connection.scalars(due, {"now": now, "at_most": limit}).all() if limit > 0 else []
    claimed = Claimed(now, owner, stamp(now))
    ids = list(dict.fromkeys([*first, *met]))
    if care.careful:
        held = _held(tx, limited, limits, 0, bool(first), now)
        _take(tx, claimed, ids, care, lambda into, one, dues: into.take(one, dues, decide(one, dues, ways)))
    else:
        found = list(_due_by_person(tx, ids, now))
        entries = sum(len(dues) for _, dues in found)
        held = _held(tx, limited, limits, entries, bool(first), now)
        # RACE: another daemon may have spent it since it was seen.
        roomy = {name for name, one in held.items() if _is_roomy(tx, one, limits, entries, now)}
        tight = {name: one for name, one in limited.items() if name not in roomy}
        at_once = replace(
            rate_limit.ways(tight, limits, now), unanswered=ways.unanswered, restored=ways.restored
        )
        for one, dues in found:
            claimed.take(one, dues, decide(one, dues, at_once))
        for channel in roomy:
            held[channel] = _after(held[channel], limits[channel], claimed.take_spent(channel), now)
            rate_limit.put(tx, held[channel])
        claimed.write(tx)
    turns = []
    for channel in ChannelName:  # also where nothing has to wait any more: those who did are let out
        rate = limits.get(channel, rate_limit.NO_LIMIT)
        turn = _Turn(channel, rate, ways, decide, care, held.get(channel), channel in known)
        turns.append(turn.run(tx, claimed, limit - len(claimed.sendings)))
    return claimed.claim(len(met), min((at for at in turns if at is not None), default=None))


def _take(tx: Transaction, claimed: Claimed, ids: list[str], care: Care, take: _Take) -> None:
    """What is due of these people, taken in the parts that `care` says. Who fails has what follows from
    their own text taken all the same, as far as they can be read: a crisis answer waits for nobody."""
    for some in care.groups(ids):
        with care.over(some), claimed.part(tx) as part:
            for one, dues in _due_by_person(tx, some, claimed.now):
                take(part, one, dues)
        for failed in care.failed(some):
            _take_answers(tx, claimed, failed, care, take)


def _take_answers(tx: Transaction, claimed: Claimed, person_id: str, care: Care, take: _Take) -> None:
    spoilt, answers = readable_people.salvaged(tx, person_id), _answers_due(tx, person_id, claimed.now)
    for one in readable_people.in_words(spoilt) if spoilt is not None and answers else ():
        with care.over([person_id]), claimed.part(tx) as part:
            take(part, one, answers)
            return


def _answers_due(tx: Transaction, person_id: str, now: datetime) -> list[Due]:
    given = {"ids": [person_id], "now": now}
    return made(tx, _DUE_ENTRIES.where(_FROM_A_TEXT), occurrence.c.id, as_due, given)


def _held(
    tx: Transaction,
    limited: Mapping[ChannelName, Sender],
    limits: Limits,
    entries: int,
    urgent: bool,
    now: datetime,
) -> dict[ChannelName, Sender]:
    """Those that are spent from without a turn, locked in the order of all: who has room for all, and, where
    something urgent is to go, everyone who counts it."""
    held = {}
    for channel, seen in sorted(limited.items()):
        if (urgent and channel in limits) or _is_roomy(tx, seen, limits, entries, now):
            held[channel] = rate_limit.lock(tx, channel, now)
    return held


def _is_roomy(tx: Transaction, sender: Sender, limits: Limits, entries: int, now: datetime) -> bool:
    """Whether it lets so many entries out in this second however long their texts are, and nobody waits
    behind it: there is no queue to join, only to count. So it is at high rates alone."""
    least = rules.LONGEST * entries
    return 0 < least <= _room(sender, limits, now) and rate_limit.is_empty(tx, sender.channel, now)


def _after(sender: Sender, limit: Limit, spent: Spent, now: datetime) -> Sender:
    return rules.taken(sender, limit, spent.segments, now, spent.answers, spent.urgent)


def _room(sender: Sender, limits: Limits, now: datetime) -> int:
    """None in one that has rested: a single message finds out whether it works again."""
    limit = limits.get(sender.channel, rate_limit.NO_LIMIT)
    return 0 if sender.rests_until is not None else rules.room(sender, limit, now)


def _due_by_person(tx: Transaction, ids: Sequence[str], now: datetime) -> Iterator[tuple[Person, list[Due]]]:
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
    care: Care
    held: Sender | None  # already
    known: bool  # it has a row

    def run(self, tx: Transaction, claimed: Claimed, at_most: int) -> datetime | None:
        """When the next turn comes; None where nobody waits any more."""
        now, urgent = claimed.now, claimed.take_spent(self.channel)  # which waited for no turn
        empty = rate_limit.is_empty(tx, self.channel, now)
        if empty and (not urgent.segments or self.limit == rate_limit.NO_LIMIT):
            return None
        sender = self._sender(tx, urgent, now)
        if sender is None:
            return now
        if urgent.segments:
            sender = _after(sender, self.limit, urgent, now)
            rate_limit.put(tx, sender)
        if empty:
            return None
        room = min(at_most, rules.room(sender, self.limit, now))
        why = rules.why_full(sender, self.limit, now)
        heads = {head.person: head for head in rate_limit.heads(tx, self.channel, room, why, now)}
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
            sender = _after(sender, self.limit, claimed.take_spent(self.channel), now)
            rate_limit.put(tx, sender)
        return None if rate_limit.is_empty(tx, self.channel, now) else rules.opens_at(sender, self.limit, now)

    def _sender(self, tx: Transaction, urgent: Spent, now: datetime) -> Sender | None:
        """Locked; None where another daemon has it, who gives out what there is: its turn in the order of
        locks may be over. RACE: what became urgent a moment ago has to be counted all the same."""
        if self.held is not None:
            return self.held
        wait = urgent.segments or not self.known
        return (rate_limit.lock if wait else rate_limit.lock_free)(tx, self.channel, now)

    def _open(self) -> Ways:
        return Ways(
            {name: why for name, why in self.ways.rests.items() if name is not self.channel},
            {name: why for name, why in self.ways.full.items() if name is not self.channel},
            self.ways.unanswered,
            self.ways.restored,
        )
