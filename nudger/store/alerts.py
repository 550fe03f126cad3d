"""Which alarms the operator has not been told of: each is given out once, to one daemon of a fleet."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, bindparam, false, or_, select, true, update

from nudger.delivery.alarms import Alarm
from nudger.store import readable
from nudger.store.alarms import ALARMS, as_alarm
from nudger.store.keys import among
from nudger.store.tables import alarm
from nudger.store.transaction import Transaction

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
    """See Store.claim_alerts."""
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
    return readable.made(tx, ALARMS.where(among(alarm.c.key)), alarm.c.key, as_alarm, {"ids": keys})


def give_back_alert(tx: Transaction, one: Alarm) -> None:
    """See Store.give_back_alerts. RACE: raised or cleared meanwhile: then it is told of as it stands now."""
    tx.connection.execute(
        update(alarm).where(alarm.c.key == one.key).values(told=one.cleared_at is not None, told_at=None)
    )
