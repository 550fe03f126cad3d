"""The verbs of `sending.port` on the database, one transaction each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from nudger.agenda.entries import Claim, Decide, Report, Result, Sending
from nudger.agenda.rate_limit import Limit
from nudger.agenda.set_aside import TRY_AGAIN, Step
from nudger.domain.model import ChannelName, State
from nudger.sending.port import NO_LIMITS, Doubt, Judge, Listed, Reconciled
from nudger.store.agenda import claiming
from nudger.store.sending import receipts, results, unknown_sends
from nudger.store.sql.transactions import Care, Transaction, Transactions
from nudger.store.state import entries


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
            free = results.may_go(tx, sendings)
        suspects = _by_person(sending for sending in sendings if sending.message not in free)
        if not suspects:
            return frozenset()
        stopped = {sending.message for those in suspects.values() for sending in those}

        def cancel(tx: Transaction, those: Sequence[Sending]) -> None:
            going = {sending.message for sending in those} - results.cancel_stopped(tx, those, now)
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
            lambda tx, those: results.record(tx, those, now),
            lambda tx, those: results.end_plainly(tx, those, now),
        )

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        self._in.for_each(
            Step.END, now, _by_person(sendings), lambda tx, those: results.release(tx, those, now)
        )

    def recover(self, owner: str, now: datetime) -> int:
        return self._in.with_care(Step.END, now, lambda tx, care: results.recover(tx, owner, now, care))

    def renew(self, owner: str) -> None:
        with self._in.write() as tx:
            results.renew(tx, owner)

    def give_up(self, owner: str) -> None:
        with self._in.write() as tx:
            results.give_up(tx, owner)

    def abandon(self, now: datetime) -> int:
        return self._in.with_care(Step.END, now, lambda tx, care: results.abandon(tx, now, care))

    def doubts(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Doubt]:
        with self._in.claiming() as tx:
            return unknown_sends.doubts(tx, now, channels, limit)

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
            lambda tx, those: done.append(unknown_sends.reconcile(tx, those, listed, judge, now)),
            lambda tx, those: unknown_sends.wait(tx, those, now + TRY_AGAIN),
        )
        return Reconciled(sum(one.found for one in done), sum(one.not_there for one in done))

    def report(self, message_id: str, told: Report, now: datetime) -> State | None:
        return self._in.with_care(
            Step.END, now, lambda tx, care: receipts.report(tx, message_id, told, now, care)
        )


def _by_person(sendings: Iterable[Sending]) -> dict[str, list[Sending]]:
    found: dict[str, list[Sending]] = {}
    for sending in sendings:
        found.setdefault(sending.person, []).append(sending)
    return found
