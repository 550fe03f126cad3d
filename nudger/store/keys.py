"""`among`: a condition on any number of keys, given as one parameter."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


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
