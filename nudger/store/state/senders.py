"""Senders as rows: read by a claim, locked while it spends, and changed by how messages end; and the queue of
what waits for a channel's turn: the nearest end of its time first, and answers before all nudges."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Select, bindparam, literal_column, or_, select, update

from nudger.agenda import rate_limit
from nudger.agenda.entries import SendFailure, Ways
from nudger.agenda.rate_limit import Limit, Sender
from nudger.domain.model import ChannelName
from nudger.store.schema.shared import sender
from nudger.store.schema.tables import occurrence, person
from nudger.store.sql.statements import AnyRow
from nudger.store.sql.transactions import Transaction, made, suppress_theirs
from nudger.store.state import facts

Limits = Mapping[ChannelName, Limit]
NO_LIMIT = Limit()

_COLUMNS = (
    sender.c.channel,
    sender.c.bucket,
    sender.c.filled_at,
    sender.c.day,
    sender.c.day_segments,
    sender.c.day_answers,
    sender.c.day_urgent,
    sender.c.rate,
    sender.c.slowed_at,
    sender.c.failures,
    sender.c.rests_until,
    sender.c.probe_until,
    sender.c.reason,
    sender.c.hour,
)
_ALL = select(*_COLUMNS).order_by(sender.c.channel)
_ONE = _ALL.where(sender.c.channel == bindparam("channel"))
_LOCKED, _FREE = _ONE.with_for_update(), _ONE.with_for_update(skip_locked=True)
_CHANGE = update(sender).where(sender.c.channel == bindparam("of_channel"))


def read(tx: Transaction, now: datetime) -> dict[ChannelName, Sender]:
    """Reads the senders that anything is known of."""
    found = made(tx, _ALL, sender.c.channel, _as_sender)
    return {sender.channel: rate_limit.set_right(sender, now) for sender in found}


def _as_sender(row: AnyRow) -> Sender:
    return Sender(ChannelName(row[0]), *row[1:])


def survey(
    tx: Transaction, limits: Limits, now: datetime
) -> tuple[Mapping[ChannelName, Sender], Mapping[ChannelName, Sender], Ways]:
    """Looks at all senders, for a claim.

    Returns:
        Those that anything is known of; those where what goes out has to wait for its turn; and what a
        claim may use
        of them.
    """
    known = read(tx, now)
    every = {name: known.get(name, Sender(name)) for name in ChannelName}
    limited = {
        name: sender
        for name, sender in every.items()
        if rate_limit.is_limited(sender, limits.get(name, NO_LIMIT))
    }
    return known, limited, _ways(limited, limits, now)


def without_queue(
    ways: Ways,
    roomy: Collection[ChannelName],
    limited: Mapping[ChannelName, Sender],
    limits: Limits,
    now: datetime,
) -> Ways:
    """Opens the ways that have room for all there is."""
    tight = {name: sender for name, sender in limited.items() if name not in roomy}
    return replace(_ways(tight, limits, now), unanswered=ways.unanswered, restored=ways.restored)


def _ways(those: Mapping[ChannelName, Sender], limits: Limits, now: datetime) -> Ways:
    """All of these as full: their turn comes from the queue. An open circuit leads to the next one."""
    why = {
        name: rate_limit.why_full(sender, limits.get(name, NO_LIMIT), now) for name, sender in those.items()
    }
    open_circuits = {name: why[name] for name, sender in those.items() if rate_limit.is_open(sender, now)}
    full = {name: words for name, words in why.items() if name not in open_circuits}
    return Ways(open_circuits, full, _unanswered(those, limits, now))


def _unanswered(those: Mapping[ChannelName, Sender], limits: Limits, now: datetime) -> dict[ChannelName, str]:
    """Those of which answers have had their share today."""
    spent = (
        name
        for name, sender in those.items()
        if rate_limit.answers_wait(sender, limits.get(name, NO_LIMIT), now)
    )
    return dict.fromkeys(spent, rate_limit.TOO_MANY_ANSWERS)


def lock(tx: Transaction, channel: ChannelName, now: datetime) -> Sender:
    """Locks the sender as it stands, nobody else's to change until the transaction ends. Of several the first
    by name is locked first."""
    tx.connection.execute(
        tx.database.insert_new(sender), {"channel": channel, "day_segments": 0, "failures": 0, "reason": ""}
    )
    with suppress_theirs():
        return rate_limit.set_right(
            _as_sender(tx.connection.execute(_LOCKED, {"channel": channel}).one()), now
        )
    return Sender(channel)  # one that cannot be read begins anew, and is written over


def lock_free(tx: Transaction, channel: ChannelName, now: datetime) -> Sender | None:
    """Locks one that has a row already, out of turn: None where another transaction has it."""
    row = tx.connection.execute(_FREE, {"channel": channel}).one_or_none()
    return None if row is None else rate_limit.set_right(Sender(channel, *row[1:]), now)


def put(tx: Transaction, one: Sender) -> None:
    """Writes a sender, which is locked."""
    tx.connection.execute(_CHANGE.values(**_values(one)), {"of_channel": one.channel})


def ended(tx: Transaction, ends: Iterable[tuple[ChannelName, SendFailure | None]], now: datetime) -> None:
    """Brings senders up to what became of messages, in the order of `ends`; the operator hears of one
    that opens its circuit, and of one that works again."""
    by_channel: dict[ChannelName, list[SendFailure | None]] = {}
    for channel, failure in ends:
        by_channel.setdefault(channel, []).append(failure)
    found = read(tx, now)
    for channel, failures in sorted(by_channel.items()):
        one = found.get(channel, Sender(channel))
        if _after(one, failures, now) == one:
            continue  # as nearly always: nothing to lock, nothing to write
        before = lock(tx, channel, now)
        after = _after(before, failures, now)
        if after != before:
            put(tx, after)
            _tell(tx, before, after, now)


def _after(one: Sender, failures: Iterable[SendFailure | None], now: datetime) -> Sender:
    for failure in failures:
        one = rate_limit.ended(one, failure, now)
    return one


def _tell(tx: Transaction, before: Sender, after: Sender, now: datetime) -> None:
    key = f"sender {after.channel}"
    if rate_limit.is_broken(after):
        words = f"the circuit of {after.channel} is open: {after.reason}. It is tried again every few "
        words += (
            "minutes; what waits goes by the next channel, or is missed when it expires. See: nudger doctor"
        )
        facts.raise_alarm(tx, key, words, now)
    elif rate_limit.is_broken(before):
        stood = now - facts.stood_since(tx, key, now)
        facts.clear_alarm(tx, key, now)
        if stood > facts.LONG_GAP:
            facts.note_gap(tx, now)


def _values(one: Sender) -> dict[str, object]:
    columns = {"open_until": "rests_until"}
    return {columns.get(name, name): value for name, value in asdict(one).items() if name != "channel"}


PATIENCE = 50  # heads that are looked at besides those that there is room for: some may have expired

_WAITING = (occurrence.c.queue == bindparam("queue")) & (occurrence.c.wake_at <= bindparam("now"))
_HEADS = (
    # Not `turn_at` itself: one that is no date would spoil the turn of all.
    select(occurrence.c.person, (occurrence.c.turn_at < bindparam("now")).label("expired"))
    .where(_WAITING)
    .order_by(occurrence.c.turn_at, occurrence.c.id)
    .limit(bindparam("at_most"))
)
# Nothing may go: only what has expired is looked at, and what does not know yet why it waits (of a
# channel whose circuit is open now, and may go by the next one).
_STALE = _HEADS.where(
    or_(occurrence.c.turn_at < bindparam("now"), occurrence.c.reason != bindparam("reason"))
)
_ANY: Select[tuple[int]] = select(literal_column("1")).where(_WAITING).limit(1)


@dataclass(frozen=True, slots=True)
class Head:
    """Someone whose turn it is."""

    person: str
    expired: bool


def heads(tx: Transaction, channel: ChannelName, room: int, why: str, now: datetime) -> list[Head]:
    """Locks the next people whose turn comes, each once; people whom another daemon has locked are passed
    over. Without `room` those who may have to leave the queue; `why` is its reason."""
    statement = _HEADS if room > 0 else _STALE
    if not tx.database.is_sqlite:
        statement = statement.join(person, person.c.id == occurrence.c.person).with_for_update(
            of=person, skip_locked=True, key_share=True
        )
    values = {"queue": channel, "now": now, "at_most": max(room, 0) + PATIENCE}
    rows = tx.connection.execute(statement, values if room > 0 else values | {"reason": why})
    found: dict[str, Head] = {}
    for row in rows:
        found.setdefault(row.person, Head(row.person, bool(row.expired)))
    return list(found.values())


def is_empty(tx: Transaction, channel: ChannelName, now: datetime) -> bool:
    """Tells whether nobody waits in this channel's queue."""
    return tx.connection.scalar(_ANY, {"queue": channel, "now": now}) is None


