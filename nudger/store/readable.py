"""Rows read all at once; where one of them cannot be read, each alone, and the others all the same.

A value that no type takes (a date that is none, left behind by a fault of long ago or by a hand) spoils the
whole answer of which it is a part.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select

from nudger.delivery.set_aside import is_theirs
from nudger.store.tables import AnyRow
from nudger.store.transaction import Transaction

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
