"""Looks at a database as it stands, for `nudger doctor`."""

import os
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal_column, select, text

from nudger.errors import StoreError
from nudger.store.database import Database
from nudger.store.migrate import head, refuse_replica, schema
from nudger.store.moments import moment
from nudger.store.tables import lease, message, missing_plan, person, set_aside

_SIZE_SQLITE = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
_SIZE_POSTGRESQL = text("SELECT pg_database_size(current_database())")


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


def condition(database: Database) -> Condition:
    """Of one that was opened for looking. StoreError where it cannot be worked with."""
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
    return all(os.access(one, os.W_OK, effective_ids=True) for one in there)


def _shared(connection: Connection) -> Shared:
    live = select(func.count()).where(lease.c.until > moment())
    at, daemons = connection.execute(select(moment(), live.scalar_subquery())).one()
    return Shared(at, daemons, bool(connection.info.get("pooled")))