@dataclass(frozen=True, slots=True)
class Spent:
    """Segments of one channel."""

    segments: int = 0
    answers: int = 0  # of them in answers that were not urgent
    urgent: int = 0  # and in those that were

    def plus(self, more: "Spent") -> "Spent":
        """Adds them up."""
        return Spent(self.segments + more.segments, self.answers + more.answers, self.urgent + more.urgent)


def held(
    tx: Transaction,
    limited: Mapping[ChannelName, Sender],
    limits: Limits,
    entries: int,
    urgent: bool,
    now: datetime,
) -> dict[ChannelName, Sender]:
    """Locks, in the order of all, those that are spent from without a turn: who has room for all, and, where
    something urgent is to go, everyone who counts it."""
    held = {}
    for channel, seen in sorted(limited.items()):
        if (urgent and channel in limits) or is_roomy(tx, seen, limits, entries, now):
            held[channel] = lock(tx, channel, now)
    return held


def is_roomy(tx: Transaction, sender: Sender, limits: Limits, entries: int, now: datetime) -> bool:
    """Tells whether it lets so many entries out in this second however long their texts are, and nobody waits
    behind it: there is no queue to join, only to count. So it is at high rates alone."""
    least = rate_limit.LONGEST * entries
    return 0 < least <= _room(sender, limits, now) and is_empty(tx, sender.channel, now)


def after(sender: Sender, limit: Limit, spent: Spent, now: datetime) -> Sender:
    """Returns the sender when this was spent."""
    return rate_limit.taken(sender, limit, spent.segments, now, spent.answers, spent.urgent)


def _room(sender: Sender, limits: Limits, now: datetime) -> int:
    """None in one whose circuit was open: a single message finds out whether it works again."""
    limit = limits.get(sender.channel, NO_LIMIT)
    return 0 if sender.open_until is not None else rate_limit.room(sender, limit, now)
