"""How a verb of the store works: in one transaction; where that fails over somebody, once more, person by
person, so that the others go on; and begun again where PostgreSQL has undone it for another's sake.

The order of locks, in PostgreSQL, which every verb keeps to, so that no two wait for each other:

1. turns (`Transaction.take_turns`),
2. leases,
3. people, all of them at once, by id (`people.lock`), and with them what is theirs alone,
4. contacts' words,
5. senders, by name,
6. alarms,
7. facts,
8. counters, by name.

What works on many people's rows at once (claims, alerts, doubts, what the dead left behind, tidying of
alarms) waits for none of them and passes over what is locked.
"""

import asyncio
import inspect
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial, wraps
from threading import Lock
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Column, ColumnElement, Connection, Select, select, text, update

from nudger.agenda.set_aside import is_theirs
from nudger.domain.model import Plan
from nudger.store.sql.database import Contended, Database
from nudger.store.sql.postgresql import Waking
from nudger.store.sql.statements import AnyRow

TRIES = 6  # of one verb
APART = 0.02  # seconds, doubled from try to try: whoever won has to end first

_Done = TypeVar("_Done")
_Item = TypeVar("_Item")
log = structlog.get_logger("nudger.store")

# Messages and replies share the sequence of `message`: one cursor for a conversation. In PostgreSQL a
# line that is committed late may stand below one that was read before.
_NEXT_LINE_SQLITE = text("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'message' RETURNING seq")
_NEXT_LINE_POSTGRESQL = text("SELECT nextval(pg_get_serial_sequence('message', 'line'))")
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)")


class PlanCache:
    """The plans decoded last, at most `size` of them, by person and digest."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._plans: OrderedDict[str, tuple[str, Plan]] = OrderedDict()
        self._lock = Lock()  # verbs run in several threads

    def get(self, digests: Mapping[str, str]) -> dict[str, Plan]:
        """Returns those of these people's plans that are at hand under their digest."""
        found = {}
        with self._lock:
            for person, digest in digests.items():
                kept = self._plans.get(person)
                if kept is not None and kept[0] == digest:
                    self._plans.move_to_end(person)
                    found[person] = kept[1]
        return found

    def put(self, plans: Sequence[tuple[str, Plan]]) -> None:
        """Keeps plans, each with its digest, in place of the oldest."""
        with self._lock:
            for digest, plan in plans:
                self._plans[plan.person] = (digest, plan)
                self._plans.move_to_end(plan.person)
            while len(self._plans) > self._size:
                self._plans.popitem(last=False)

    def drop(self, person: str) -> None:
        """Forgets the plan of somebody who was erased."""
        with self._lock:
            self._plans.pop(person, None)


@dataclass(frozen=True, slots=True)
class Transaction:
    connection: Connection
    database: Database
    plans: PlanCache
    zone: Callable[[str], tzinfo]

    def local_date(self, plan: Plan, at: datetime) -> date:
        """Returns the date at `at` by this plan's own calendar."""
        return at.astimezone(self.zone(plan.timezone)).date()

    def take_turns(self, key: int) -> None:
        """Waits until no other transaction holds this key, then holds it to the end. SQLite's writers
        take turns anyway."""
        if not self.database.is_sqlite:
            self.connection.execute(_TAKE_TURNS, {"key": key})

    def next_line(self) -> int:
        """Returns a number that no message and no reply has, above all that have one."""
        statement = _NEXT_LINE_SQLITE if self.database.is_sqlite else _NEXT_LINE_POSTGRESQL
        return int(self.connection.execute(statement).scalar_one())


@contextmanager
def suppress_theirs() -> Iterator[None]:
    """Suppresses one person's fault, for a look at them that has a plainer one to fall back on."""
    try:
        yield
    except Exception as fault:
        if not is_theirs(fault):
            raise


class Care(Protocol):
    """How a verb goes through people: all at once, or each alone."""

    careful: bool

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        """Cuts the people into the parts in which they are taken."""

    def over(self, ids: Sequence[str]) -> AbstractContextManager[object]:
        """Surrounds what is done for these alone."""

    def failed(self, ids: Sequence[str]) -> Sequence[str]:
        """Returns who of them has failed."""


class AtOnce:
    """As nearly always: nobody is expected to fail, and the first fault ends the verb."""

    careful = False

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        return [list(ids)] if ids else []

    def over(self, ids: Sequence[str]) -> AbstractContextManager[object]:  # noqa: ARG002
        return nullcontext()

    def failed(self, ids: Sequence[str]) -> Sequence[str]:  # noqa: ARG002
        return ()


@dataclass
class OneByOne:
    """After a fault, in a transaction of its own: each person's part is undone where it fails."""

    tx: Transaction
    careful: bool = field(default=True, init=False)
    seen: set[str] = field(default_factory=set)
    faults: dict[str, Exception] = field(default_factory=dict)

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        return [[person_id] for person_id in ids]

    @contextmanager
    def over(self, ids: Sequence[str]) -> Iterator[None]:
        """Undoes what is done for one person where it fails. What is not theirs ends the verb."""
        (one,) = ids
        self.seen.add(one)
        try:
            with self.tx.database.faults(), self.tx.connection.begin_nested():
                yield
        except Exception as fault:
            if not is_theirs(fault):
                raise
            self.faults.setdefault(one, fault)

    def failed(self, ids: Sequence[str]) -> Sequence[str]:
        return [person_id for person_id in ids if person_id in self.faults]


# The transaction, the faults by person, how many were looked at, the step at which, now.
SetAside = Callable[[Transaction, Mapping[str, Exception], int, str, datetime], None]


