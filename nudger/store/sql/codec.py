"""Values and rows on their way in and out: plans and histories as JSON text (a strict round trip, and the
decoded plans that are kept at hand), and one statement for many rows, at the cost of the driver alone."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from threading import Lock
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
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

from nudger.domain.errors import Unreadable
from nudger.domain.model import History, Nudge, Plan
from nudger.domain.reach import checked_end, computable_date

NUDGES_KEPT = 2048  # decoded lists of nudges

_PLAN = TypeAdapter(Plan)
_NUDGES = TypeAdapter(tuple[Nudge, ...])
_HISTORY = TypeAdapter(History)
# A claim does these for everybody: the adapter's own methods would add half as much again.
_to_plan = _PLAN.validator.validate_json
_to_history = _HISTORY.validator.validate_json
_from_history = _HISTORY.serializer.to_json


def plan_to_json(plan: Plan) -> tuple[str, str]:
    """The plan without its nudges, and the nudges. Defaults too: one that changes later must not
    change what is stored."""
    head = _PLAN.dump_json(plan, exclude={"nudges"})
    return head.decode(), _NUDGES.dump_json(plan.nudges).decode()


def plan_from_json(person: str, head: str, nudges: str) -> Plan:
    """People of one roster or one shared plan have the same nudges: those are decoded once and shared,
    which makes the rest cost a quarter, and a plan kept at hand a tenth of the memory."""
    try:
        plan: Plan = _to_plan(head, strict=True)
        # Nobody has seen it yet. `replace` would take as long as all of the decoding.
        object.__setattr__(plan, "nudges", _nudges(nudges))
    except ValidationError as error:
        raise _unreadable("plan", person, error) from None
    return plan


def key_of(head: object, key: str) -> str | None:
    """One text of a stored plan; None where it has none, or cannot be read."""
    try:
        value = json.loads(head)[key] if isinstance(head, str) else None
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else None


@lru_cache(maxsize=NUDGES_KEPT)
def _nudges(text: str) -> tuple[Nudge, ...]:
    return _NUDGES.validate_json(text, strict=True)


def history_to_json(history: History) -> str:
    return _from_history(history).decode()


_NO_HISTORY = History()
_NO_HISTORY_TEXT = history_to_json(_NO_HISTORY)


def history_from_json(person: str, text: str) -> History:
    if text == _NO_HISTORY_TEXT:  # of everyone who is new
        return _NO_HISTORY
    try:
        history: History = _to_history(text, strict=True)
        return _reckoned(history)
    except ValueError as error:  # pydantic's is one too
        raise _unreadable("history", person, error) from None


def _reckoned(history: History) -> History:
    """The history, with which the gate works out what comes next. Raises ValueError where it cannot."""
    for at in (history.last_at, history.shown_at, *history.contacted.values()):
        checked_end(at)
    if history.on is not None and not computable_date(history.on):
        raise ValueError("expected a local date that can be reckoned with")
    return history


def _unreadable(what: str, person: str, error: ValueError) -> Unreadable:
    # Where it is wrong, and not the value: that may be a phone number.
    found = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ("its instants",)
    where = ".".join(str(part) for part in found)
    return Unreadable(
        f"the stored {what} of {person} cannot be read (at {where or 'its start'})",
        "Was the database written by another version of nudger? Change the plan's file a little and"
        " reload, or restore a backup.",
    )


class PlanCache:
    """The plans decoded last, at most `size` of them, by person and digest."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._plans: OrderedDict[str, tuple[str, Plan]] = OrderedDict()
        self._lock = Lock()  # verbs run in several threads

    def get(self, digests: Mapping[str, str]) -> dict[str, Plan]:
        """Those of these people's plans that are at hand under their digest."""
        found = {}
        with self._lock:
            for person, digest in digests.items():
                kept = self._plans.get(person)
                if kept is not None and kept[0] == digest:
                    self._plans.move_to_end(person)
                    found[person] = kept[1]
        return found

    def put(self, plans: Sequence[tuple[str, Plan]]) -> None:
        """Keeps plans, each with its digest, in place of the oldest."""
        with self._lock:
            for digest, plan in plans:
                self._plans[plan.person] = (digest, plan)
                self._plans.move_to_end(plan.person)
            while len(self._plans) > self._size:
                self._plans.popitem(last=False)

    def drop(self, person: str) -> None:
        with self._lock:
            self._plans.pop(person, None)


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
