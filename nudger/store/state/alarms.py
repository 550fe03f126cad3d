"""Alarms: raised, cleared, listed; each that the operator has not been told of given out once, to one
daemon of a fleet; and counters of what happened. One row a key."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, bindparam, false, or_, select, true, update

from nudger.domain.reach import checked
from nudger.operations.overview import Alarm
from nudger.store.schema.tables import alarm, counter
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, made

_BY_KEY = alarm.c.key == bindparam("one")
_STANDS = update(alarm).where(_BY_KEY, alarm.c.cleared_at.is_(None))
_AGAIN = (
    update(alarm)
    .where(_BY_KEY, alarm.c.cleared_at.is_not(None))
    .values(since=bindparam("now"), words=bindparam("said"), cleared_at=None)
)
ALARMS = select(alarm.c.key, alarm.c.since, alarm.c.words, alarm.c.cleared_at)
_COUNT = (
    update(counter)
    .where(counter.c.name == bindparam("one"))
    .values(value=counter.c.value + bindparam("more"))
)


def raise_alarm(tx: Transaction, key: str, words: str, now: datetime) -> bool:
    """See AlarmStore.raise_alarm."""
    new = tx.database.insert_new(alarm).returning(alarm.c.key)
    if tx.connection.scalar(new, {"key": key, "since": now, "words": words}) is not None:
        return True
    if tx.connection.execute(_AGAIN, {"one": key, "now": now, "said": words}).rowcount:
        return True
    tx.connection.execute(_STANDS.values(words=bindparam("said")), {"one": key, "said": words})
    return False


def clear_alarm(tx: Transaction, key: str, now: datetime) -> bool:
    """See AlarmStore.clear_alarm."""
    cleared = _STANDS.values(cleared_at=bindparam("now"))
    return bool(tx.connection.execute(cleared, {"one": key, "now": now}).rowcount)


def alarms(tx: Transaction) -> Sequence[Alarm]:
    """See AlarmStore.alarms."""
    order = (alarm.c.cleared_at.is_not(None), alarm.c.since, alarm.c.key)
    return made(tx, ALARMS.order_by(*order), alarm.c.key, as_alarm)


def as_alarm(row: AnyRow) -> Alarm:
    """A row of key, since, words and cleared_at."""
    key, since, words, cleared_at = row
    return Alarm(key, checked(since), words, None if cleared_at is None else checked(cleared_at))


def count(tx: Transaction, what: Mapping[str, int]) -> None:
    """Adds to counters. Last in a transaction, for others wait for these rows; in one order, so that no
    two wait for each other."""
    for name, more in sorted(what.items()):
        if more and not tx.connection.execute(_COUNT, {"one": name, "more": more}).rowcount:
            # RACE: two first counts of one name; the second finds the row of the first.
            tx.connection.execute(tx.database.insert_new(counter), {"name": name, "value": 0})
            tx.connection.execute(_COUNT, {"one": name, "more": more})


def counters(tx: Transaction) -> Mapping[str, int]:
    """See StatisticsStore.counters."""
    found = tx.connection.execute(select(counter).order_by(counter.c.name))
    return {row.name: row.value for row in found if isinstance(row.name, str) and isinstance(row.value, int)}


# One that is being raised or cleared right now is news the next time.
_NEWS = (
    select(alarm.c.key)
    .where(
        alarm.c.cleared_at.is_(None),
        or_(alarm.c.told_at.is_(None), alarm.c.told_at <= bindparam("again"), alarm.c.told == true()),
        or_(alarm.c.told == false(), alarm.c.told_at <= bindparam("reminded")),
    )
    .with_for_update(skip_locked=True)
)
_PASSED = (
    select(alarm.c.key)
    .where(alarm.c.cleared_at.is_not(None), alarm.c.told == true())
    .with_for_update(skip_locked=True)
)
_THESE = update(alarm).where(among(alarm.c.key))
_TELL = _THESE.values(told=True, told_at=bindparam("now"))
_TELL_PASSED = _THESE.values(told=False)


def claim_alerts(tx: Transaction, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
    """See AlarmStore.claim_alerts."""
    given = {"again": now - again, "reminded": now - remind}
    news = _told(tx, tx.connection.scalars(_NEWS, given).all(), _TELL, {"now": now})
    passed = _told(tx, tx.connection.scalars(_PASSED).all(), _TELL_PASSED, {})
    return sorted([*news, *passed], key=lambda one: (one.cleared_at is not None, one.since, one.key))


def _told(
    tx: Transaction, keys: Sequence[str], tell: Update, given: Mapping[str, datetime]
) -> Sequence[Alarm]:
    """Those of these alarms that can be read; the others are told of by nobody."""
    if not keys:
        return ()
    tx.connection.execute(tell, {"ids": keys, **given})
    return made(tx, ALARMS.where(among(alarm.c.key)), alarm.c.key, as_alarm, {"ids": keys})


def give_back_alert(tx: Transaction, one: Alarm) -> None:
    """See AlarmStore.give_back_alerts. RACE: raised or cleared meanwhile: then it is told of as it
    stands now."""
    tx.connection.execute(
        update(alarm).where(alarm.c.key == one.key).values(told=one.cleared_at is not None, told_at=None)
    )
