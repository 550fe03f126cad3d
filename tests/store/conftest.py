"""Every contract test runs on SQLite and on PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from nudger.store import SqlStore, open_store
from nudger.store.database import Database
from nudger.store.opening import _parsed
from nudger.store.tables import metadata
from tests.doubles import postgres
from tests.store.world import World

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[str], str]]:
    """Makes a PostgreSQL database and gives its URL."""
    if postgres.binaries() is None:
        pytest.skip("install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="nudger-pg-"))
    folder.chmod(0o755)
    try:
        with postgres.cluster(folder) as database:
            yield database
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared_database(new_database: Callable[[str], str]) -> str:
    """One migrated database, emptied before each test."""
    url = new_database("shared")
    open_store(url).close()
    return url


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    file = tmp_path_factory.mktemp("template") / "nudger.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for one SQLite file, in memory where there is such a place: each commit is an fsync."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated store."""
    if request.param == "sqlite":
        file = request.getfixturevalue("folder") / "nudger.db"
        shutil.copy(request.getfixturevalue("template"), file)
        return f"sqlite:///{file}"
    address: str = request.getfixturevalue("shared_database")
    empty(address)
    return address


def empty(url: str) -> None:
    database = Database(_parsed(url))
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with database.write() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    database.close()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    store = open_store(url, ZoneInfo)
    yield store
    store.close()


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store)
