"""The schema made, or brought up to this nudger's, by the migrations. Imported where that has to be done."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, migrations: Path) -> None:
    """All that is missing of `migrations`, within the transaction of this connection."""
    command.upgrade(config(connection, migrations), "head")


def config(connection: Connection, migrations: Path) -> Config:
    """What Alembic works by; `migrations/env.py` finds the connection in it."""
    found = Config()
    found.set_main_option("script_location", str(migrations).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found
