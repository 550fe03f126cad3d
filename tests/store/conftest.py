"""Every contract test runs on SQLite and on PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest

from nudger.store import Stores, open_store
from nudger.store.sql.database import Database
from nudger.store.stores import stores_of
from tests.support.databases import Databases
from tests.support.explained import Explained
from tests.support.worlds.store import World, empty

# NUDGER_STORES=pgbouncer runs the contract through PgBouncer in transaction mode.
STORES = os.environ.get("NUDGER_STORES", "sqlite postgresql").split()


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[str], str]:
    """Makes a PostgreSQL database and gives its URL."""
    databases.server()
    return databases.new


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(databases: Databases, kind: str) -> str:
    """The URL of a migrated database that all tests of this kind share."""
    return databases.url(kind)


@pytest.fixture
def database(databases: Databases, kind: str) -> Database:
    """Its connections."""
    return databases.opened(kind)


@pytest.fixture
def explained(databases: Databases, kind: str) -> Explained:
    return databases.explained(kind)


@pytest.fixture
def url(database_url: str, database: Database) -> str:
    """The URL of an empty, migrated database."""
    empty(database)
    return database_url


@pytest.fixture
def store(database: Database, explained: Explained) -> Iterator[Stores]:
    """On an empty database. No statement of any test may read a table whole that grows with people."""
    empty(database)
    yield stores_of(database, ZoneInfo)
    whole, explained.whole = explained.whole, []
    assert whole == []


@pytest.fixture
def second(store: Stores, database_url: str) -> Iterator[Stores]:
    """Another daemon on the same database."""
    other = open_store(database_url)
    yield other
    other.close()


@pytest.fixture
def world(store: Stores) -> World:
    return World(store)
