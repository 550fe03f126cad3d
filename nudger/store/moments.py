"""The database's own clock, in SQL: of many hosts, the one that all of them go by."""

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from nudger.store.tables import Instant

MICROSECOND = timedelta(microseconds=1)


class moment(FunctionElement[Any]):
    """The database's time when the statement runs, and `ahead` of it. In SQLite the machine's."""

    name = "moment"
    inherit_cache = True
    type = Instant()

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        super().__init__(bindparam(None, ahead // MICROSECOND))


@compiles(moment, "sqlite")
def _in_sqlite(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    (ahead,) = (compiler.process(clause, **options) for clause in element.clauses)
    # The Julian day of 1970-01-01, and milliseconds of a day: SQLite counts no finer.
    return f"(CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000 + {ahead})"


@compiles(moment, "postgresql")
def _in_postgresql(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    (ahead,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(clock_timestamp() + {ahead} * interval '1 microsecond')"
