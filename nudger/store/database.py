"""The connection to the database: transactions, and its faults put in words for a person."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from nudger.errors import StoreError

# Another process (a command beside the daemon) holds the write lock for milliseconds; a first load
# of some ten thousand plans for seconds.
BUSY_SECONDS = 30
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

PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk when it returns
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is forgotten is overwritten, not only unlinked
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",  # an UPDATE of many rows keeps its way back in memory, not in a file
    "PRAGMA cache_size = -4096",  # KiB, of each connection
    "PRAGMA wal_autocheckpoint = 8000",  # pages: each claim would pay for a checkpoint at the usual 1000
    "PRAGMA journal_size_limit = 67108864",
)


# deadlock_detected, serialization_failure
LOST = frozenset({"40P01", "40001"})

# For looking on, where the file can only be read.
LOOKING_PRAGMAS = ("PRAGMA busy_timeout = 3000", "PRAGMA trusted_schema = OFF")


class Contended(StoreError):
    """PostgreSQL has undone this transaction for another's sake. Begun again, it goes through."""


class Database:
    """One SQLite file, which has to be there, or one PostgreSQL database. `looking`: nothing is changed, and
    of a file nothing made or locked."""

    def __init__(self, url: URL, *, looking: bool = False) -> None:
        self.name = str(url.database) if _is_sqlite(url) else url.render_as_string(hide_password=True)
        self.is_sqlite = _is_sqlite(url)
        self.engine = _sqlite(url, looking) if self.is_sqlite else _postgresql(url)
        self._writer = self.engine.execution_options(writes=True, postgresql_readonly=looking)
        self._reader = (
            self.engine
            if self.is_sqlite
            # One snapshot for all that a verb reads, as SQLite gives it anyway.
            else self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        # SQLite has one writer. Threads of this process wait for each other here, in turn and woken
        # at once; on the file's own lock they would poll, up to 0.1 s late.
        self._turn: AbstractContextManager[Any] = Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment."""
        with self.faults(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on the disk when this ends, or has changed nothing."""
        with self._turn, self.faults(), self._writer.begin() as connection:
            yield connection

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
        with self._turn, self.faults(), closing(self.engine.raw_connection()) as raw:
            for statement in ("PRAGMA temp_store = FILE", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                raw.cursor().execute(statement).fetchall()
            raw.invalidate()

    def close(self) -> None:
        self.engine.dispose()

    def _explained(self, error: exc.SQLAlchemyError) -> StoreError:
        said, hint = _sqlite_words(error) if self.is_sqlite else _postgresql_words(error)
        return StoreError(f"the database {self.name} cannot be used: {said}", hint)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite(url: URL, looking: bool) -> Engine:
    file, pragmas = os.path.abspath(str(url.database)), LOOKING_PRAGMAS if looking else PRAGMAS

    def connect() -> sqlite3.Connection:
        how = _untouched(file) if looking else "mode=rw"  # never rwc: a file that has gone is not made anew
        return sqlite3.connect(f"file:{quote(file)}?{how}", uri=True, check_same_thread=False)

    engine = create_engine(url, creator=connect, hide_parameters=True, paramstyle="named", pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a read lock that is to become a write lock may fail when
        # another writer came between.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _untouched(file: str) -> str:
    """How SQLite opens a file without making its log: where there is one, somebody works with it, or was
    killed while they did; where there is none, the file is as it was closed.

    RACE: somebody who begins to work with it right now is not waited for. What they write stands in the log
    for the first 8000 pages, and not in the file that is read here."""
    return "mode=ro" if os.path.exists(f"{file}-wal") else "immutable=1"


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


_SQLITE_WORDS = {
    "SQLITE_BUSY": ("another process keeps it locked", "Is a backup or another tool writing to it?"),
    "SQLITE_CANTOPEN": ("it cannot be opened", "Check that this user may write to the file and its folder."),
    "SQLITE_CORRUPT": ("the file is damaged", "Stop nudger and restore a backup."),
    "SQLITE_FULL": ("the disk is full", "Free some space; nothing was changed."),
    "SQLITE_IOERR": ("the disk reports an error", "Check the disk; restore a backup if need be."),
    "SQLITE_NOTADB": ("the file is not a database", "Check DATABASE_URL, or move the file away."),
    "SQLITE_READONLY": ("it is read-only", "Check that this user may write to the file and its folder."),
}

_POSTGRESQL_HINTS = {
    "28": "Check the user and the password in DATABASE_URL.",
    "3D": "Create the database first: createdb nudger.",
    "53": "The server has run out of connections, memory or disk.",
    "57": "The server is starting or stopping; nudger tries again when it is restarted.",
}


def _sqlite_words(error: exc.SQLAlchemyError) -> tuple[str, str]:
    original = getattr(error, "orig", None)
    name = "_".join(getattr(original, "sqlite_errorname", "").split("_")[:2])
    return _SQLITE_WORDS.get(name, (str(original or error), ""))


def _postgresql_words(error: exc.SQLAlchemyError) -> tuple[str, str]:
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
