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


def migrate(database: Database) -> None:
    """Creates or upgrades the schema in one transaction; StoreError where it is not ours to touch."""
    script = ScriptDirectory(str(MIGRATIONS))
    with database.write() as connection:
        if not database.is_sqlite:
            refuse_replica(connection, database.name)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        if not _is_current(connection, script, database.name):
            command.upgrade(_config(connection), "head")


def is_current(connection: Connection, name: str) -> bool:
    """Whether there is nothing to migrate; StoreError where it is not ours to touch."""
    return _is_current(connection, ScriptDirectory(str(MIGRATIONS)), name)


def _is_current(connection: Connection, script: ScriptDirectory, name: str) -> bool:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        _refuse_strangers(connection, name)
    elif found not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(
            f"the database {name} was written by a newer nudger"
            f" (its schema is {found}, this one knows up to {script.get_current_head()})",
            "Install that version or a later one, or restore a backup from before the upgrade.",
        )
    return found == script.get_current_head()


def refuse_replica(connection: Connection, name: str) -> None:
    """StoreError where a PostgreSQL server takes no writes."""
    if connection.scalar(text("SHOW transaction_read_only")) == "on":
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
