"""What SQLAlchemy has no words for: a condition on any number of keys, given as one parameter (`among`);
the database's own clock, which of many hosts is the one that all of them go by (`moment`); and rows read
all at once or, where one of them cannot be read, each alone (`made`, `rows`).

A value that no type takes (a date that is none, left behind by a fault of long ago or by a hand) spoils
the whole answer of which it is a part.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Dialect, Select, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from nudger.agenda.set_aside import is_theirs
from nudger.store.schema.tables import AnyRow, Instant
from nudger.store.sql.database import Transaction


class _Keys(TypeDecorator[Sequence[Any]]):
    """An array in PostgreSQL, JSON text in SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.of))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> object:
        keys = list(value or ())
        return json.dumps(keys) if dialect.name == "sqlite" else keys


class among(FunctionElement[bool]):
    """`column` is one of the keys of the parameter `name`.

    The statement is the same for any number of keys: compiled once, and planned once. SQLAlchemy's
    IN is written anew for each number, which costs a claim of 500 as much as reading its rows.
    """

    name = "among"
    inherit_cache = True
    # Not typed Boolean: SQLAlchemy would write `... = 1` in SQLite, which no index answers.

    def __init__(self, column: ColumnElement[Any], name: str = "ids") -> None:
        super().__init__(column, bindparam(name, type_=_Keys(column.type)))


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 (SQLAlchemy's own words)


@compiles(among, "postgresql")
def _in_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({keys})"


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


_Made = TypeVar("_Made")


def made(
    tx: Transaction,
    statement: Select[Any],
    key: ColumnElement[Any],
    make: Callable[[AnyRow], _Made],
    values: Mapping[str, Any] | None = None,
) -> list[_Made]:
    """What `make` makes of each row, in their order; without those that cannot be read, or made. `key`
    tells the rows apart."""
    given = dict(values or {})
    try:
        return [make(row) for row in tx.connection.execute(statement, given).all()]
    except Exception as fault:
        if not is_theirs(fault):
            raise
    found = []
    for one in tx.connection.scalars(statement.with_only_columns(key), given).all():
        try:
            found.append(make(tx.connection.execute(statement.where(key == one), given).one()))
        except Exception as fault:
            if not is_theirs(fault):
                raise
    return found


def rows(tx: Transaction, statement: Select[Any], key: ColumnElement[Any]) -> Sequence[AnyRow]:
    """The rows as they are."""
    return made(tx, statement, key, lambda row: row)
