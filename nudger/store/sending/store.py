"""The verbs of `sending.port` on the database: who holds what is under way, and whether it may still go.

Each daemon holds by a lease all that it has claimed, renewed while it lives. What a daemon whose lease has
ended left in `sending` may or may not have gone out: it becomes unknown, and is asked about. Nobody sends it
again blindly, and it itself finds out before its next call.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, literal_column, or_, select, update

from nudger.agenda.entries import Claim, Decide, Report, Result, Sending
from nudger.agenda.rate_limit import Limit
from nudger.agenda.set_aside import TRY_AGAIN, Step
from nudger.domain.errors import StoreError
from nudger.domain.model import FROM_A_TEXT, ChannelName, State
from nudger.sending.lease import HELD, LONGEST_CALL, host_of
from nudger.sending.port import NO_LIMITS, Doubt, Judge, Listed, Reconciled
from nudger.store.agenda import claiming
from nudger.store.schema.shared import lease
from nudger.store.schema.tables import message, occurrence, person, reach
from nudger.store.sending import endings, reports
from nudger.store.sending.endings import ANSWERED, Ending, rows, take_back, write
from nudger.store.sql.statements import AnyRow, among, moment
from nudger.store.sql.transactions import Care, Transaction, Transactions
from nudger.store.state import entries, people, standing

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
    _SENDING, or_(~_IS_HELD, message.c.attempted_at < bindparam("attempted_before"))
)
# For who asks whether a message may go: the call is over before the lease is.
HOLDS = exists().where(lease.c.owner == message.c.owner, lease.c.until > moment(LONGEST_CALL))
_MAY_GO = (
    select(message.c.id)
    .join(person, person.c.id == message.c.person)
    .outerjoin(reach, (reach.c.person == message.c.person) & (reach.c.channel == message.c.channel))
    .where(
        among(message.c.id),
        message.c.state == State.SENDING,
        HOLDS,
        # An answer to a person's own text is no nudge: neither stops it.
        or_(
            among(message.c.id, "answer_id_in"),
            and_(person.c.held_at.is_(None), reach.c.opted_out_at.is_(None)),
        ),
    )
)
_STOPPED_BY = (
    select(person.c.held_at.is_not(None), reach.c.opted_out_at.is_not(None))
    .select_from(person)
    .outerjoin(reach, (reach.c.person == person.c.id) & (reach.c.channel == bindparam("channel")))
    .where(person.c.id == bindparam("id"))
)


class SqlSendingStore:
    """What is due, who sends it, and how that ended.

    Each verb's promise stands in `SendingStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def next_due_at(self) -> datetime | None:
        with self._in.read() as tx:
            return entries.next_due_at(tx)

    def has_urgent(self, now: datetime) -> bool:
        with self._in.read() as tx:
            return claiming.has_urgent(tx, now)

    def claim_due(
        self,
        now: datetime,
        limit: int,
        owner: str,
        decide: Decide,
        limits: Mapping[ChannelName, Limit] = NO_LIMITS,
    ) -> Claim:
        def claim(tx: Transaction, care: Care) -> Claim:
            return claiming.claim_due(tx, now, limit, owner, decide, limits, care)

        return self._in.with_care(Step.JUDGE, now, claim)

    def stopped(self, sendings: Sequence[Sending], now: datetime) -> Collection[str]:
        # Read first: it is asked before every request, and hardly ever has anything to write.
        with self._in.read() as tx:
            free = may_go(tx, sendings)
        suspects = _by_person(sending for sending in sendings if sending.message not in free)
        if not suspects:
            return frozenset()
        stopped = {sending.message for those in suspects.values() for sending in those}

        def cancel(tx: Transaction, those: Sequence[Sending]) -> None:
            going = {sending.message for sending in those} - cancel_stopped(tx, those, now)
            stopped.difference_update(going)  # of whom nothing can be read, nothing goes

        self._in.for_each(Step.END, now, suspects, cancel)
        return stopped

    def record(self, results_: Sequence[Result], now: datetime) -> None:
        by_person: dict[str, list[Result]] = {}
        for result in results_:
            by_person.setdefault(result.sending.person, []).append(result)
        self._in.for_each(
            Step.END,
            now,
            by_person,
            lambda tx, those: endings.record(tx, those, now),
            lambda tx, those: endings.end_plainly(tx, those, now),
        )

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        self._in.for_each(Step.END, now, _by_person(sendings), lambda tx, those: release(tx, those, now))

    def recover(self, owner: str, now: datetime) -> int:
        return self._in.with_care(Step.END, now, lambda tx, care: recover(tx, owner, now, care))

    def renew(self, owner: str) -> None:
        with self._in.write() as tx:
            renew(tx, owner)

    def give_up(self, owner: str) -> None:
        with self._in.write() as tx:
            give_up(tx, owner)

    def abandon(self, now: datetime) -> int:
        return self._in.with_care(Step.END, now, lambda tx, care: abandon(tx, now, care))

    def doubts(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Doubt]:
        with self._in.claiming() as tx:
            return reports.doubts(tx, now, channels, limit)

    def reconcile(
        self, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
    ) -> Reconciled:
        by_person: dict[str, list[Doubt]] = {}
        for doubt in about:
            by_person.setdefault(doubt.person, []).append(doubt)
        done: list[Reconciled] = []
        self._in.for_each(
            Step.END,
            now,
            by_person,
            lambda tx, those: done.append(reports.reconcile(tx, those, listed, judge, now)),
            lambda tx, those: reports.wait(tx, those, now + TRY_AGAIN),
        )
        return Reconciled(sum(part.found for part in done), sum(part.not_there for part in done))

    def report(self, message_id: str, told: Report, now: datetime) -> State | None:
        return self._in.with_care(
            Step.END, now, lambda tx, care: reports.report(tx, message_id, told, now, care)
        )


