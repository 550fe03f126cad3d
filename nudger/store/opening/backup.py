"""A SQLite database copied while it is used, and put back."""

import os
import shlex
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from nudger.domain.errors import StoreError, UsageError
from nudger.store.opening.opening import look_at, open_store

DUMP = "Type: pg_dump --format=custom --file={file} {url}"
UNDUMP = (
    "Stop every nudger on it, and type: "
    "pg_restore --clean --if-exists --single-transaction --dbname={url} {file}\n"
    "  nudger notices an older database at its next start, and sends no nudge before: nudger accept-restore"
)
CHUNK = 128  # pages, 512 KiB at a time: progress is shown and a signal heard in between
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
    database = _file(url, target, DUMP)
    if not database.exists():
        raise StoreError(f"there is no database at {database}", "Start nudger once (nudger run).")
    if target.exists() and not force:
        raise UsageError(f"FILE: {target} is there already", "Name another file, or overwrite it: --force")
    with _faults(target), _beside(target) as part:
        _copy(database, part, copied)
        _demand_sound(part)
        # RACE: a file of that name made since the check is overwritten; two backups at once name the same.
        os.replace(part, target)
        _sync(target.parent)


def restore(url: str, source: Path, now: datetime) -> Path | None:
    """Puts a copy of `source` in the place of the database; gives where the replaced one is kept.

    Nothing may be using the database. `source` is checked first: whole, nudger's, and not of a newer
    nudger; its schema is brought up to date. A crash leaves the one or the other in place, never none.
    """
    database = _file(url, source, UNDUMP)
    if not source.exists():
        raise UsageError(f"FILE: there is nothing at {source}")
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _faults(source), _beside(database) as part:
        _copy(source, part, None)
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


def _file(url: str, file: Path, command: str) -> Path:
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


def _copy(source: Path, target: Path, copied: Callable[[int, int], None] | None) -> None:
    def progress(_status: int, left: int, total: int) -> None:
        if copied is not None:
            copied(left, total)

    with closing(_opened(source)) as live, closing(_opened(target)) as copy:
        # The read lock held, every chunk is of the same moment, and no writer makes it begin again.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=CHUNK, progress=progress)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, that a read-only folder can hold too
    with target.open("rb") as written:
        os.fsync(written.fileno())


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, timeout=30)


def _demand_sound(file: Path) -> None:
    with closing(_opened(file)) as copy:
        said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise StoreError(f"the database is damaged: {said}", "Keep the file, and restore an older backup.")


def _keep(database: Path, aside: Path) -> None:
    """The replaced database under another name too."""
    with suppress(sqlite3.DatabaseError), closing(_opened(database)) as replaced:
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
