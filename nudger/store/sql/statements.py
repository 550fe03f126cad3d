"""What statements are made of: columns of instants, conditions on any number of keys (`among`), the
database's own clock (`moment`), and one statement for many rows, at the cost of the driver alone (`Bulk`).

Instants are UTC: integer microseconds in SQLite (8 bytes, 3 x cheaper than text to write, indexes compare
them as numbers), `timestamptz` in PostgreSQL; aware on the way out.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Dialect,
    Insert,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeDecorator, TypeEngine

from nudger.domain.effects import FIRST, LAST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else DateTime(timezone=True))

    # The processors themselves, not process_bind_param and process_result_value: those cost a
    # second call for each value, and a claim reads and writes several in each row.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object]:
        return _to_microseconds if dialect.name == "sqlite" else _aware

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[Any], datetime | None]:
        return _from_microseconds if dialect.name == "sqlite" else _as_utc


def _to_microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // MICROSECOND


def _from_microseconds(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(0, 0, value)


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise TypeError(f"expected an aware datetime, got {value!r}")
    return value


def _as_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


# SQLite gives out a growing key only where the column is INTEGER.
ROW_ID = BigInteger().with_variant(Integer, "sqlite")

AnyRow = Row[*tuple[Any, ...]]
# For an UPDATE of many rows: SQLite then keeps no way back within the statement, which costs more than
# the update. A constraint that fails rolls the whole transaction back anyway.
OR_FAIL = "OR FAIL"


def reckoned(column: Column[datetime]) -> ColumnElement[bool]:
    """Leaves out what is no date, where the first or the last of all is asked for: it would answer for
    nobody."""
    return column.between(FIRST, LAST)


def day_before(at: datetime, days: int = 1) -> date:
    """Returns a local date that no zone has passed yet at `at`, `days` back: a bound for ranges of dates."""
    return at.date() - timedelta(days=days)


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
    """`column` is one of the keys of the parameter `name`, else of `<its name>_in`.

    The statement is the same for any number of keys: compiled once, and planned once. SQLAlchemy's
    IN is written anew for each number, which costs a claim of 500 as much as reading its rows.
    """

    name = "among"
    inherit_cache = True
    # Not typed Boolean: SQLAlchemy would write `... = 1` in SQLite, which no index answers.

    def __init__(self, column: Column[Any], name: str = "") -> None:
        super().__init__(column, bindparam(name or f"{column.key}_in", type_=_Keys(column.type)))


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 (SQLAlchemy's own words)


@compiles(among, "postgresql")
def _in_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({keys})"


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


_Values = dict[str, Any]
_Item = TypeVar("_Item")


def binds(*names: str) -> dict[str, BindParameter[Any]]:
    """Makes the parameters for these columns, each by its column's name."""
    return {name: bindparam(name) for name in names}


def chunks(items: Sequence[_Item], size: int) -> Sequence[Sequence[_Item]]:
    """Cuts these into pieces of at most `size`; none of nothing."""
    return [items[start : start + size] for start in range(0, len(items), size)]


class Bulk:
    """An UPDATE whose values are all parameters, or an INSERT of `columns`, for every entry of a claim.
    No row of an UPDATE is named twice.

    SQLite: SQLAlchemy compiles it once; the rows then go to the driver as they are. Its own way would
    fill in, check and copy every row anew, which costs more than SQLite takes to write it. PostgreSQL:
    one statement over arrays, where the driver would send a message for each row.
    """

    def __init__(self, statement: UpdateBase, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled = cache(self._compile)
        self._over_arrays = cache(lambda: _over_arrays(statement, columns))

    def run(self, connection: Connection, rows: Sequence[_Values]) -> None:
        """Runs it for these rows, which it may change: values become what the driver takes."""
        if not rows:
            return
        if connection.dialect.name != "sqlite" and (whole := self._over_arrays()) is not None:
            arrays = {_many(name): [row[name] for row in rows] for name in whole.names}
            connection.execute(whole.statement, arrays)
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
        """Runs it for these rows, as Bulk.run does."""
        self._of[connection.dialect.name].run(connection, rows)


@dataclass(frozen=True, slots=True)
class _OverArrays:
    """A statement that takes, for each of these names, an array with one element a row."""

    statement: UpdateBase
    names: Sequence[str]


def _over_arrays(statement: UpdateBase, columns: Sequence[str] | None) -> _OverArrays | None:
    """The same for all rows at once; None for an INSERT of expressions."""
    if not isinstance(statement, Insert):
        types = {name: bind.type for name, bind in statement.compile().binds.items() if bind.required}
    elif columns is not None:
        types = {name: statement.table.c[name].type for name in columns}
    else:
        return None
    rows = (
        func.unnest(
            *(cast(bindparam(_many(name), type_=_Many(kind)), ARRAY(kind)) for name, kind in types.items())
        )
        .table_valued(*(column(name, kind) for name, kind in types.items()), name="rows")
        .render_derived()
    )
    if isinstance(statement, Insert):
        whole: UpdateBase = insert(statement.table).from_select(list(types), select(*rows.c)).inline()
        return _OverArrays(whole, list(types))

    def in_rows(element: Any) -> Any:
        return rows.c[element.key] if isinstance(element, BindParameter) and element.key in types else None

    # Any: its types know of expressions only, and it replaces in statements all the same.
    replace: Any = replacement_traverse
    return _OverArrays(replace(statement, {}, in_rows), list(types))


def _many(name: str) -> str:
    """A parameter of its own name: SQLAlchemy would take one that is called as a column for its value."""
    return f"all_{name}"


class _Many(TypeDecorator[Sequence[Any]]):
    """Values as the text of an array: the driver takes several times as long where it has to quote."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        process = self.of.dialect_impl(dialect).bind_processor(dialect)

        def literal(values: Sequence[Any]) -> str:
            taken = values if process is None else [process(value) for value in values]
            return "{" + ",".join([_element(value) for value in taken]) + "}"

        return literal


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'"{value.isoformat()}"' if isinstance(value, date) else str(value)
