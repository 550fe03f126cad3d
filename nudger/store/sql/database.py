"""The connection to the database: transactions, what they need to read people, and its faults put in words
for a person.

The order of locks, in PostgreSQL, which every verb keeps to, so that no two wait for each other: turns
(`take_turns`), leases, people (all of them at once, by id), what is theirs alone, contacts' words,
senders (by name), alarms, facts, counters (by name). What works on many people's rows at once (claims,
alerts, doubts, what the dead left behind, tidying of alarms) waits for none of them and passes over what
is locked.
"""

import inspect
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, exc, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from nudger.domain.errors import StoreAway, StoreError, StoreReplaced
from nudger.domain.model import Plan
from nudger.store.sql.codec import PlanCache
from nudger.store.sql.file import File

TRIES = 6  # of one verb
APART = 0.02  # seconds, doubled from try to try: whoever won has to end first

_Store = TypeVar("_Store")
log = structlog.get_logger("nudger.store")

# Messages and replies share the sequence of `message`: one cursor for a conversation. In PostgreSQL a
# line that is committed late may stand below one that was read before.
_NEXT_LINE_SQLITE = text("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'message' RETURNING seq")
_NEXT_LINE_POSTGRESQL = text("SELECT nextval(pg_get_serial_sequence('message', 'line'))")
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)")


def begins_again(store: type[_Store]) -> type[_Store]:
    """Every verb of this store whose transaction was undone for another's sake is begun again. Nothing of it
    was kept, and what it asks (`decide`, `respond`, `judge`) is pure and is asked again."""
    for name, verb in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_") and not inspect.iscoroutinefunction(verb):
            setattr(store, name, _again(verb))
    return store


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


# Another process (a command beside the daemon) holds the write lock for milliseconds; a first load
# of some ten thousand plans for seconds.
BUSY_SECONDS = 30


