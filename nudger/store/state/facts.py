"""What all hosts of one database have in common, a row a key: facts, how far the database has come and
whether it was restored, whose turn a duty is, alarms, and counters of what happened.

An alarm is raised, cleared, listed; each that the operator has not been told of is given out once, to one
daemon of a fleet.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import uuid4

from sqlalchemy import Update, bindparam, delete, false, or_, select, true, update

from nudger.agenda.entries import Mark, Restored
from nudger.domain.effects import checked
from nudger.domain.errors import StoreReplaced
from nudger.domain.tokens import KEY_BYTES
from nudger.operations.overview import (
    Alarm,
)
from nudger.store.schema.shared import alarm, counter, fact, turn
from nudger.store.sql.database import REPLACED
from nudger.store.sql.statements import EPOCH, AnyRow, among, moment
from nudger.store.sql.transactions import Transaction, Transactions, made

INSTANCE, MARK, RESTORED = "instance", "mark", "restored"
GAP = "gap of ours ended"  # the last one that made nobody's silence
LONG_GAP = timedelta(hours=6)  # shorter ones are none
CARRIED = "carried to"  # a SQLite database that is another's state by now (opening/copies.py)
_SIGNED_OUT, _SIGNED_OUT_END = "signed out ", "signed out!"  # of these keys, and right behind them
_TURNS = 0x6D61726B  # any number: hosts of a fleet that mark at once take turns


class SqlFactStore:
    """What every host of this database has in common.

    Each verb's promise stands in `FactStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def remember(self, key: str, value: str) -> str:
        with self._in.write() as tx:
            return remember(tx, key, value)

    def keep(self, key: str, value: str) -> None:
        with self._in.write() as tx:
            put(tx, key, value)

    def take_turn(self, duty: str, every: timedelta) -> bool:
        with self._in.write() as tx:
            return take_turn(tx, duty, every)

    def time(self) -> datetime:
        with self._in.read() as tx:
            return time(tx)


def remember(tx: Transaction, key: str, value: str) -> str:
    """See FactStore.remember."""
    tx.connection.execute(tx.database.insert_new(fact), {"key": key, "value": value})
    return str(tx.connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar_one())


def get(tx: Transaction, key: str) -> str | None:
    """Returns what is kept; an empty text where it is none that can be read."""
    value: object = tx.connection.scalar(select(fact.c.value).where(fact.c.key == key))
    return value if value is None or isinstance(value, str) else ""


def put(tx: Transaction, key: str, value: str) -> None:
    """See FactStore.keep."""
    remember(tx, key, value)
    tx.connection.execute(update(fact).where(fact.c.key == key).values(value=value))


def number(tx: Transaction, key: str) -> int:
    """Reads a fact that is a number; 0 where there is none."""
    text = get(tx, key)
    return int(text) if text is not None and text.isascii() and text.isdecimal() else 0


def instant(tx: Transaction, key: str) -> datetime:
    """Reads a fact that is an instant; the first of all where there is none."""
    with suppress(ValueError):
        return datetime.fromisoformat(get(tx, key) or "")
    return EPOCH


def secret(tx: Transaction, key: str) -> bytes:
    """See UpkeepStore.secret."""
    kept = known_secret(tx, key)
    if kept is None:
        tx.take_turns(_TURNS)  # RACE: two hosts that start at once; the second keeps the first one's
        kept = known_secret(tx, key)
    if kept is None:
        kept = token_bytes(KEY_BYTES)
        put(tx, key, kept.hex())
    return kept


def known_secret(tx: Transaction, key: str) -> bytes | None:
    """Returns the secret that is kept; None where there is none, or none that can be read."""
    with suppress(ValueError):
        kept = bytes.fromhex(get(tx, key) or "")
        return kept if len(kept) == KEY_BYTES else None
    return None


def end_session(tx: Transaction, session: str, until: datetime, now: datetime) -> None:
    """See UpkeepStore.end_session."""
    put(tx, _SIGNED_OUT + session, until.isoformat(timespec="seconds"))
    over = fact.c.value < now.isoformat(timespec="seconds")
    tx.connection.execute(delete(fact).where(fact.c.key.between(_SIGNED_OUT, _SIGNED_OUT_END), over))


def session_ended(tx: Transaction, session: str) -> bool:
    """See UpkeepStore.session_ended."""
    return get(tx, _SIGNED_OUT + session) is not None


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


