"""A database of an older nudger, with people in it, brought up to this one: nothing lost, nothing sent twice.

`old/v0001.sql` was written by the nudger of the first schema: what each state of an entry leaves behind. A
database of each later version is made from it by the migrations up to that one.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Date, DateTime, MetaData, Table, insert, text
from sqlalchemy.types import Boolean

from nudger.domain.effects import Resume
from nudger.domain.model import ChannelName
from nudger.store import open_store
from nudger.store.opening.opening import MIGRATIONS, REVISIONS, upgrade, url_of
from nudger.store.schema.tables import metadata
from nudger.store.sql.database import Database
from nudger.store.sql.statements import EPOCH
from tests.support.worlds.store import HOUR, MINUTE, NOON, World, plan, slot

pytestmark = pytest.mark.slow

OLD = Path(__file__).parent / "old" / "v0001.sql"
VERSIONS = sorted(one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
FIRST_DUE = NOON - 3 * HOUR
# 2 is of unknown end, 5 was being sent when the machine stopped, and comes back as unknown.
STATES = ["sent", "unknown", "suppressed", "sent", "sending", "planned", "planned", "planned"]


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def version() -> str:
    return "0001"


@pytest.fixture
def old(request: pytest.FixtureRequest, tmp_path: Path, kind: str, version: str) -> str:
    """The URL of a database of this version, on this kind of server."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/nudger.db"
        with closing(sqlite3.connect(tmp_path / "nudger.db")) as file:
            file.executescript(OLD.read_text())
    else:
        new_database: Callable[[str], str] = request.getfixturevalue("new_database")
        url = new_database(f"old_{uuid4().hex}")
    database = Database(url_of(url))
    with database.write() as connection:
        if kind == "postgresql":
            upgrade(connection, "0001")
            copy(connection)
        upgrade(connection, version)
    database.close()
    return url


def copy(connection: Connection) -> None:
    """The same rows in PostgreSQL, as its nudger would have written them."""
    tables = MetaData()
    tables.reflect(connection)
    with closing(sqlite3.connect(":memory:")) as source:
        source.row_factory = sqlite3.Row
        source.executescript(OLD.read_text())
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = source.execute(f"SELECT * FROM {table.name}").fetchall()
                copy_rows(connection, table, [dict(row) for row in rows])


def copy_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    connection.execute(insert(table), [{name: value(table, name, row[name]) for name in row} for row in rows])
    for column in table.columns:
        if column.identity is not None:
            following = f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), 100)"
            connection.execute(text(following))


def value(table: Table, name: str, kept: Any) -> Any:
    """SQLite's integers are instants and booleans; its texts are dates."""
    kind = table.columns[name].type
    if kept is None:
        return None
    if isinstance(kind, DateTime):
        return EPOCH + timedelta(microseconds=kept)
    if isinstance(kind, Boolean):
        return bool(kept)
    return date.fromisoformat(kept) if isinstance(kind, Date) else kept


@pytest.fixture
def world(old: str) -> World:
    """What this nudger makes of it."""
    made = World(open_store(old))
    made.now = NOON
    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_that_was_known_is_lost(old: str, world: World) -> None:
    assert world.states() == STATES
    assert world.states("sam") == ["cancelled"]
    assert [line.text for line in world.store.people.conversation(person="maya")] == [
        *["A small rest nudge."] * 3,
        "text 1",
        "text 2",
        "Again at two.",
        "A small rest nudge.",
    ]
    assert {entry.what for entry in world.store.people.log("kim")} == {
        "paused",
        "operator: pause",
        "plan added",
    }
    assert world.person("sam").standing.opted_out == {ChannelName.EMAIL}
    assert world.person("kim").standing.paused(NOON)
    assert world.person().standing.consented == {ChannelName.SMS, ChannelName.EMAIL}
    assert world.person().history.sent == 3
    assert world.store.overview.faulty_files() == ["plans/lee.toml"]
    assert world.store.facts.remember("first_start", "now") == NOON.isoformat()
    world.store.close()
    assert differences(old) == []


def differences(url: str) -> list[Any]:
    """Between its tables and those of a new database."""
    database = Database(url_of(url))
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    database.close()
    return list(found)


def test_what_was_sent_is_not_sent_again_and_what_is_due_is_sent_once(world: World) -> None:
    slots = [slot(FIRST_DUE + number * 30 * MINUTE, number + 1) for number in range(7)]
    assert world.store.sending.recover("here", NOON) == 1
    world.lay_out("maya", *slots, afresh=True)

    went = world.deliver()
    world.lay_out("maya", *slots, afresh=True)

    assert [sending.occurrence for sending in went] == [6, 7]
    assert world.deliver() == []
    assert world.states() == ["sent", "unknown", "suppressed", "sent", "unknown", "sent", "sent", "planned"]
    world.store.close()


def test_people_go_on_as_before(world: World) -> None:
    world.load(plan(), plan("sam"), plan("kim"))
    world.act(Resume(), person="kim")
    world.text(provider_id="IN1")  # known: once more changes nothing
    world.text(provider_id="IN3")

    assert not world.person("kim").standing.paused(NOON)
    assert world.store.people.conversation(person="maya")[-1].text == "text 2"
    assert world.store.overview.status(datetime(2026, 11, 23, 18, tzinfo=NOON.tzinfo)).people == 3
    assert world.store.people.forget("maya")
    assert world.store.people.export("maya") is None
    world.store.close()


def test_the_revisions_are_those_of_the_migrations_in_their_order() -> None:
    walked = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

    assert list(REVISIONS) == walked[::-1]
