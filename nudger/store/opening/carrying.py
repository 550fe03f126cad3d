"""A state carried from a SQLite file to a PostgreSQL database, whole, and the old one never run again.

The order keeps it safe: the old database is closed first, for good and on the disk, then all of it is
copied in one transaction. Whenever that is cut off, one database at most can be worked with, and the
same command goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from nudger.domain.errors import StoreError, UsageError
from nudger.store.schema.tables import fact, lease, metadata, turn
from nudger.store.sql.database import Database
from nudger.store.state.facts import CARRIED, INSTANCE

CHUNK = 1000  # rows
# Of those who are alive now: nobody there is.
LEFT_BEHIND = frozenset({lease.name, turn.name})
_SEQUENCES = text("SELECT name, seq FROM sqlite_sequence")
_GROWING = text("SELECT pg_get_serial_sequence(:table, :column)")
_SET = text("SELECT setval(CAST(:sequence AS regclass), :last)")
Told = Callable[[str, int], None]  # a table, and how many of its rows are there


def carry(source: Database, target: Database, told: Told) -> dict[str, int]:
    """Carries everything over; how many rows of each table. StoreError where the target holds something
    else. Carried already: nothing is done, and the counts are those of then."""
    if not source.is_sqlite or target.is_sqlite:
        raise UsageError(
            "--to: a state is carried from a SQLite file to PostgreSQL",
            "Give it as --to postgresql://user@host/database; other ways, the databases' own tools know.",
        )
    _close(source, target)
    with source.read() as old, target.write() as new:
        if _is_there(old, new, target.name):
            return {table.name: _count(new, table) for table in _tables()}
        counts = {table.name: _copy(old, new, table, told) for table in _tables()}
        _go_on_counting(old, new)
        return counts


def _tables() -> Iterator[Table]:
    return (table for table in metadata.sorted_tables if table.name not in LEFT_BEHIND)


def _close(source: Database, target: Database) -> None:
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


def _copy(old: Connection, new: Connection, table: Table, told: Told) -> int:
    count = 0
    rows = old.execution_options(yield_per=CHUNK).execute(select(table))
    for chunk in rows.mappings().partitions(CHUNK):
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
