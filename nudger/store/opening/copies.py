"""A SQLite database copied while it is used, and put back; and a state carried from such a file to a
PostgreSQL database, whole, and the old one never run again.

The order of carrying keeps it safe: the old database is closed first, for good and on the disk, then all of
it is copied in one transaction. Whenever that is cut off, one database at most can be worked with, and the
same command goes on.
"""

import os
import shlex
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.engine import make_url

from nudger.domain.errors import StoreError, UsageError
from nudger.store.opening.opening import database_at, look_at, migrate, open_store, url_of
from nudger.store.schema.shared import fact, lease, turn
from nudger.store.schema.tables import metadata
from nudger.store.sql.database import Database
from nudger.store.state.facts import CARRIED, INSTANCE

DUMP = "Type: pg_dump --format=custom --file={file} {url}"
UNDUMP = (
    "Stop every nudger on it, and type: "
    "pg_restore --clean --if-exists --single-transaction --dbname={url} {file}\n"
    "  nudger notices an older database at its next start, and sends no nudge before: nudger accept-restore"
)
PAGES = 128  # pages, 512 KiB at a time: progress is shown and a signal heard in between
LOGS = ("-wal", "-shm")  # what SQLite keeps beside a database


def back_up(
    url: str, target: Path, *, force: bool = False, copied: Callable[[int, int], None] | None = None
) -> None:
    """Copies the database as it is at one moment to `target`, readable by its owner alone, checked.

    `target` is whole or not there, and is overwritten by `force` alone. Writers go on meanwhile: the copy
    reads one snapshot of the write-ahead log, which grows until it is done. `copied` is told pages left
    and pages in all. StoreError, with what to do, where it cannot be read or written; UsageError where a
    server keeps the database.
    """
    database = _file_of(url, target, DUMP)
    if not database.exists():
        raise StoreError(f"there is no database at {database}", "Start nudger once (nudger run).")
    if target.exists() and not force:
        raise UsageError(f"FILE: {target} is there already", "Name another file, or overwrite it: --force")
    with _faults(target), _beside(target) as part:
        _copy_file(database, part, copied)
        _demand_sound(part)
        # RACE: a file of that name made since the check is overwritten; two backups at once name the same.
        os.replace(part, target)
        _sync(target.parent)


def restore(url: str, source: Path, now: datetime) -> Path | None:
    """Puts a copy of `source` in the place of the database; gives where the replaced one is kept.

    Nothing may be using the database. `source` is checked first: whole, nudger's, and not of a newer
    nudger; its schema is brought up to date. A crash leaves the one or the other in place, never none.
    """
    database = _file_of(url, source, UNDUMP)
    if not source.exists():
        raise UsageError(f"FILE: there is nothing at {source}")
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _faults(source), _beside(database) as part:
        _copy_file(source, part, None)
        _demand_sound(part)
        look_at(f"sqlite:///{part}")
        open_store(f"sqlite:///{part}").close()
        replaced = database.exists()
        if replaced:
            _keep(database, aside)
        _put_logs_aside(database, aside)
        os.replace(part, database)
        _sync(database.parent)
    return aside if replaced else None


def _file_of(url: str, file: Path, command: str) -> Path:
    """The SQLite file; UsageError, with what to type instead, where there is none."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Path(str(parsed.database))
    # The password stays out of it: libpq asks for it, or finds it in ~/.pgpass.
    plain = parsed._replace(drivername="postgresql", password=None).difference_update_query(["password"])
    raise UsageError(
        "the database is a PostgreSQL server's, which has its own tools for this",
        command.format(file=shlex.quote(str(file)), url=shlex.quote(plain.render_as_string())),
    )


def _copy_file(source: Path, target: Path, copied: Callable[[int, int], None] | None) -> None:
    def progress(_status: int, left: int, total: int) -> None:
        if copied is not None:
            copied(left, total)

    with closing(_file_opened(source)) as live, closing(_file_opened(target)) as copy:
        # The read lock held, every chunk is of the same moment, and no writer makes it begin again.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=PAGES, progress=progress)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, that a read-only folder can hold too
    with target.open("rb") as written:
        os.fsync(written.fileno())


def _file_opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, timeout=30)


def _demand_sound(file: Path) -> None:
    with closing(_file_opened(file)) as copy:
        said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise StoreError(f"the database is damaged: {said}", "Keep the file, and restore an older backup.")


def _keep(database: Path, aside: Path) -> None:
    """The replaced database under another name too."""
    with suppress(sqlite3.DatabaseError), closing(_file_opened(database)) as replaced:
        replaced.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.link(database, aside)


def _put_logs_aside(database: Path, aside: Path) -> None:
    """A log that a damaged or deleted database left would be taken for the new one's."""
    for log in LOGS:
        with suppress(FileNotFoundError):
            os.replace(f"{database}{log}", f"{aside}{log}")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file of a name of its own in the same folder, nobody else's to read; gone unless it was moved."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        for left in (part, *(Path(f"{part}{log}") for log in LOGS)):
            left.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise StoreError(
            f"{file}: the database cannot be copied: {fault}", "Check the file and the disk."
        ) from None
    except OSError as fault:
        raise StoreError(
            f"{fault.filename or file} cannot be written: {fault.strerror}",
            "Check that the folder exists, has room, and that this user may write there.",
        ) from None


