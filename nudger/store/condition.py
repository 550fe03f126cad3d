"""Looks at a database as it stands, for `nudger doctor`."""

from dataclasses import dataclass

from sqlalchemy import func, literal_column, select

from nudger.store.database import Database
from nudger.store.migrate import is_current, refuse_replica
from nudger.store.tables import message, person


@dataclass(frozen=True, slots=True)
class Condition:
    """A database that can be opened and written."""

    name: str  # without a password
    is_current: bool  # its schema; where it is not, nothing is counted
    people: int = 0
    unknown: int = 0  # messages


def condition(database: Database) -> Condition:
    """Changes nothing, if `database` was opened for looking. StoreError where it cannot be worked with."""
    with database.write() as connection:  # takes the lock that a writer needs, and writes nothing
        if not database.is_sqlite:
            refuse_replica(connection, database.name)
        connection.rollback()  # a commit would write SQLite's header into an empty file
    with database.read() as connection:
        current = is_current(connection, database.name)
        people = select(func.count()).where(person.c.removed_at.is_(None))
        unknown = select(func.count()).where(message.c.state == literal_column("'unknown'"))
        counts = [connection.scalar(count) or 0 for count in (people, unknown)] if current else [0, 0]
    return Condition(database.name, current, *counts)
