"""Opening a store by its URL: the schema brought up to this nudger's, by whichever of several starting
daemons comes first; and a look at a database as it stands, for `nudger doctor`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    func,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from nudger.domain.errors import StoreError
from nudger.store.schema.shared import fact, lease
from nudger.store.schema.tables import message, metadata, missing_plan, person, set_aside
from nudger.store.sql.database import BUSY_SECONDS, Database
from nudger.store.sql.statements import moment
from nudger.store.state.facts import CARRIED
from nudger.store.stores import Stores, stores_of

MIGRATIONS = Path(__file__).parent.parent / "schema" / "migrations"
# Oldest first. By the files' names: Alembic costs a tenth of a second, and few starts have to upgrade.
REVISIONS = tuple(sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v*.py")))
# Any number, as long as every nudger takes the same: two daemons that start at once take turns.
ADVISORY_LOCK = 0x6E756467
_TAKES_NO_WRITES = text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
)


def migrate(database: Database, *, create: bool = True) -> None:
    """Creates or upgrades the schema in one transaction; StoreError where it is not ours to touch, and,
    with `create` off, where there is none."""
    with database.write() as connection:
        if not database.is_sqlite:
            refuse_replica(connection, database.name)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        found = schema(connection, database.name)
        if found is None and not create:
            raise missing(database.name)
        if found is None:
            _create(connection)
        elif found != head():
            upgrade(connection)


_version = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def _create(connection: Connection) -> None:
    """Makes all tables at once, as the migrations would one after the other: it saves a first start Alembic
    and six megabytes. A test compares what both make."""
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(_version.insert().values(version_num=head()))
    if connection.dialect.name == "sqlite":
        # Lines of messages and of replies are counted here, from the first on.
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', 0)"))


def upgrade(connection: Connection, to: str = "head") -> None:
    """Brings the schema up to this revision, within the transaction of this connection. `migrations/env.py`
    finds the connection in Alembic's configuration."""
    from alembic import command, config  # noqa: PLC0415 (a tenth of a second, which few starts have to take)

    by = config.Config()
    by.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    by.attributes["connection"] = connection
    command.upgrade(by, to)


def missing(name: str) -> StoreError:
    """Makes the fault of a database that was worked with before. A new one in its place would know nobody's
    STOP."""
    return StoreError(
        f"the database {name} is gone, with all that it knew: who said STOP, who agreed, what went out",
        "Put it back: mount its disk, or nudger restore FILE. A new one is made only once nothing remembers "
        "this one: if it is lost for good, remove high-water.json from NUDGER_STATE_DIR.",
    )


def demand_current(database: Database) -> None:
    """Raises StoreError, with what to do, where the schema is another than this nudger's."""
    with database.read() as connection:
        found = schema(connection, database.name)
    if found is None:
        raise StoreError(f"the database {database.name} is empty", "Start nudger once: nudger run")
    if found != head():
        raise StoreError(
            f"the database {database.name} is of an older nudger"
            f" (its schema is {found}, this nudger's {head()})",
            "Start this nudger, which brings it up to date: systemctl restart nudger. Until then use the "
            "commands of the one that runs.",
        )


def head() -> str:
    """Returns the revision that this nudger works with."""
    return REVISIONS[-1]


def schema(connection: Connection, name: str) -> str | None:
    """Returns the revision of a database's schema; None where it is empty.

    Raises:
        StoreError: It is not ours to touch.
    """
    found = _revision(connection)
    if found is None:
        _refuse_strangers(connection, name)
    elif found not in REVISIONS:
        raise StoreError(
            f"the database {name} was written by a newer nudger"
            f" (its schema is {found}, this one knows up to {head()})",
            "Install that version or a later one, or restore a backup from before the upgrade.",
        )
    return found