class SqlRestoreStore:
    """How far the database has come, and whether it was restored from a backup.

    Each verb's promise stands in `RestoreStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def mark(self, now: datetime, at_least: int = 0) -> Mark:
        with self._in.write() as tx:
            return mark(tx, now, at_least)

    def marked(self) -> Mark | None:
        with self._in.read() as tx:
            return marked(tx)

    def prove(self, known: Mark) -> None:
        with self._in.write() as tx:
            prove(tx, known)

    def restored(self) -> Restored | None:
        with self._in.read() as tx:
            return restored(tx)

    def hold_back(self, noticed: Restored) -> None:
        with self._in.write() as tx:
            hold_back(tx, noticed)

    def note_asked(self, now: datetime) -> None:
        with self._in.write() as tx:
            note_asked(tx, now)

    def accept_restored(self, now: datetime) -> bool:
        with self._in.write(wakes=True) as tx:
            return accept_restored(tx, now)

    def rescue(self, now: datetime) -> str | None:
        return self._in.database.rescue(now)


def mark(tx: Transaction, now: datetime, at_least: int) -> Mark:
    """See RestoreStore.mark."""
    tx.take_turns(_TURNS)
    instance = remember(tx, INSTANCE, uuid4().hex)
    last = marked(tx)
    if last is not None and now - last.at > LONG_GAP:
        note_gap(tx, now)  # no daemon ran, or none reached the database
    number = max(at_least, last.number if last else 0) + 1
    put(tx, MARK, f"{number} {now.isoformat()}")
    return Mark(instance, number, now)


def marked(tx: Transaction) -> Mark | None:
    """See RestoreStore.marked."""
    instance, text = get(tx, INSTANCE), get(tx, MARK)
    if instance is None or text is None:
        return None
    number, _, at = text.partition(" ")
    with suppress(ValueError):
        return Mark(instance, int(number), datetime.fromisoformat(at))
    return None  # as if it had never been marked


def prove(tx: Transaction, known: Mark) -> None:
    """See RestoreStore.prove."""
    tx.database.demand_unwritten()
    tx.connection.execute(delete(fact).where(false()))  # nothing; where nothing can be written, it fails
    found, instance = marked(tx), get(tx, INSTANCE)
    if instance == known.instance and (found is None or found.number >= known.number):
        return  # a mark that cannot be read is written anew by the next one
    other = instance != known.instance
    said = "another one is in its place" if other else "an older one is in its place"
    fault = StoreReplaced(f"the database {tx.database.name} was replaced: {said}", REPLACED, said)
    tx.database.refuse(fault)
    raise fault


def restored(tx: Transaction) -> Restored | None:
    """See RestoreStore.restored."""
    text = get(tx, RESTORED)
    if text is None:
        return None
    try:
        kept = json.loads(text)
        instants = {
            key: datetime.fromisoformat(value) for key, value in kept.items() if key != "why" and value
        }
        return Restored(**{"why": kept["why"], **instants})
    except (ValueError, TypeError, LookupError, AttributeError):
        # It says that something was restored, and not what: nothing goes out before somebody has looked.
        return Restored(EPOCH, EPOCH, EPOCH, "what is kept of a restored backup cannot be read")


def hold_back(tx: Transaction, noticed: Restored) -> None:
    """See RestoreStore.hold_back."""
    tx.take_turns(_TURNS)
    before = restored(tx)
    if before is not None:
        later = max(before.done_until, noticed.done_until)
        since = before.knows_until if before.asked_at is None else noticed.knows_until
        noticed = replace(noticed, done_until=later, knows_until=min(since, noticed.knows_until))
    _keep_restored(tx, noticed)


def note_asked(tx: Transaction, now: datetime) -> None:
    """See RestoreStore.note_asked."""
    tx.take_turns(_TURNS)
    found = restored(tx)
    if found is not None:
        _keep_restored(tx, replace(found, asked_at=now))


def accept_restored(tx: Transaction, now: datetime) -> bool:
    """See RestoreStore.accept_restored."""
    tx.take_turns(_TURNS)
    found = restored(tx)
    if found is None or found.accepted_at is not None:
        return False
    _keep_restored(tx, replace(found, accepted_at=now, done_until=max(now, found.done_until)))
    note_gap(tx, now)  # what came in meanwhile may not be known
    return True


def _keep_restored(tx: Transaction, value: Restored) -> None:
    kept = {field.name: getattr(value, field.name) for field in fields(value)}
    put(tx, RESTORED, json.dumps(kept, default=datetime.isoformat))


class SqlAlarmStore:
    """Faults that need a person, and who was told of them.

    Each verb's promise stands in `AlarmStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def raise_alarm(self, key: str, words: str, now: datetime) -> bool:
        with self._in.write() as tx:
            return raise_alarm(tx, key, words, now)

    def clear_alarm(self, key: str, now: datetime) -> bool:
        with self._in.write() as tx:
            return clear_alarm(tx, key, now)

    def alarms(self) -> Sequence[Alarm]:
        with self._in.read() as tx:
            return alarms(tx)

    def claim_alerts(self, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
        with self._in.write() as tx:
            return claim_alerts(tx, now, again, remind)

    def give_back_alerts(self, alarms_: Sequence[Alarm]) -> None:
        for alert in alarms_:
            with self._in.write() as tx:
                give_back_alert(tx, alert)


_BY_KEY = alarm.c.key == bindparam("of_key")
_STANDS = update(alarm).where(_BY_KEY, alarm.c.cleared_at.is_(None))
_AGAIN = (
    update(alarm)
    .where(_BY_KEY, alarm.c.cleared_at.is_not(None))
    .values(since=bindparam("since"), words=bindparam("words"), cleared_at=None)
)
ALARMS = select(alarm.c.key, alarm.c.since, alarm.c.words, alarm.c.cleared_at)
_COUNT = (
    update(counter)
    .where(counter.c.name == bindparam("of_name"))
    .values(value=counter.c.value + bindparam("more"))
)


def raise_alarm(tx: Transaction, key: str, words: str, now: datetime) -> bool:
    """See AlarmStore.raise_alarm."""
    new = tx.database.insert_new(alarm).returning(alarm.c.key)
    if tx.connection.scalar(new, {"key": key, "since": now, "words": words}) is not None:
        return True
    if tx.connection.execute(_AGAIN, {"of_key": key, "since": now, "words": words}).rowcount:
        return True
    tx.connection.execute(_STANDS.values(words=words), {"of_key": key})
    return False


def note_gap(tx: Transaction, now: datetime) -> None:
    """Notes that a gap of ours ends: what nobody got in it is no silence of theirs."""
    put(tx, GAP, now.isoformat())


def gap_ended_at(tx: Transaction) -> datetime | None:
    """Returns when the last gap of ours ended; None where there was none."""
    found = instant(tx, GAP)
    return None if found == EPOCH else found


def clear_alarm(tx: Transaction, key: str, now: datetime) -> bool:
    """See AlarmStore.clear_alarm."""
    return bool(tx.connection.execute(_STANDS.values(cleared_at=now), {"of_key": key}).rowcount)


def stood_since(tx: Transaction, key: str, now: datetime) -> datetime:
    """Returns since when this alarm stands, or stood last; now where it never did."""
    since: datetime | None = tx.connection.scalar(select(alarm.c.since).where(alarm.c.key == key))
    return now if since is None else since


def alarms(tx: Transaction) -> Sequence[Alarm]:
    """See AlarmStore.alarms."""
    order = (alarm.c.cleared_at.is_not(None), alarm.c.since, alarm.c.key)
    return made(tx, ALARMS.order_by(*order), alarm.c.key, as_alarm)


def as_alarm(row: AnyRow) -> Alarm:
    """Makes an alarm of a row of key, since, words and cleared_at."""
    key, since, words, cleared_at = row
    return Alarm(key, checked(since), words, None if cleared_at is None else checked(cleared_at))


def count(tx: Transaction, what: Mapping[str, int]) -> None:
    """Adds to counters. Last in a transaction, for others wait for these rows; in one order, so that no
    two wait for each other."""
    for name, more in sorted(what.items()):
        if more and not tx.connection.execute(_COUNT, {"of_name": name, "more": more}).rowcount:
            # RACE: two first counts of one name; the second finds the row of the first.
            tx.connection.execute(tx.database.insert_new(counter), {"name": name, "value": 0})
            tx.connection.execute(_COUNT, {"of_name": name, "more": more})


def counters(tx: Transaction) -> Mapping[str, int]:
    """See StatisticsStore.counters."""
    found = tx.connection.execute(select(counter).order_by(counter.c.name))
    return {row.name: row.value for row in found if isinstance(row.name, str) and isinstance(row.value, int)}


# One that is being raised or cleared right now is news the next time.
_NEWS = (
    select(alarm.c.key)
    .where(
        alarm.c.cleared_at.is_(None),
        or_(alarm.c.told_at.is_(None), alarm.c.told_at <= bindparam("told_before"), alarm.c.told == true()),
        or_(alarm.c.told == false(), alarm.c.told_at <= bindparam("reminded_before")),
    )
    .with_for_update(skip_locked=True)
)
_PASSED = (
    select(alarm.c.key)
    .where(alarm.c.cleared_at.is_not(None), alarm.c.told == true())
    .with_for_update(skip_locked=True)
)
_THESE = update(alarm).where(among(alarm.c.key))
_TELL = _THESE.values(told=True, told_at=bindparam("told_at"))
_TELL_PASSED = _THESE.values(told=False)


def claim_alerts(tx: Transaction, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
    """See AlarmStore.claim_alerts."""
    given = {"told_before": now - again, "reminded_before": now - remind}
    news = _told(tx, tx.connection.scalars(_NEWS, given).all(), _TELL, {"told_at": now})
    passed = _told(tx, tx.connection.scalars(_PASSED).all(), _TELL_PASSED, {})
    return sorted([*news, *passed], key=lambda alert: (alert.cleared_at is not None, alert.since, alert.key))


def _told(
    tx: Transaction, keys: Sequence[str], tell: Update, given: Mapping[str, datetime]
) -> Sequence[Alarm]:
    """Those of these alarms that can be read; the others are told of by nobody."""
    if not keys:
        return ()
    tx.connection.execute(tell, {"key_in": keys, **given})
    return made(tx, ALARMS.where(among(alarm.c.key)), alarm.c.key, as_alarm, {"key_in": keys})


def give_back_alert(tx: Transaction, one: Alarm) -> None:
    """See AlarmStore.give_back_alerts. RACE: raised or cleared meanwhile: then it is told of as it
    stands now."""
    tx.connection.execute(
        update(alarm).where(alarm.c.key == one.key).values(told=one.cleared_at is not None, told_at=None)
    )
