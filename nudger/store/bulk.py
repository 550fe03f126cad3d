"""One statement for many rows, at the cost of the driver alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase


class Bulk:
    """An UPDATE whose values are all parameters, or an INSERT of `columns`, for every entry of a claim.

    SQLAlchemy compiles it once for each dialect; the rows then go to the driver as they are. Its own
    way would fill in, check and copy every row anew, which costs more than SQLite takes to write it.
    """

    def __init__(self, statement: UpdateBase, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled = cache(self._compile)

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Runs it for these rows, which it may change: values become what the driver takes."""
        if not rows:
            return
        sql, processors = self._compiled(connection.dialect)
        for name, process in processors.items():
            for row in rows:
                row[name] = process(row[name])
        connection.exec_driver_sql(sql, list(rows))

    def _compile(self, dialect: Dialect) -> tuple[str, Mapping[str, Callable[[Any], Any]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        processors = {}
        for name, bind in compiled.binds.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                # Rows of one statement have few dates, and SQLAlchemy takes 3 us to write one.
                processors[name] = lru_cache(process) if isinstance(bind.type, Date) else process
        return str(compiled), processors


class NewRows:
    """An INSERT for many rows that leaves alone what is there under the same key."""

    def __init__(self, table: Table, values: Mapping[str, ColumnElement[Any]]) -> None:
        """`values` by column: parameters, and what is the same in all rows as it stands in SQL."""
        # `inline`: nobody asks for the ids that rows are given.
        self._of = {
            "sqlite": Bulk(sqlite.insert(table).on_conflict_do_nothing().values(values).inline()),
            "postgresql": Bulk(postgresql.insert(table).on_conflict_do_nothing().values(values).inline()),
        }

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """As Bulk.run."""
        self._of[connection.dialect.name].run(connection, rows)
