"""Every contract test runs on SQLite and on PostgreSQL."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nudger.store import SqlStore, open_store
from nudger.store.database import Database
from nudger.store.opening import _parsed
from tests.support.doubles import pgbouncer, postgres
from tests.support.explained import Explained
from tests.support.worlds.store import World, empty


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[str], str]]:
    """Makes a PostgreSQL database and gives its URL."""
    if postgres.binaries() is None:
        pytest.skip("install postgresql")
    with postgres.throw_away_cluster() as database:
        yield database


@pytest.fixture(scope="session")
def sqlite_file() -> Iterator[str]:
    """The URL of a SQLite file, in memory where there is such a place: each commit is an fsync."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield f"sqlite:///{folder}/nudger.db"


# NUDGER_STORES=pgbouncer runs the contract through PgBouncer in transaction mode.
STORES = os.environ.get("NUDGER_STORES", "sqlite postgresql").split()


@pytest.fixture(scope="session", params=STORES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database that all tests of this kind share."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url: str = request.getfixturevalue("sqlite_file")
        else:
            url = request.getfixturevalue("new_database")("shared")
        if request.param == "pgbouncer":
            url = stack.enter_context(pgbouncer.pooled(url))
        open_store(url).close()
        yield url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    """Its connections, kept open: statements are compiled once for all tests."""
    database = Database(_parsed(database_url))
    yield database
    database.close()


@pytest.fixture(scope="session")
def explained(database: Database) -> Explained:
    return Explained(database.engine)


@pytest.fixture
def url(database_url: str, database: Database) -> str:
    """The URL of an empty, migrated database."""
    empty(database)
    return database_url


@pytest.fixture
def store(database: Database, explained: Explained) -> Iterator[SqlStore]:
    """On an empty database. No statement of any test may read a table whole that grows with people."""
    empty(database)
    yield SqlStore(database, ZoneInfo)
    whole, explained.whole = explained.whole, []
    assert whole == []


@pytest.fixture
def second(store: SqlStore, database_url: str) -> Iterator[SqlStore]:
    """Another daemon on the same database."""
    other = open_store(database_url)
    yield other
    other.close()


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store)
