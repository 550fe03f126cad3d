"""Who holds what is under way: each daemon by a lease on all that it has claimed, renewed while it lives.

What a daemon whose lease has ended left in `sending` may or may not have gone out: it becomes unknown,
and is asked about. Nobody sends it again blindly, and it itself finds out before its next call.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, literal_column, or_, select, update

from nudger.delivery.lease import HELD, LONGEST_CALL, host_of
from nudger.errors import StoreError
from nudger.model import State
from nudger.store import people
from nudger.store.care import Care
from nudger.store.endings import Ending, rows, write
from nudger.store.moments import moment
from nudger.store.tables import AnyRow, lease, message, occurrence, turn
from nudger.store.transaction import Transaction

# Far longer than any call may take: the daemon lives, and has lost it.
LOST = timedelta(minutes=10)
LEFT_BEHIND = "nudger stopped while it was being sent; whether it arrived is not known"

# Written out, not bound: SQLite takes a partial index only where it can see the value.
_SENDING = message.c.state == literal_column("'sending'")
_OWNERS = select(message.c.owner).where(_SENDING).distinct()
_LEFT_BY = select(message.c.id, message.c.person).where(_SENDING)
_LEASES = select(lease.c.owner)
_ENDED = select(lease.c.owner).where(lease.c.until <= moment()).with_for_update(skip_locked=True)
_IS_HELD = exists().where(lease.c.owner == message.c.owner, lease.c.until > moment())
_ABANDONED = select(message.c.id, message.c.person, message.c.owner).where(
    _SENDING, or_(~_IS_HELD, message.c.attempted_at < bindparam("before"))
)

# For who asks whether a message may go: the call is over before the lease is.
HOLDS = exists().where(lease.c.owner == message.c.owner, lease.c.until > moment(LONGEST_CALL))


def renew(tx: Transaction, owner: str) -> None:
    """See Store.renew."""
    others = _lives_of(host_of(owner), tx.connection.scalars(_LEASES)) - {owner}
    if others:
        raise StoreError(
            f"another nudger has started as {host_of(owner)} on the same database",
            "Give each host a name of its own, or each nudger of one host its own NUDGER_STATE_DIR.",
        )
    _hold(tx, owner)


def give_up(tx: Transaction, owner: str) -> None:
    """See Store.give_up."""
    tx.connection.execute(update(lease).where(lease.c.owner == owner).values(until=moment()))


def recover(tx: Transaction, owner: str, now: datetime, care: Care) -> int:
    """See Store.recover."""
    host = host_of(owner)
    former = _lives_of(host, tx.connection.scalars(_LEASES))
    tx.connection.execute(delete(lease).where(lease.c.owner.in_(former)))
    owners = _lives_of(host, tx.connection.scalars(_OWNERS))
    left = tx.connection.execute(_LEFT_BY.where(message.c.owner.in_(owners))).all()
    people.lock(tx, {row.person for row in left})
    count = _leave(tx, left, now, care)
    _hold(tx, owner)
    return count


def abandon(tx: Transaction, now: datetime, care: Care) -> int:
    """See Store.abandon."""
    # Locked, so that none of them renews its lease while it loses what it held. One that a daemon has
    # locked is being renewed; of one that stopped in the middle of that, the server ends the session.
    ended = tx.connection.scalars(_ENDED).all()
    left = tx.connection.execute(_ABANDONED, {"before": now - LOST}).all()
    # Who is locked may be so by the very daemon that has gone: the next look comes soon.
    free = people.lock_free(tx, {row.person for row in left})
    count = _leave(tx, [row for row in left if row.person in free], now, care)
    tx.connection.execute(delete(lease).where(lease.c.owner.in_(ended)))
    return count


def daemons(tx: Transaction) -> list[str]:
    """See Store.daemons."""
    living = select(lease.c.owner).where(lease.c.until > moment()).order_by(lease.c.owner)
    return [host_of(owner) for owner in tx.connection.scalars(living) if isinstance(owner, str)]


def take_turn(tx: Transaction, duty: str, every: timedelta) -> bool:
    """See Store.take_turn."""
    tx.connection.execute(tx.database.insert_new(turn).values(duty=duty, next_at=moment()))
    taken = tx.connection.execute(
        update(turn).where(turn.c.duty == duty, turn.c.next_at <= moment()).values(next_at=moment(every))
    )
    return bool(taken.rowcount)


def time(tx: Transaction) -> datetime:
    """See Store.time."""
    at: datetime = tx.connection.execute(select(moment())).scalar_one()
    return at


def _lives_of(host: str, owners: Iterable[str]) -> set[str]:
    return {owner for owner in owners if isinstance(owner, str) and host_of(owner) == host}


def _hold(tx: Transaction, owner: str) -> None:
    held = tx.connection.execute(update(lease).where(lease.c.owner == owner).values(until=moment(HELD)))
    if not held.rowcount:  # RACE: two threads of one daemon that was taken over, and goes on
        tx.connection.execute(tx.database.insert_new(lease).values(owner=owner, until=moment(HELD)))


def _leave(tx: Transaction, left: Sequence[AnyRow], now: datetime, care: Care) -> int:
    """Their people are locked: what has ended meanwhile is left alone."""
    messages: dict[str, list[str]] = {}
    for row in left:
        messages.setdefault(row.person, []).append(row.id)
    count = 0
    for ids in care.groups(messages):
        of_these = [one for person in ids for one in messages[person]]
        with care.over(ids):
            count += _becomes_unknown(tx, of_these, now)
        if care.failed(ids):
            with care.over(ids):
                count += _plainly_unknown(tx, of_these, now)
    return count


def _becomes_unknown(tx: Transaction, messages: Sequence[str], now: datetime) -> int:
    ends = [
        Ending(row, State.UNKNOWN, State.UNKNOWN, LEFT_BEHIND)
        for row in rows(tx, messages).values()
        if row.state == State.SENDING
    ]
    write(tx, ends, now)
    return len(ends)


def _plainly_unknown(tx: Transaction, messages: Sequence[str], now: datetime) -> int:
    """The same of what cannot be read."""
    unknown = {"state": State.UNKNOWN, "reason": LEFT_BEHIND, "settled_at": now}
    those = update(message).where(message.c.id.in_(messages), message.c.state == State.SENDING)
    entries = tx.connection.scalars(those.values(unknown).returning(message.c.occurrence)).all()
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id.in_(entries), occurrence.c.state == State.SENDING)
        .values(unknown)
    )
    return len(entries)
