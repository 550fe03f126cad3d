"""The connection to the database, a SQLite file or one of a PostgreSQL server's: its transactions, and its
faults put in words for a person.

Of a file: how it is opened, what its faults mean, and that it is still the one that was opened. A file that
is deleted goes on for whoever has it open, and is nobody else's: what is committed to it then is lost, and
looks like any other commit.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from nudger.domain.errors import StoreAway, StoreBusy, StoreError, StoreReplaced
from nudger.store.sql.postgresql import engine_of, in_words

# Another process (a command beside the daemon) holds the write lock for milliseconds; a first load
# of some ten thousand plans for seconds.
BUSY_SECONDS = 30


ROOM_SECONDS = 0.15  # longer than SQLite's longest wait between two looks for a lock

# deadlock_detected, serialization_failure
LOST = frozenset({"40P01", "40001"})


class Contended(StoreError):
    """PostgreSQL has undone this transaction for another's sake. Begun again, it goes through."""


class Database:
    """One SQLite file, which has to be there, or one PostgreSQL database. `looking`: nothing is changed, and
    of a file nothing made or locked."""

    def __init__(self, url: URL, *, looking: bool = False, patience: float = BUSY_SECONDS) -> None:
        """`patience`: seconds that a writer of a file waits for others, in this program and then in all."""
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.name = str(url.database) if self.is_sqlite else url.render_as_string(hide_password=True)
        self._file = File(url, looking=looking, patience=patience) if self.is_sqlite else None
        self.engine = self._file.engine(url) if self._file else engine_of(url)
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
        """Opens a transaction that sees one moment.

        Raises:
            StoreAway: It was of a database that is not there.
        """
        self.demand()
        with self.faults(), self._reader.begin() as connection:
            yield connection
        self.demand()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Opens a transaction that is on the disk when this ends, or has changed nothing.

        Raises:
            StoreAway: Nobody will find it there: the file was not its own any more when it was committed.
        """
        self.demand()
        with self._alone(), self.faults(), self._writer.begin() as connection:
            yield connection
        self.demand()

    def demand(self) -> None:
        """Raises StoreAway where this is not the database any more that was opened."""
        if self._refused is not None:
            raise self._refused
        if self._file is not None:
            self._file.demand()

    def refuse(self, why: StoreAway) -> None:
        """Lets no transaction come about from now on."""
        self._refused = why

    def demand_unwritten(self) -> None:
        """Raises StoreReplaced, from now on, where anybody but SQLite wrote to it since the last look."""
        if self._file is not None:
            try:
                self._file.demand_unwritten()
            except StoreReplaced as fault:
                self.refuse(fault)
                raise

    def keep_open(self) -> None:
        """Notices what happens to the file, for who works with it for long."""
        if self._file is not None:
            with self.faults():
                self._file.keep_open()

    def rescue(self, now: datetime) -> str | None:
        """Copies a file that has gone, and is still open here.

        Returns:
            The path of the copy; None where there is nothing to rescue.
        """
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
        """Makes an INSERT that leaves alone what is there under the same key."""
        if self.is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def let_others_write(self) -> None:
        """Pauses between the transactions of something long. Who waits for SQLite's lock looks for it each
        tenth of a second only, and would not find it free for as long as that goes on."""
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
        """Gives the connections back."""
        self.engine.dispose()
        if self._file is not None:
            self._file.close()

    def _explained(self, error: Exception) -> StoreError:
        if self._file is not None:
            return self._file.explained(error)
        said, hint = in_words(error)
        return StoreError(f"the database {self.name} cannot be used: {said}", hint)


PRAGMAS = (
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
# For looking on, where the file can only be read.
LOOKING_PRAGMAS = ("PRAGMA trusted_schema = OFF",)
LOOKING_SECONDS = 3

GONE = (
    "Put it back where it was: nudger takes note within seconds. If it is lost, stop nudger, which then "
    "writes what it still has of it beside it (*.before-…), and type: nudger restore FILE"
)
REPLACED = (
    "nudger ends, writes what it still has of the former one beside it (*.before-…), and starts afresh: no "
    "nudge goes out before you type nudger accept-restore. The former one comes back by nudger restore FILE"
)
OVERWRITTEN = (
    "What is in it now is a mixture of two. Stop nudger, and put a whole one there: nudger restore FILE"
)
_WORDS = {
    "SQLITE_CANTOPEN": ("it cannot be opened", "Check that this user may write to the file and its folder."),
    "SQLITE_CORRUPT": ("the file is damaged", "Stop nudger and restore a backup."),
    "SQLITE_FULL": ("the disk is full", "Free some space; nothing was changed."),
    "SQLITE_IOERR": ("the disk reports an error", "Check the disk; restore a backup if need be."),
    "SQLITE_NOTADB": ("the file is not a database", "Check DATABASE_URL, or move the file away."),
    "SQLITE_READONLY": ("it is read-only", "Check that this user may write to the file and its folder."),
}

_Which = tuple[int, int]  # the device, and the number of the file on it
# In the index of the log: its salts, and how many of its pages were moved to the file, and were to be. The
# format is SQLite's promise to all programs that share a file: sqlite.org/walformat.html, 2.1.
_INDEX, _SALTS, _MOVED, _TO_MOVE = 136, slice(32, 40), slice(96, 100), slice(128, 132)
_Log = tuple[bytes, bytes, bytes]  # what stands there
_Seen = tuple[int, int, _Log]  # when the file was written to, and its size, while SQLite was not writing


class File:
    """One file, opened any number of times, by one path. `patience`: seconds that a connection waits for
    another program's lock."""

    def __init__(self, url: URL, *, looking: bool, patience: float) -> None:
        self.path = os.path.abspath(str(url.database))
        self._looking = looking
        self._patience = min(patience, LOOKING_SECONDS) if looking else patience
        self._opened: _Which | None = None
        self._log: _Which | None = None
        self._kept: sqlite3.Connection | None = None
        self._index: int | None = None  # a handle: closed too soon, it takes SQLite's locks with it (POSIX)
        self._seen: _Seen | None = None

    def engine(self, url: URL) -> Engine:
        """Makes the engine that connects to the file."""
        engine = create_engine(
            url, creator=self._connect, hide_parameters=True, paramstyle="named", pool_use_lifo=True
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def keep_open(self) -> None:
        """Keeps one connection until `close`. While it is open, SQLite makes no new log: another is not its
        own."""
        if self._kept is not None:
            return
        self._kept = self._connect()
        self._kept.execute("SELECT count(*) FROM sqlite_master").fetchall()
        self._log = _which(f"{self.path}-wal")
        with suppress(FileNotFoundError):  # on a file system where SQLite can keep no log
            self._index = os.open(f"{self.path}-shm", os.O_RDONLY | os.O_CLOEXEC)
        self.demand_unwritten()

    def close(self) -> None:
        """Closes what `keep_open` keeps, when all other connections are closed."""
        if self._kept is not None:
            self._kept.close()
            self._kept = self._log = None
        if self._index is not None:
            os.close(self._index)
            self._index = None

    def demand(self) -> None:
        """Raises StoreAway where the path does not lead to what was opened any more. Two looks at the folder,
        a few millionths of a second."""
        if self._opened is None:
            return
        there = _which(self.path)
        if there is None:
            said = "its file has gone"
            raise StoreAway(f"the database {self.path} has gone: deleted, moved, or not mounted", GONE, said)
        if there != self._opened:
            said = "another file is in its place"
            raise StoreReplaced(f"another file is in the place of the database {self.path}", REPLACED, said)
        if self._log is not None and _which(f"{self.path}-wal") != self._log:
            said = "its log has gone"
            raise StoreReplaced(f"the log of the database, {self.path}-wal, has gone", REPLACED, said)

    def demand_unwritten(self) -> None:
        """Raises StoreReplaced where anybody but SQLite has written to the file since the last look, as cp
        does, which leaves it the same file. SQLite writes to it when it moves its log there, and notes in
        the log's index what it is about to move, and what it has moved."""
        log = self._read_index()
        if self._kept is None or log is None:
            return
        _, moved, to_move = log
        if moved != to_move:
            # Somebody is at it: then this does nothing. Or they were killed at it: then this ends it.
            self._kept.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return
        with suppress(OSError):  # RACE: it has just gone, as `demand` says
            now = os.stat(self.path)
            if self._read_index() == log:  # RACE: else somebody has just begun
                self._compare((now.st_mtime_ns, now.st_size, log))

    def _compare(self, seen: _Seen) -> None:
        before, self._seen = self._seen, seen
        if before is not None and before != seen and before[-1] == seen[-1]:
            said = "it was overwritten"
            raise StoreReplaced(f"the database {self.path} was overwritten", OVERWRITTEN, said)

    def rescue(self, now: datetime) -> str | None:
        """Writes all that was committed to a file which has gone from its path, or whose log has, beside
        where it was: whoever has it open is the last one who can. The path; None where nothing is lost."""
        try:
            self.demand()
        except StoreAway:
            if self._kept is None:
                return None
        else:
            return None
        aside = f"{self.path}.before-{now:%Y%m%dT%H%M%SZ}"
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(aside)) as copy:
            self._kept.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        self._drop_log()
        return aside

    def _drop_log(self) -> None:
        """What stays of it would be taken for the log of whatever comes in the place of the file."""
        if _which(self.path) != self._opened and _which(f"{self.path}-wal") == self._log:
            for part in ("-wal", "-shm"):
                with suppress(OSError):
                    os.unlink(f"{self.path}{part}")

    def _read_index(self) -> _Log | None:
        if self._index is None:
            return None
        index = os.pread(self._index, _INDEX, 0)
        return index[_SALTS], index[_MOVED], index[_TO_MOVE]

    def explained(self, error: Exception) -> StoreError:
        """Puts what SQLite says in words for a person."""
        original = getattr(error, "orig", None) or error
        name = "_".join(getattr(original, "sqlite_errorname", "").split("_")[:2])
        if name == "SQLITE_BUSY" or isinstance(error, exc.TimeoutError):
            return self.busy()
        said, hint = _WORDS.get(name, (str(original), ""))
        return StoreError(f"the database {self.path} cannot be used: {said}", hint)

    def busy(self) -> StoreBusy:
        """Makes the fault of a file that another process keeps locked."""
        said = "another process keeps it locked"
        hint = "Is a backup or another tool writing to it?"
        return StoreBusy(f"the database {self.path} cannot be used: {said}", hint, said)

    def _connect(self) -> sqlite3.Connection:
        # Never rwc: a file that has gone is not made anew.
        how = _untouched(self.path) if self._looking else "mode=rw"
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?{how}", self._patience, uri=True, check_same_thread=False
        )
        if not self._looking and self._opened is None:
            self._opened = _which(self.path)
        return connection

    def _prepare(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in LOOKING_PRAGMAS if self._looking else PRAGMAS:
            connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a read lock that is to become a write lock may fail when another
    # writer came between.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _untouched(path: str) -> str:
    """How SQLite opens a file without making its log: where there is one, somebody works with it, or was
    killed while they did; where there is none, the file is as it was closed.

    RACE: somebody who begins to work with it right now is not waited for. What they write stands in the log
    for the first 8000 pages, and not in the file that is read here."""
    return "mode=ro" if os.path.exists(f"{path}-wal") else "immutable=1"


def _which(path: str) -> _Which | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
