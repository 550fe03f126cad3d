"""The schema brought up to this nudger's, by whichever of several starting daemons comes first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from nudger.errors import StoreError
from nudger.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"

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
        if found != head():
            command.upgrade(_config(connection), "head")


def missing(name: str) -> StoreError:
    """Of a database that was worked with before. A new one in its place would know nobody's STOP."""
    return StoreError(
        f"the database {name} is gone, with all that it knew: who said STOP, who agreed, what went out",
        "Put it back: mount its disk, or nudger restore FILE. A new one is made only once nothing remembers "
        "this one: if it is lost for good, remove high-water.json from NUDGER_STATE_DIR.",
    )


def demand_current(database: Database) -> None:
    """StoreError, with what to do, where the schema is another than this nudger's."""
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


def head() -> str | None:
    """The revision that this nudger works with."""
    return _script().get_current_head()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def schema(connection: Connection, name: str) -> str | None:
    """The revision of its schema; None where it is empty. StoreError where it is not ours to touch."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        _refuse_strangers(connection, name)
    elif found not in {revision.revision for revision in _script().walk_revisions()}:
        raise StoreError(
            f"the database {name} was written by a newer nudger"
            f" (its schema is {found}, this one knows up to {head()})",
            "Install that version or a later one, or restore a backup from before the upgrade.",
        )
    return found


def refuse_replica(connection: Connection, name: str) -> None:
    """StoreError where a PostgreSQL server takes no writes, whatever this transaction is for."""
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


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