def _revision(connection: Connection) -> str | None:
    """What Alembic has written down; it keeps it so (alembic.runtime.migration)."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def refuse_replica(connection: Connection, name: str) -> None:
    """Raises StoreError where a PostgreSQL server takes no writes, whatever this transaction is for."""
    if connection.scalar(_TAKES_NO_WRITES):
        raise StoreError(
            f"the database {name} cannot be written: it is read-only",
            "Is this a replica? Point DATABASE_URL at the primary.",
        )


def _refuse_strangers(connection: Connection, name: str) -> None:
    tables = inspect(connection).get_table_names()
    if tables:
        raise StoreError(
            f"the database {name} belongs to something else (it has a table {sorted(tables)[0]!r})",
            "Check DATABASE_URL; nudger wants a database of its own.",
        )


FORMS = "Use sqlite:///folder/nudger.db, or postgresql://user:password@host/nudger."


def open_store(
    url: str,
    zone: Callable[[str], tzinfo] = ZoneInfo,
    *,
    create: bool = True,
    patience: float = BUSY_SECONDS,
) -> Stores:
    """Opens the store at `url` for a daemon, and brings its schema up to date.

    Args:
        url: Of a SQLite file or of a PostgreSQL database.
        zone: Makes one of a plan's timezone.
        create: Whether it is made where nothing is there.
        patience: Seconds that a writer waits for others, before it is StoreBusy.

    Raises:
        StoreError: It cannot be opened, is not nudger's, is read-only, or is newer than this nudger; it
        says what
            to do. With `create` off: nothing is there.
    """
    parsed = url_of(url)
    if parsed.get_backend_name() == "sqlite":
        _prepare_file(Path(str(parsed.database)), create)
    database = database_at(parsed, patience=patience)
    return _opened(database, zone, lambda database: migrate(database, create=create))


def open_beside(url: str, zone: Callable[[str], tzinfo] = ZoneInfo) -> Stores:
    """Opens the store at `url` for a command that changes something, perhaps beside a daemon that runs:
    nothing is made and nothing migrated.

    Raises:
        StoreError: As `open_store`; and it is not there, or not as this nudger keeps it.
    """
    parsed = url_of(url)
    _demand_file(parsed)
    return _opened(database_at(parsed), zone, demand_current)


def open_to_look(url: str, zone: Callable[[str], tzinfo] = ZoneInfo) -> Stores:
    """Opens the store at `url` for looking alone: of a file and its folder nothing is changed, made or
    locked.

    Raises:
        StoreError: As `open_beside`.
    """
    parsed = url_of(url)
    _demand_file(parsed)
    return _opened(database_at(parsed, looking=True), zone, demand_current)


def _opened(database: Database, zone: Callable[[str], tzinfo], prepare: Callable[[Database], None]) -> Stores:
    try:
        prepare(database)
        _refuse_carried(database)
    except BaseException:
        database.close()
        raise
    return stores_of(database, zone)


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
    """Returns how the database at `url` is called, without a password, wherever it is asked from."""
    parsed = url_of(url)
    if parsed.get_backend_name() == "sqlite":
        return str(Path(str(parsed.database)).absolute())
    return parsed.difference_update_query(["password"]).render_as_string(hide_password=True)


@dataclass(frozen=True, slots=True)
class Shared:
    """What hosts on one server share."""

    time: datetime  # by its clock
    daemons: int  # that live
    pooled: bool  # reached through a pooler that keeps no session


@dataclass(frozen=True, slots=True)
class Condition:
    """A database that can be opened and written."""

    name: str  # without a password
    is_current: bool  # its schema; where it is not, nothing is counted
    people: int = 0
    unknown: int = 0  # messages
    size: int = 0  # bytes on the disk, indexes and all
    shared: Shared | None = None  # None: a file, or a schema that is not current
    schema: str | None = None  # its revision; None: it is empty
    set_aside: tuple[str, ...] = ()  # whom nudger fails over
    missing: int = 0  # people whose plan was lost with most others, and who are nudged on


def look_at(url: str) -> Condition:
    """Returns the state of the database at `url`, which has to be there; nothing of it is changed, made or
    locked.

    Raises:
        StoreError: It cannot be opened, read or written, or is not nudger's; it says what to do.
    """
    parsed = url_of(url)
    _demand_file(parsed)
    database = database_at(parsed, looking=True)
    try:
        return condition(database)
    finally:
        database.close()


def database_at(url: URL, *, looking: bool = False, patience: float = BUSY_SECONDS) -> Database:
    """Connects to the database at this URL. StoreError where PostgreSQL's driver is not installed."""
    try:
        return Database(url, looking=looking, patience=patience)
    except ImportError:
        raise StoreError(
            "PostgreSQL needs the package psycopg, which is not installed",
            "Install it with: pip install 'nudger[fleet]'",
        ) from None


def url_of(url: str) -> URL:
    """Reads a database's URL, and names the driver that nudger takes.

    Raises:
        StoreError: It is none that nudger speaks.
    """
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


_SIZE_SQLITE = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
_SIZE_POSTGRESQL = text("SELECT pg_database_size(current_database())")


def condition(database: Database) -> Condition:
    """Returns the state of a database that was opened for looking.

    Raises:
        StoreError: It cannot be worked with.
    """
    people = unknown = missing = size = 0
    aside: tuple[str, ...] = ()
    shared = None
    with database.read() as connection:
        found = schema(connection, database.name)
        if not database.is_sqlite:
            refuse_replica(connection, database.name)
        elif not _may_be_written(database.name):
            raise StoreError(
                f"the database {database.name} is read-only",
                "Check that this user may write to the file and its folder.",
            )
        if found == head():
            people = connection.scalar(select(func.count()).where(person.c.removed_at.is_(None))) or 0
            is_unknown = message.c.state == literal_column("'unknown'")
            unknown = connection.scalar(select(func.count()).where(is_unknown)) or 0
            aside = tuple(connection.scalars(select(set_aside.c.person).order_by(set_aside.c.person)))
            missing = connection.scalar(select(func.count()).select_from(missing_plan)) or 0
            size = connection.scalar(_SIZE_SQLITE if database.is_sqlite else _SIZE_POSTGRESQL) or 0
            shared = None if database.is_sqlite else _shared(connection)
    return Condition(database.name, found == head(), people, unknown, size, shared, found, aside, missing)


def _may_be_written(file: str) -> bool:
    """By this user, on this disk: asked, not tried."""
    there = (file, os.path.dirname(os.path.abspath(file)))
    return all(os.access(path, os.W_OK, effective_ids=True) for path in there)


def _shared(connection: Connection) -> Shared:
    live = select(func.count()).where(lease.c.until > moment())
    at, daemons = connection.execute(select(moment(), live.scalar_subquery())).one()
    return Shared(at, daemons, bool(connection.info.get("pooled")))
