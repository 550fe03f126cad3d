"""What columns are made of: instants, growing keys, the metadata that all tables hang on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from nudger.domain.reach import FIRST, LAST

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

metadata = MetaData()

# For an UPDATE of many rows: SQLite then keeps no way back within the statement, which costs more than
# the update. A constraint that fails rolls the whole transaction back anyway.
OR_FAIL = "OR FAIL"


def of_person(*, primary_key: bool = False) -> Column[str]:
    return Column("person", Text, ForeignKey("person.id"), nullable=False, primary_key=primary_key)


def reckoned(column: Column[datetime]) -> ColumnElement[bool]:
    """For where the first or the last of all is asked for: one that is no date answers for nobody."""
    return column.between(FIRST, LAST)


def day_before(at: datetime, days: int = 1) -> date:
    """A local date that no zone has passed yet at `at`, `days` back: a bound for ranges of dates."""
    return at.date() - timedelta(days=days)
