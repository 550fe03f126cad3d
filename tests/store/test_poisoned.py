"""Each value of each table spoilt in turn, on SQLite and on PostgreSQL: no duty dies of it, no page, no reply
and no command either, and the other person gets what is due to them."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Boolean, Column, Date, Float, Integer, Table, exc
from sqlalchemy.engine import make_url

from nudger.app.core import Core
from nudger.store import open_store
from nudger.store.opening.opening import url_of
from nudger.store.schema.tables import metadata
from nudger.store.sql.database import Database
from nudger.store.sql.statements import Instant
from nudger.store.state.facts import INSTANCE
from nudger.store.stores import stores_of
from tests.support.lived import JO_PHONE, Life, core_at, lived

pytestmark = pytest.mark.slow

BEYOND, NO_DATE = "1000000000000000000", "'no date'"
MOST = 2**31 - 1
# What no row can be without, or refers to another one.
KEPT = {("person", "id"), ("alarm", "key")}


# Parts of a stored plan and history: table and column, what stands there, what it becomes.
INSIDE = (
    ("plan.json", "Europe/London", "Europe/Atlantis"),
    ("plan.json", '"language":"en"', '"language":"tlh"'),
    ("plan.json", '"country":"GB"', '"country":"ZZ"'),
    ("plan.json", '"sms"', '"fax"'),
    ("plan.json", '"effort":"medium"', '"effort":"heroic"'),
    ("plan.nudges", '"13:00:00"', '"25:00:00"'),
    ("plan.nudges", '"kind":"rest"', '"kind":"dance"'),
    ("plan.nudges", '"starts":null', '"starts":"9999-12-31"'),
    ("plan.nudges", '"message":null', '"message":"{{ oops"'),
    ("plan.nudges", '"message":null', '"message":"{{ 1 / 0 }}"'),
    ("plan.nudges", '"template":null', '"template":"away.txt"'),
    ("plan.nudges", '"expires":"PT30M"', '"expires":"P999999999D"'),
    ("plan.nudges", '"snooze":"PT1H"', '"snooze":"P999999999D"'),
    ("person.history", '"2026-11-23"', '"9999-12-31"'),
    ("person.history", '"2026-11-23T', '"9999-12-31T'),
    ("person.history", '"2026-11-23T', '"0001-01-01T'),
    ("person.history", '"contacted":{}', '"contacted":{"Sam":"9999-12-31T23:59:59Z"}'),
    ("person.history", '"sent":2', '"sent":-2'),
    ("person.history", '"recent":{', '"recent":{"none":["none"],'),
)


def spoilt_values(column: Column[object], *, sqlite: bool) -> list[str]:
    """In SQL: what this column may come to hold, and is not for."""
    kind = column.type
    if isinstance(kind, Instant):
        return [BEYOND, NO_DATE] if sqlite else ["'infinity'"]
    if isinstance(kind, Date):
        return [NO_DATE, "'9999-12-31'"] if sqlite else ["'infinity'", "'9999-12-31'"]
    if isinstance(kind, Boolean):
        return ["'perhaps'"] if sqlite else []
    if isinstance(kind, Integer | Float):
        return [str(MOST), "'many'"] if sqlite else [str(MOST)]
    return ["'{'", "x'ff00fe'"] if sqlite else ["'{'"]


def columns() -> Iterator[tuple[Table, Column[object]]]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            growing = column.primary_key and isinstance(column.type, Integer)
            if not (growing or column.foreign_keys or (table.name, column.name) in KEPT):
                yield table, column


class Kept:
    """The state to which each case goes back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as connection:
            for table in metadata.sorted_tables:
                connection.exec_driver_sql(f'CREATE TABLE kept_{table.name} AS SELECT * FROM "{table.name}"')

    def put_back(self) -> None:
        with self.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.exec_driver_sql(f'DELETE FROM "{table.name}"')
            for table in metadata.sorted_tables:
                connection.exec_driver_sql(f'INSERT INTO "{table.name}" SELECT * FROM kept_{table.name}')

    def spoil(self, table: Table, column: Column[object], value: str) -> bool:
        """Of Maya's rows, or of all that are nobody's; False where none is, or may be, changed."""
        where = "TRUE"
        if "person" in table.columns:
            where = "person = 'maya'"
        elif table.name == "person":
            where = "id = 'maya'"
        elif (
            table.name == "fact"
        ):  # with another name it is another database, and nudger stops (test_file.py)
            where = f"key <> '{INSTANCE}'"
        with suppress(exc.IntegrityError, exc.DataError), self.database.write() as connection:
            changed = connection.exec_driver_sql(
                f'UPDATE "{table.name}" SET "{column.name}" = {value}'
                f' WHERE {where} AND "{column.name}" IS DISTINCT FROM {value}'
            )
            return bool(changed.rowcount)
        return False


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgresql":
        new_database: Callable[[str], str] = request.getfixturevalue("new_database")
        yield new_database("lived")
        return
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield f"sqlite:///{folder}/nudger.db"


@pytest.fixture(scope="module")
def core(url: str, tmp_path_factory: pytest.TempPathFactory) -> Core:
    return core_at(url, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def kept(url: str, core: Core) -> Iterator[Kept]:
    store = open_store(url, core.zone)
    lived(store)
    store.close()
    database = Database(url_of(url))
    yield Kept(database)
    database.close()


@pytest.mark.parametrize("name", [f"{table.name}.{column.name}" for table, column in columns()])
def test_nothing_ends_over_one_spoilt_value_and_the_other_person_is_served(
    name: str, url: str, core: Core, kept: Kept
) -> None:
    table_name, _, column_name = name.partition(".")
    table = metadata.tables[table_name]
    column = table.columns[column_name]
    failed: dict[str, dict[str, str]] = {}

    for value in spoilt_values(column, sqlite=make_url(url).get_backend_name() == "sqlite"):
        kept.put_back()
        if kept.spoil(table, column, value) and (found := _gone_through(core, kept)):
            failed[value] = found

    assert failed == {}


@pytest.mark.parametrize(("name", "old", "new"), INSIDE)
def test_nothing_ends_over_what_a_stored_plan_or_history_may_hold(
    name: str, old: str, new: str, core: Core, kept: Kept
) -> None:
    table_name, _, column_name = name.partition(".")
    table = metadata.tables[table_name]
    kept.put_back()

    assert kept.spoil(table, table.columns[column_name], f"replace({column_name}, '{old}', '{new}')")
    assert _gone_through(core, kept) == {}


def _gone_through(core: Core, kept: Kept) -> dict[str, str]:
    """What failed while all went its way, with its place; and whether Jo got what was due to them."""
    life = Life(core, stores_of(kept.database, core.zone))
    asyncio.run(life.go_through())
    failed = {what: _place(fault) for what, fault in life.failed.items()}
    if not any(sending.person == "jo" and sending.address == JO_PHONE for sending in life.sms.sent):
        failed["Jo's nudge"] = "did not go out"
    return failed


def _place(fault: Exception) -> str:
    frames = []
    trace = fault.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/nudger/" in code.co_filename and "site-packages" not in code.co_filename:
            frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(fault).__name__} {str(fault)[:80]} {' > '.join(frames[-3:])}"