class Transactions:
    """The transactions of one database; each store class has them."""

    def __init__(self, database: Database, zone: Callable[[str], tzinfo], set_aside: SetAside) -> None:
        """
        Args:
            database: Where they take place.
            zone: Finds a time zone by its name.
            set_aside: Is told, in the transaction itself, over whom a verb has failed.
        """
        self.database = database
        self._waking = (
            None if database.is_sqlite else Waking(database.engine, database.faults, database.write)
        )
        self._zone = zone
        self._set_aside = set_aside
        self._plans = PlanCache()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Opens a transaction that changes nothing."""
        with self.database.read() as connection:
            yield Transaction(connection, self.database, self._plans, self._zone)

    def claiming(self) -> AbstractContextManager[Transaction]:
        """Opens a transaction in which what is looked at is taken, where there are others to take it; in
        SQLite there is nobody."""
        return self.read() if self.database.is_sqlite else self.write()

    def with_care(
        self,
        step: str,
        now: datetime,
        work: Callable[[Transaction, Care], _Done],
        *,
        wakes: bool = False,
    ) -> _Done:
        """Does the work on many people: all at once, and once more one by one where it fails over some of
        them."""
        try:
            with self.write(wakes=wakes) as tx:
                return work(tx, AtOnce())
        except Exception as fault:
            if not is_theirs(fault):
                raise
        with self.write(wakes=wakes) as tx:
            care = OneByOne(tx)
            done = work(tx, care)
            self._set_aside(tx, care.faults, len(care.seen), step, now)
            return done

    def for_each(
        self,
        step: str,
        now: datetime,
        items: Mapping[str, Sequence[_Item]],
        work: Callable[[Transaction, Sequence[_Item]], object],
        plainly: Callable[[Transaction, Sequence[_Item]], object] = lambda _tx, _items: None,
    ) -> None:
        """Does the work on these of each person; `plainly` what is done where it fails over somebody."""

        def each(tx: Transaction, care: Care) -> None:
            for ids in care.groups(sorted(items)):
                those = [item for person_id in ids for item in items[person_id]]
                with care.over(ids):
                    work(tx, those)
                if care.failed(ids):
                    with care.over(ids):
                        plainly(tx, those)

        self.with_care(step, now, each)

    def plainly_after(self, work: Callable[[Transaction, Exception | None], _Done]) -> _Done:
        """Does what one person says, or what is done to them: once more, with as little as it takes, where it
        fails over them. Nobody's STOP waits for a row that cannot be read."""
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
        """Opens a transaction that changes something. `wakes`: something may be due at once, and the other
        daemons hear of it."""
        with self.database.write() as connection:
            yield Transaction(connection, self.database, self._plans, self._zone)
            if wakes and self._waking is not None:
                self._waking.say(connection)

    async def listen(self, woken: Callable[[], None]) -> None:
        """Calls `woken` for what other processes say; of a file nobody says anything. Never returns."""
        if self._waking is None:
            await asyncio.Event().wait()
        else:
            await self._waking.listen(woken)


def begins_again(store: object) -> None:
    """Has every verb of this store begun again whose transaction PostgreSQL has undone for another's sake.

    Nothing of it was kept, and what it asks (`decide`, `respond`, `judge`) is pure and is asked again.
    """
    for name, verb in inspect.getmembers(store, inspect.ismethod):
        if not name.startswith("_"):
            setattr(store, name, _again(verb))


def _again(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def run(*arguments: Any, **named: Any) -> Any:
        for number in range(1, TRIES):
            try:
                return verb(*arguments, **named)
            except Contended as fault:
                log.warning("begun_again", verb=verb.__name__, number=number, fault=fault.message)
                time.sleep(random.SystemRandom().uniform(0, APART * 2**number))
        return verb(*arguments, **named)

    return run


_Made = TypeVar("_Made")


def made(
    tx: Transaction,
    statement: Select[Any],
    key: ColumnElement[Any],
    make: Callable[[AnyRow], _Made],
    values: Mapping[str, Any] | None = None,
) -> list[_Made]:
    """Makes a value of each row, in their order; without those that cannot be read, or made.

    Args:
        tx: The transaction.
        statement: Read all at once, and row by row where that fails.
        key: Tells the rows apart.
        make: Makes the value of a row.
        values: The statement's parameters.
    """
    given = dict(values or {})
    try:
        return [make(row) for row in tx.connection.execute(statement, given).all()]
    except Exception as fault:
        if not is_theirs(fault):
            raise
    found = []
    for row_key in tx.connection.scalars(statement.with_only_columns(key), given).all():
        try:
            found.append(make(tx.connection.execute(statement.where(key == row_key), given).one()))
        except Exception as fault:
            if not is_theirs(fault):
                raise
    return found


def readable_rows(tx: Transaction, statement: Select[Any], key: ColumnElement[Any]) -> Sequence[AnyRow]:
    """Returns the rows of a statement, without those that cannot be read."""
    return made(tx, statement, key, lambda row: row)


Safe = Mapping[Column[Any], object]


def put_right(tx: Transaction, that: ColumnElement[bool], safe: Safe) -> Iterator[str]:
    """Writes the safe value over each value of these rows that cannot be read; yields the columns' names."""
    for column, value in safe.items():
        if not works(partial(_read_value, tx, column, that)):
            tx.connection.execute(update(column.table).where(that).values({column: value}))
            yield column.name


def _read_value(tx: Transaction, column: Column[Any], that: ColumnElement[bool]) -> None:
    """Raises where there is something of another kind than its column is for."""
    value = tx.connection.scalar(select(column).where(that))
    if value is not None and not isinstance(value, column.type.python_type):
        raise TypeError(column.name)


def works(read: Callable[[], object]) -> bool:
    """Tells whether this can be read."""
    try:
        read()
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return False
    return True
