"""Whether an address works: what failed in a row, and the channels that rest for a person because of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from nudger.delivery import set_aside
from nudger.delivery.statuses import FAILURES_IN_A_ROW
from nudger.model import ChannelName
from nudger.store import alarms, consent, standing
from nudger.store.tables import AnyRow, reach
from nudger.store.transaction import Transaction

RESTED = f"{FAILURES_IN_A_ROW} in a row did not arrive"


def failed(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """One more message to the address of `row` did not arrive; after so many in a row it rests."""
    kept = _kept(tx, row)
    if kept is None:
        return  # a former address
    count = kept.failures + 1
    if count < FAILURES_IN_A_ROW or kept.rested_at is not None:
        _put(tx, row, failures=count)
        return
    _put(tx, row, failures=count, rested_at=now)
    consent.refresh(tx, [row.person])
    standing.record_event(tx, row.person, now, "rests", f"{row.channel}: {RESTED}")
    alarms.raise_alarm(
        tx,
        _key(row.person, row.channel),
        f"{row.person} gets nothing by {row.channel} any more: {RESTED}. Put the address in their plan "
        f"right, or try it again with: nudger resume {row.person}",
        now,
    )


def arrived(tx: Transaction, row: AnyRow, now: datetime) -> None:
    """The address works: the count begins anew, and what rested is used again."""
    kept = _kept(tx, row)
    if kept is None or not kept.failures:
        return
    _put(tx, row, failures=0, rested_at=None)
    if kept.rested_at is not None:
        consent.refresh(tx, [row.person])
        works_again(tx, [(row.person, row.channel)], now)


def try_again(tx: Transaction, person_id: str, now: datetime) -> None:
    """The person or the operator says so: every channel of this person is used again."""
    those = (reach.c.person == person_id, reach.c.failures > 0)
    kept = tx.connection.execute(
        select(reach.c.channel, reach.c.rested_at.is_not(None).label("rested")).where(*those)
    ).all()
    if not kept:
        return
    tx.connection.execute(update(reach).where(*those).values(failures=0, rested_at=None))
    consent.refresh(tx, [person_id])
    works_again(tx, [(person_id, row.channel) for row in kept if row.rested], now)


def works_again(tx: Transaction, which: Iterable[tuple[str, str]], now: datetime) -> None:
    """(person, channel): nothing keeps the operator busy with these any more."""
    for person_id, channel in which:
        alarms.clear_alarm(tx, _key(person_id, channel), now)


def alarm_keys(person_id: str) -> list[str]:
    """The keys of all alarms that may stand about this person."""
    return [
        standing.unanswered(person_id),
        set_aside.alarm_key(person_id),
        *(_key(person_id, channel) for channel in ChannelName),
    ]


def _kept(tx: Transaction, row: AnyRow) -> AnyRow | None:
    return tx.connection.execute(
        select(reach.c.failures, reach.c.rested_at).where(
            reach.c.person == row.person, reach.c.channel == row.channel, reach.c.address == row.address
        )
    ).one_or_none()


def _put(tx: Transaction, row: AnyRow, **values: object) -> None:
    these = update(reach).where(reach.c.person == row.person, reach.c.channel == row.channel)
    tx.connection.execute(these.values(**values))


def _key(person_id: str, channel: str) -> str:
    return f"address {person_id} {channel}"