class Database:
    """One SQLite file, which has to be there, or one PostgreSQL database. `looking`: nothing is changed, and
    of a file nothing made or locked."""

    def __init__(self, url: URL, *, looking: bool = False, patience: float = BUSY_SECONDS) -> None:
        """`patience`: seconds that a writer of a file waits for others, in this program and then in all."""
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.name = str(url.database) if self.is_sqlite else url.render_as_string(hide_password=True)
        self._file = File(url, looking=looking, patience=patience) if self.is_sqlite else None
        self.engine = self._file.engine(url) if self._file else _postgresql(url)
        self._writer = self.engine.execution_options(writes=True, postgresql_readonly=looking)
        self._reader = (
            self.engine
            if self.is_sqlite
            # One snapshot for all that a verb reads, as SQLite gives it anyway.
            else self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        # SQLite has one writer. Threads of this process wait for each other here, in turn and woken
        # at once; on the file's own lock they would poll, up to 0.1 s late.
        self._turn, self._patience = Lock(), patience
        self._refused: StoreAway | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment. StoreAway where it was of a database that is not there."""
        self.demand()
        with self.faults(), self._reader.begin() as connection:
            yield connection
        self.demand()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on the disk when this ends, or has changed nothing. StoreAway where nobody
        will find it there: the file was not its own any more when it was committed."""
        self.demand()
        with self._alone(), self.faults(), self._writer.begin() as connection:
            yield connection
        self.demand()

    def demand(self) -> None:
        """StoreAway where this is not the database any more that was opened."""
        if self._refused is not None:
            raise self._refused
        if self._file is not None:
            self._file.demand()

    def refuse(self, why: StoreAway) -> None:
        """From now on no transaction comes about."""
        self._refused = why

    def demand_unwritten(self) -> None:
        """StoreReplaced, from now on, where anybody but SQLite wrote to the file since the last look."""
        if self._file is not None:
            try:
                self._file.demand_unwritten()
            except StoreReplaced as fault:
                self.refuse(fault)
                raise

    def keep_open(self) -> None:
        """For who works with it for long: what happens to its file is noticed."""
        if self._file is not None:
            with self.faults():
                self._file.keep_open()

    def rescue(self, now: datetime) -> str | None:
        """Where a file has gone that is still open here: a copy of it, and its path."""
        if self._file is None or self._refused is not None:
            return None
        with self.faults():
            return self._file.rescue(now)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise self._file.busy()
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turns what the database says into a StoreError; what is our own fault stays as it is."""
        try:
            yield
        except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
            original = getattr(error, "orig", None)
            if getattr(original, "sqlstate", None) in LOST:
                raise Contended(f"the database {self.name}: {' '.join(str(original).split())}") from error
            raise self._explained(error) from error
        except sqlite3.Error as error:  # on the driver's own connection
            raise self._explained(error) from error
        except exc.DatabaseError as error:
            if type(error) is not exc.DatabaseError:
                raise  # a constraint, or a statement of ours
            raise self._explained(error) from error

    def insert_new(self, table: Table) -> Insert:
        """An INSERT that leaves alone what is there under the same key."""
        if self.is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def let_others_write(self) -> None:
        """Between the transactions of something long. Who waits for SQLite's lock looks for it each tenth of
        a second only, and would not find it free for as long as that goes on."""
        if self.is_sqlite:
            time.sleep(ROOM_SECONDS)

    def scrub(self) -> None:
        """Writes a SQLite file anew and empties its log: what was deleted stands in no page of either.

        secure_delete is not enough: a row that moves to another page leaves a copy behind. Nobody else
        writes meanwhile, about two seconds for each 100 MB.
        """
        if not self.is_sqlite:
            return
        # On the driver's own connection: SQLAlchemy would begin a transaction around it.
        with self._alone(), self.faults(), closing(self.engine.raw_connection()) as raw:
            for statement in ("PRAGMA temp_store = FILE", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                raw.cursor().execute(statement).fetchall()
            raw.invalidate()

    def close(self) -> None:
        self.engine.dispose()
        if self._file is not None:
            self._file.close()

    def _explained(self, error: Exception) -> StoreError:
        if self._file is not None:
            return self._file.explained(error)
        said, hint = _postgresql_words(error)
        return StoreError(f"the database {self.name} cannot be used: {said}", hint)


@dataclass(frozen=True, slots=True)
class Transaction:
    connection: Connection
    database: Database
    plans: PlanCache
    zone: Callable[[str], tzinfo]

    def local_date(self, plan: Plan, at: datetime) -> date:
        return at.astimezone(self.zone(plan.timezone)).date()

    def take_turns(self, key: int) -> None:
        """Waits until no other transaction holds this key, then holds it to the end. SQLite's writers
        take turns anyway."""
        if not self.database.is_sqlite:
            self.connection.execute(_TAKE_TURNS, {"key": key})

    def next_line(self) -> int:
        """A number that no message and no reply has, above all that have one."""
        statement = _NEXT_LINE_SQLITE if self.database.is_sqlite else _NEXT_LINE_POSTGRESQL
        return int(self.connection.execute(statement).scalar_one())


ROOM_SECONDS = 0.15  # longer than SQLite's longest wait between two looks for a lock
CONNECT_SECONDS = 10
# A host that was cut off, or stopped in the middle of a transaction, must not hold people locked for all
# others: the server ends its session. And it must itself notice, long before its lease is over.
IDLE_SECONDS = 10
CUT_OFF = {
    "tcp_user_timeout": 15_000,  # milliseconds that what was written may stay unanswered for
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

# deadlock_detected, serialization_failure
LOST = frozenset({"40P01", "40001"})


class Contended(StoreError):
    """PostgreSQL has undone this transaction for another's sake. Begun again, it goes through."""


def _postgresql(url: URL) -> Engine:
    known = {"connect_timeout": CONNECT_SECONDS, "application_name": "nudger", **CUT_OFF}
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted costs one question, not a failed claim
        connect_args=known | dict(url.query),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        pid, idle = connection.execute(_SESSION).fetchone()
        pooled = pid != connection.info.backend_pid
        if pooled:
            # PgBouncer hands each transaction to another session: what one was told, or has prepared,
            # the next does not know.
            connection.prepare_threshold = None
        if idle == "0" and not pooled:
            connection.execute(f"SET {_IDLE}")
        record.info["pooled"], record.info["told anew"] = pooled, pooled and idle == "0"
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.info.get("told anew"):
            connection.exec_driver_sql(f"SET LOCAL {_IDLE}")

    return engine


_IDLE = f"idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
_SESSION = "SELECT pg_backend_pid(), current_setting('idle_in_transaction_session_timeout')"


_POSTGRESQL_HINTS = {
    "28": "Check the user and the password in DATABASE_URL.",
    "3D": "Create the database first: createdb nudger.",
    "53": "The server has run out of connections, memory or disk.",
    "57": "The server is starting or stopping; nudger tries again when it is restarted.",
}


def _postgresql_words(error: Exception) -> tuple[str, str]:
    original = getattr(error, "orig", None)
    said = " ".join(str(original or error).split())
    state = getattr(original, "sqlstate", None) or _state_of_refusal(said)
    hint = _POSTGRESQL_HINTS.get(state[:2], "Check that the server runs, and the host in DATABASE_URL.")
    return said, hint


def _state_of_refusal(said: str) -> str:
    """A refused connection carries no code, only the server's words."""
    if "password" in said or "authentication" in said or "role" in said:
        return "28"
    return "3D" if "database" in said and "does not exist" in said else ""
