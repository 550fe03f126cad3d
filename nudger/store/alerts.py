"""Which alarms the operator has not been told of: each is given out once, to one daemon of a fleet."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, false, or_, true, update

from nudger.delivery.alarms import Alarm
from nudger.store.tables import alarm
from nudger.store.transaction import Transaction

_ALARM = (alarm.c.key, alarm.c.since, alarm.c.words, alarm.c.cleared_at)
_NEWS = (
    update(alarm)
    .where(
        alarm.c.cleared_at.is_(None),
        or_(alarm.c.told_at.is_(None), alarm.c.told_at <= bindparam("again"), alarm.c.told == true()),
        or_(alarm.c.told == false(), alarm.c.told_at <= bindparam("reminded")),
    )
    .values(told=True, told_at=bindparam("now"))
    .returning(*_ALARM)
)
_PASSED = (
    update(alarm)
    .where(alarm.c.cleared_at.is_not(None), alarm.c.told == true())
    .values(told=False)
    .returning(*_ALARM)
)


def claim_alerts(tx: Transaction, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
    """See Store.claim_alerts."""
    given = {"now": now, "again": now - again, "reminded": now - remind}
    news = [Alarm(*row) for row in tx.connection.execute(_NEWS, given)]
    passed = [Alarm(*row) for row in tx.connection.execute(_PASSED)]
    return sorted(news + passed, key=lambda one: (one.cleared_at is not None, one.since, one.key))


def give_back_alerts(tx: Transaction, alarms: Iterable[Alarm]) -> None:
    """See Store.give_back_alerts."""
    for one in alarms:
        # RACE: raised or cleared meanwhile: then it is told of as it stands now.
        tx.connection.execute(
            update(alarm).where(alarm.c.key == one.key).values(told=one.cleared_at is not None, told_at=None)
        )