def _by_person(sendings: Iterable[Sending]) -> dict[str, list[Sending]]:
    found: dict[str, list[Sending]] = {}
    for sending in sendings:
        found.setdefault(sending.person, []).append(sending)
    return found


def renew(tx: Transaction, owner: str) -> None:
    """See SendingStore.renew."""
    others = _lives_of(host_of(owner), tx.connection.scalars(_LEASES)) - {owner}
    if others:
        raise StoreError(
            f"another nudger has started as {host_of(owner)} on the same database",
            "Give each host a name of its own, or each nudger of one host its own NUDGER_STATE_DIR.",
        )
    _hold(tx, owner)


def give_up(tx: Transaction, owner: str) -> None:
    """See SendingStore.give_up."""
    tx.connection.execute(update(lease).where(lease.c.owner == owner).values(until=moment()))


def recover(tx: Transaction, owner: str, now: datetime, care: Care) -> int:
    """See SendingStore.recover."""
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
    """See SendingStore.abandon."""
    # Locked, so that none of them renews its lease while it loses what it held. One that a daemon has
    # locked is being renewed; of one that stopped in the middle of that, the server ends the session.
    ended = tx.connection.scalars(_ENDED).all()
    left = tx.connection.execute(_ABANDONED, {"attempted_before": now - LOST}).all()
    # Who is locked may be so by the very daemon that has gone: the next look comes soon.
    free = people.lock_free(tx, {row.person for row in left})
    count = _leave(tx, [row for row in left if row.person in free], now, care)
    tx.connection.execute(delete(lease).where(lease.c.owner.in_(ended)))
    return count


def daemons(tx: Transaction) -> list[str]:
    """See OverviewStore.daemons."""
    living = select(lease.c.owner).where(lease.c.until > moment()).order_by(lease.c.owner)
    return [host_of(owner) for owner in tx.connection.scalars(living) if isinstance(owner, str)]


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
        of_these = [message_id for person in ids for message_id in messages[person]]
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


def release(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> None:
    """See SendingStore.release."""
    _give_back(tx, _still_sending(tx, sendings), now)


def may_go(tx: Transaction, sendings: Iterable[Sending]) -> set[str]:
    """Returns the messages that nothing speaks against: the others were stopped since the claim, or taken
    over."""
    answers = [sending.message for sending in sendings if sending.origin in FROM_A_TEXT]
    ids = [sending.message for sending in sendings]
    return set(tx.connection.scalars(_MAY_GO, {"id_in": ids, "answer_id_in": answers}).all())


def cancel_stopped(tx: Transaction, sendings: Sequence[Sending], now: datetime) -> set[str]:
    """Cancels those that may not go, read once more with their people locked; where only the lease has
    ended, and nobody has taken them over yet, they are planned again."""
    claimed = _still_sending(tx, sendings)
    stopped = {sending.message for sending in sendings} - may_go(tx, sendings)
    kept = [row for row in claimed if row.id in stopped]
    causes = [(row, _cause(tx, row)) for row in kept]
    for row, cause in causes:
        if cause is not None:
            _cancel_send(tx, row, cause, now)
    take_back(tx, [row for row, cause in causes if cause is not None])
    _give_back(tx, [row for row, cause in causes if cause is None], now)
    return stopped


def _cause(tx: Transaction, row: AnyRow) -> standing.Cause | None:
    if row.origin in FROM_A_TEXT:
        return None
    held, opted_out = tx.connection.execute(_STOPPED_BY, {"id": row.person, "channel": row.channel}).one()
    if held:
        return standing.HOLD
    return standing.OPT_OUT if opted_out else None


def _cancel_send(tx: Transaction, row: AnyRow, cause: standing.Cause, now: datetime) -> None:
    tx.connection.execute(
        update(message)
        .where(message.c.id == row.id)
        .values(state=State.CANCELLED, reason=cause.reason, settled_at=now)
    )
    standing.cancel(tx, [row.occurrence], cause, now)


def _give_back(tx: Transaction, claimed: Sequence[AnyRow], now: datetime) -> None:
    """The message never was: its row goes."""
    if not claimed:
        return
    tx.connection.execute(delete(message).where(message.c.id.in_([row.id for row in claimed])))
    answered = [row for row in claimed if row.outcome is not None]
    free = [row.occurrence for row in claimed if row.outcome is None]
    tx.connection.execute(
        update(occurrence)
        .where(occurrence.c.id.in_(free))
        .values(state=State.PLANNED, wake_at=occurrence.c.due_at, queue=None, claimed_at=None, via=None)
    )
    write(tx, [Ending(row, State.CANCELLED, State.CANCELLED, ANSWERED) for row in answered], now)
    take_back(tx, claimed)


def _still_sending(tx: Transaction, sendings: Sequence[Sending]) -> list[AnyRow]:
    people.lock(tx, {sending.person for sending in sendings})
    found = rows(tx, [sending.message for sending in sendings])
    return [row for row in found.values() if row.state == State.SENDING]
