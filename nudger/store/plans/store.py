"""The verbs of `plan_sync.port` on the database, one transaction each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from nudger.agenda.entries import Missing
from nudger.plan_sync.port import PlanChange, PlanRead
from nudger.store.plans import gone, loading
from nudger.store.sql.transactions import Transactions
from nudger.store.state import people


class SqlPlanStore:
    """Which plans run, and the files they came from.

    Each verb's promise stands in `PlanStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def load_plans(self, read: PlanRead, now: datetime) -> PlanChange:
        return loading.load_plans(self._in.read, partial(self._in.write, wakes=True), read, now)

    def missing(self, limit: int = 50) -> Sequence[Missing]:
        with self._in.read() as tx:
            return gone.listed(tx, limit)

    def count_missing(self) -> int:
        with self._in.read() as tx:
            return gone.count(tx)

    def accept_removal(self, now: datetime) -> Collection[str]:
        return gone.accept_all(partial(self._in.write, wakes=True), now)

    def plan_marks(self, files: Collection[str] | None = None, host: str = "") -> Mapping[str, str]:
        with self._in.read() as tx:
            return loading.marks(tx, files, host)

    def count_plan_files(self) -> int:
        with self._in.read() as tx:
            return loading.count(tx)

    def linked_files(self, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
        with self._in.read() as tx:
            return loading.linked(tx, ids, phones)

    def digests(self, ids: Collection[str]) -> Mapping[str, str]:
        with self._in.read() as tx:
            return people.digests(tx, ids)

    def has_people(self) -> bool:
        with self._in.read() as tx:
            return people.are_there(tx)
