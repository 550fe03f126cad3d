"""How a verb works: in one transaction; where that fails over somebody, once more, person by person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, tzinfo
from typing import TypeVar

from nudger.agenda.set_aside import is_theirs
from nudger.store.sql.codec import PlanCache
from nudger.store.sql.database import Database, Transaction
from nudger.store.sql.notify import Waking
from nudger.store.state import set_aside
from nudger.store.state.care import AtOnce, Care, OneByOne

_Done = TypeVar("_Done")
_Item = TypeVar("_Item")


class Transactions:
    """The transactions of one database; each store class has them."""

    def __init__(self, database: Database, zone: Callable[[str], tzinfo]) -> None:
        self.database = database
        self.waking = Waking(database)
        self._zone = zone
        self._plans = PlanCache()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.database.read() as connection:
            yield Transaction(connection, self.database, self._plans, self._zone)

    def claiming(self) -> AbstractContextManager[Transaction]:
        """What is looked at is taken, where there are others to take it; in SQLite there is nobody."""
        return self.read() if self.database.is_sqlite else self.write()

    def with_care(
        self,
        step: str,
        now: datetime,
        work: Callable[[Transaction, Care], _Done],
        *,
        wakes: bool = False,
    ) -> _Done:
        """The work on many people: all at once, and once more one by one where it fails over some of them."""
        try:
            with self.write(wakes=wakes) as tx:
                return work(tx, AtOnce())
        except Exception as fault:
            if not is_theirs(fault):
                raise
        with self.write(wakes=wakes) as tx:
            care = OneByOne(tx)
            done = work(tx, care)
            set_aside.put(tx, care.faults, len(care.seen), step, now)
            return done

    def for_each(
        self,
        step: str,
        now: datetime,
        items: Mapping[str, Sequence[_Item]],
        work: Callable[[Transaction, Sequence[_Item]], object],
        plainly: Callable[[Transaction, Sequence[_Item]], object] = lambda _tx, _items: None,
    ) -> None:
        """The work on these of each person; `plainly` what is done of it where it fails over somebody."""

        def each(tx: Transaction, care: Care) -> None:
            for ids in care.groups(sorted(items)):
                those = [item for one in ids for item in items[one]]
                with care.over(ids):
                    work(tx, those)
                if care.failed(ids):
                    with care.over(ids):
                        plainly(tx, those)

        self.with_care(step, now, each)

    def plainly_after(self, work: Callable[[Transaction, Exception | None], _Done]) -> _Done:
        """What one person says, or is done to them: once more, with as little as it takes, where it fails
        over them. Nobody's STOP waits for a row that cannot be read."""
        try:
            with self.write(wakes=True) as tx:
                return work(tx, None)
        except Exception as fault:
            if not is_theirs(fault):
                raise
            first = fault
        with self.write(wakes=True) as tx:
            return work(tx, first)

    @contextmanager
    def write(self, *, wakes: bool = False) -> Iterator[Transaction]:
        """`wakes`: something may be due at once, and the other daemons hear of it."""
        with self.database.write() as connection:
            yield Transaction(connection, self.database, self._plans, self._zone)
            if wakes:
                self.waking.say(connection)
