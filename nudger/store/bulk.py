"""One statement for many rows, at the cost of the driver alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect
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
        processors = {
            name: process
            for name, bind in compiled.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        return str(compiled), processors
