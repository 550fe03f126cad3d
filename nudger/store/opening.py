"""Opening a store by its URL."""

import os
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from nudger.errors import StoreError
from nudger.store.carrying import Told, carry
from nudger.store.condition import Condition, condition
from nudger.store.database import BUSY_SECONDS, Database
from nudger.store.facts import CARRIED
from nudger.store.migrate import demand_current, migrate, missing
from nudger.store.sqlstore import SqlStore
from nudger.store.tables import fact

FORMS = "Use sqlite:///folder/nudger.db, or postgresql://user:password@host/nudger."


def open_store(
    url: str,
    zone: Callable[[str], tzinfo] = ZoneInfo,
    *,
    create: bool = True,
    patience: float = BUSY_SECONDS,
) -> SqlStore:
    """The store at `url` for a daemon, its schema brought up to date. `zone` makes one of a plan's timezone.

    Raises StoreError, with what to do, where it cannot be opened, is not nudger's, is read-only, or
    is newer than this nudger; and, with `create` off, where nothing is there. `patience`: how many seconds a
    writer waits for others, before it is StoreBusy.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        _prepare_file(Path(str(parsed.database)), create)
    database = _database(parsed, patience=patience)
    return _opened(database, zone, lambda database: migrate(database, create=create))


def open_beside(url: str, zone: Callable[[str], tzinfo] = ZoneInfo) -> SqlStore:
    """The store at `url` for a command that changes something, perhaps beside a daemon that runs: nothing is
    made and nothing migrated. StoreError also where it is not there, or not as this nudger keeps it."""
    parsed = _parsed(url)
    _demand_file(parsed)
    return _opened(_database(parsed), zone, demand_current)


def open_to_look(url: str, zone: Callable[[str], tzinfo] = ZoneInfo) -> SqlStore:
    """The same for looking alone: of a file and its folder nothing is changed, made or locked."""
    parsed = _parsed(url)
    _demand_file(parsed)
    return _opened(_database(parsed, looking=True), zone, demand_current)


def _opened(
    database: Database, zone: Callable[[str], tzinfo], prepare: Callable[[Database], None]
) -> SqlStore:
    try:
        prepare(database)
        _refuse_carried(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database, zone)


def carry_over(url: str, target_url: str, told: Told) -> tuple[str, dict[str, int]]:
    """The state at `url`, a SQLite file that nobody works with, carried to PostgreSQL: the name of that
    database, and how many rows of each table. StoreError and UsageError say why not."""
    source, target = _database(_parsed(url)), _database(_parsed(target_url))
    try:
        migrate(source)
        if not target.is_sqlite:
            migrate(target)
        return target.name, carry(source, target, told)
    finally:
        source.close()
        target.close()


def _refuse_carried(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.read() as connection:
        where = connection.scalar(select(fact.c.value).where(fact.c.key == CARRIED))
    if where is not None:
        raise StoreError(
            f"the database {database.name} was carried to {where}, and is not worked with any more",
            f"Set NUDGER_DATABASE_URL to that one. If the carrying was cut off: nudger migrate --to {where}",
        )


def name_of(url: str) -> str:
    """How the database at `url` is called, without a password, wherever it is asked from."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return str(Path(str(parsed.database)).absolute())
    return parsed.difference_update_query(["password"]).render_as_string(hide_password=True)


def look_at(url: str) -> Condition:
    """The state of the database at `url`, which has to be there; nothing of it is changed, made or locked.

    Raises StoreError, with what to do, where it cannot be opened, read or written, or is not nudger's.
    """
    parsed = _parsed(url)
    _demand_file(parsed)
    database = _database(parsed, looking=True)
    try:
        return condition(database)
    finally:
        database.close()


def _database(url: URL, *, looking: bool = False, patience: float = BUSY_SECONDS) -> Database:
    try:
        return Database(url, looking=looking, patience=patience)
    except ImportError:
        raise StoreError(
            "PostgreSQL needs the package psycopg, which is not installed",
            "Install it with: pip install 'nudger[fleet]'",
        ) from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not quoted: it may hold a password.
        raise StoreError("the database URL cannot be understood", FORMS) from None
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise StoreError(f"the database URL begins with {kind!r}, which nudger does not speak", FORMS)
    if parsed.database in (None, "", ":memory:"):
        raise StoreError("the database URL names no file", FORMS)
    return parsed.set(drivername="sqlite+pysqlite")


def _demand_file(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise StoreError(
            f"there is no database at {url.database}", "Start nudger once (nudger run), or check STATE_DIR."
        )


def _prepare_file(path: Path, create: bool) -> None:
    """An empty file that nobody but its owner reads (SQLite gives its log the same rights)."""
    if not create and not (path.exists() and path.stat().st_size):
        raise missing(str(path))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be opened: {error.strerror}",
            "Check that the folder exists and that this user may write there.",
        ) from None