ROWS = 1000  # rows
# Of those who are alive now: nobody there is.
LEFT_BEHIND = frozenset({lease.name, turn.name})
_SEQUENCES = text("SELECT name, seq FROM sqlite_sequence")
_GROWING = text("SELECT pg_get_serial_sequence(:table, :column)")
_SET = text("SELECT setval(CAST(:sequence AS regclass), :last)")
Told = Callable[[str, int], None]  # a table, and how many of its rows are there


def carry_over(url: str, target_url: str, told: Told) -> tuple[str, dict[str, int]]:
    """Carries the state at `url`, a SQLite file that nobody works with, to PostgreSQL.

    Returns:
        The name of that database, and how many rows of each table.

    Raises:
        StoreError, UsageError: It cannot be; they say why not.
    """
    source, target = database_at(url_of(url)), database_at(url_of(target_url))
    try:
        migrate(source)
        if not target.is_sqlite:
            migrate(target)
        return target.name, carry(source, target, told)
    finally:
        source.close()
        target.close()


def carry(source: Database, target: Database, told: Told) -> dict[str, int]:
    """Carries everything over; how many rows of each table. StoreError where the target holds something
    else. Carried already: nothing is done, and the counts are those of then."""
    if not source.is_sqlite or target.is_sqlite:
        raise UsageError(
            "--to: a state is carried from a SQLite file to PostgreSQL",
            "Give it as --to postgresql://user@host/database; other ways, the databases' own tools know.",
        )
    _close_for_good(source, target)
    with source.read() as old, target.write() as new:
        if _is_there(old, new, target.name):
            return {table.name: _count(new, table) for table in _tables()}
        counts = {table.name: _copy_table(old, new, table, told) for table in _tables()}
        _go_on_counting(old, new)
        return counts


def _tables() -> Iterator[Table]:
    return (table for table in metadata.sorted_tables if table.name not in LEFT_BEHIND)


def _close_for_good(source: Database, target: Database) -> None:
    """From here on nobody opens it to work with it: see `opening`."""
    with source.write() as old:
        before = old.scalar(select(fact.c.value).where(fact.c.key == CARRIED))
        if before not in (None, target.name):
            raise StoreError(
                f"the database {source.name} was carried to {before} already",
                "Work with that one. What has happened since then, this one does not know.",
            )
        if before is None:
            old.execute(insert(fact).values(key=CARRIED, value=target.name))


def _is_there(old: Connection, new: Connection, name: str) -> bool:
    mine = select(fact.c.value).where(fact.c.key == INSTANCE)
    known, found = old.scalar(mine), new.scalar(mine)
    if found is not None and found == known:
        return True
    full = [table.name for table in _tables() if _count(new, table)]
    if full:
        raise StoreError(
            f"the database {name} is not empty: it has rows in {', '.join(full[:5])}",
            "Carry into a new one: createdb nudger",
        )
    return False


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _copy_table(old: Connection, new: Connection, table: Table, told: Told) -> int:
    count = 0
    rows = old.execution_options(yield_per=ROWS).execute(select(table))
    for chunk in rows.mappings().partitions(ROWS):
        these = [_clean(row) for row in chunk if not (table is fact and row["key"] == CARRIED)]
        if these:
            new.execute(insert(table), these)
        count += len(these)
        told(table.name, count)
    return count


def _clean(row: Any) -> dict[str, Any]:
    """PostgreSQL keeps no NUL in a text, which SQLite does."""
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in row.items()}


def _go_on_counting(old: Connection, new: Connection) -> None:
    """No number is given twice: links and cursors name them, whatever was deleted since."""
    highest = {row.name: row.seq for row in old.execute(_SEQUENCES)}
    for table in _tables():
        for key in _growing(table):
            sequence = new.scalar(_GROWING, {"table": table.name, "column": key})
            if sequence is not None:
                last = max(highest.get(table.name, 0), new.scalar(select(func.max(table.c[key]))) or 0)
                if last:
                    new.execute(_SET, {"sequence": sequence, "last": last})


def _growing(table: Table) -> Sequence[str]:
    return [column.name for column in table.primary_key.columns if column.identity is not None]
