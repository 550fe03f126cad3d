"""One statement for many rows, at the cost of the driver alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    Insert,
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
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = dict[str, Any]
_Item = TypeVar("_Item")


def chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """The same, in pieces of at most `size`; none of nothing."""
    return (items[start : start + size] for start in range(0, len(items), size))


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

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
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
        """As Bulk.run."""
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
