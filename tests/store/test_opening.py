"""Opening: what is made, what is brought up to date, and what is refused in clear words."""

import os
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from nudger.domain.errors import StoreError
from nudger.store import look_at, open_beside, open_store, open_to_look
from nudger.store.opening.opening import upgrade, url_of
from nudger.store.schema.tables import metadata
from nudger.store.sql import database
from nudger.store.sql.database import Database
from tests.support.worlds.store import NOON, World, plan


def refused(url: str, **options: Any) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(url, **options)
    return caught.value


def test_a_store_is_made_with_its_folders_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "nudger" / "nudger.db"

    open_store(f"sqlite:///{file}").close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_write_ahead_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nudger.db")
    store.facts.remember("a", "b")

    assert stat.S_IMODE((tmp_path / "nudger.db-wal").stat().st_mode) == 0o600
    store.close()


@pytest.mark.parametrize("opened", [open_beside, open_to_look, look_at])
def test_nothing_is_made_where_only_acting_or_looking_is_meant(
    tmp_path: Path, opened: Callable[[str], object]
) -> None:
    with pytest.raises(StoreError) as caught:
        opened(f"sqlite:///{tmp_path}/nudger.db")

    assert caught.value.message == f"there is no database at {tmp_path}/nudger.db"
    assert "nudger run" in caught.value.hint
    assert caught.value.exit_code == 4
    assert not list(tmp_path.iterdir())


def test_nothing_is_made_where_one_was_known(tmp_path: Path) -> None:
    error = refused(f"sqlite:///{tmp_path}/nudger.db", create=False)

    assert error.message.startswith(f"the database {tmp_path}/nudger.db is gone")
    assert "high-water.json" in error.hint
    assert not list(tmp_path.iterdir())


def test_no_schema_is_made_on_a_server_where_one_was_known(new_database: Callable[[str], str]) -> None:
    url = new_database("emptied")

    error = refused(url, create=False)

    assert "is gone" in error.message
    open_store(url).close()  # there is nothing in the way of a new one


def test_who_looks_can_change_nothing(url: str) -> None:
    store = open_to_look(url)

    with pytest.raises(StoreError, match="read-only"):
        store.facts.keep("a", "b")

    store.close()


def test_a_store_is_opened_as_it_was_left(url: str) -> None:
    first = open_store(url)
    World(first).load(plan())
    first.close()

    second = open_store(url)

    assert second.plans.digests(["maya"]).keys() == {"maya"}
    second.close()


def test_commits_are_on_the_disk_and_readers_wait_for_nobody(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/nudger.db").close()
    database = Database(url_of(f"sqlite:///{tmp_path}/nudger.db"))

    with database.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def nowhere(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives URLs of databases in which nothing is."""
    names = (f"opening_{uuid4().hex}" for _ in iter(int, 1))
    if request.param == "postgresql":
        new_database: Callable[[str], str] = request.getfixturevalue("new_database")
        return lambda: new_database(next(names))

    def file() -> str:
        path = tmp_path / next(names)
        path.touch()
        return f"sqlite:///{path}"

    return file


def test_the_migrations_lead_to_the_tables_of_the_code(nowhere: Callable[[], str]) -> None:
    database = Database(url_of(nowhere()))
    with database.write() as connection:
        upgrade(connection)

        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_new_database_is_as_the_migrations_make_one(nowhere: Callable[[], str]) -> None:
    url = nowhere()
    open_store(url).close()
    made, migrated = Database(url_of(url)), Database(url_of(nowhere()))
    with migrated.write() as connection:
        upgrade(connection)

    with made.read() as one, migrated.read() as other:
        assert described(one) == described(other)
    made.close()
    migrated.close()


def described(connection: Connection) -> dict[str, dict[str, object]]:
    """Every table of a database with all that is known of it; the order of columns counts for nothing."""
    looks = inspect(connection)
    return {
        table: {
            "columns": {one["name"]: {**one, "type": repr(one["type"])} for one in looks.get_columns(table)},
            "primary key": looks.get_pk_constraint(table),
            "unique": sorted(looks.get_unique_constraints(table), key=repr),
            "foreign keys": sorted(looks.get_foreign_keys(table), key=repr),
            "checks": sorted(looks.get_check_constraints(table), key=repr),
            "indexes": sorted(map(_of_index, looks.get_indexes(table))),
            "options": looks.get_table_options(table),
            "rows": connection.exec_driver_sql(f"SELECT * FROM {table}").all(),
        }
        for table in [*looks.get_table_names(), *_COUNTERS[connection.dialect.name]]
    }


def _of_index(index: Mapping[str, Any]) -> str:
    where = {name: str(value) for name, value in index["dialect_options"].items()}
    return repr({**index, "dialect_options": where})


_COUNTERS = {"sqlite": ["sqlite_sequence"], "postgresql": []}


def test_daemons_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    _start_at_once(f"sqlite:///{tmp_path}/nudger.db")


def test_daemons_that_start_at_once_on_one_server_migrate_once(new_database: Callable[[str], str]) -> None:
    _start_at_once(new_database("at_once"))


def _start_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = [started.result() for started in [pool.submit(open_store, url) for _ in range(4)]]

    assert [store.facts.remember("instance", str(number)) for number, store in enumerate(stores)] == ["0"] * 4
    for store in stores:
        store.close()


# --- refused ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://localhost/nudger", "the database URL begins with 'mysql', which nudger does not speak"),
        ("sqlite://", "the database URL names no file"),
        ("sqlite:///:memory:", "the database URL names no file"),
        ("postgresql//user:secret@host/nudger", "the database URL cannot be understood"),
        ("postgresql://user:secret@host:port/nudger", "the database URL cannot be understood"),
    ],
)
def test_a_url_that_is_none_is_refused_without_showing_it(url: str, message: str) -> None:
    error = refused(url)

    assert error.message == message
    assert "sqlite:///" in error.hint
    assert "secret" not in str(error)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nudger.db"
    file.write_text("Dear diary, this is no database at all." * 100)

    error = refused(f"sqlite:///{file}")

    assert error.message == f"the database {file} cannot be used: the file is not a database"
    assert "DATABASE_URL" in error.hint


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    error = refused(f"sqlite:///{tmp_path}")

    assert error.message.startswith(f"the database {tmp_path} cannot be")


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "photos.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE photo (id INTEGER)")

    error = refused(f"sqlite:///{file}")

    assert error.message == f"the database {file} belongs to something else (it has a table 'photo')"


def test_a_schema_newer_than_this_nudger_is_refused(url: str) -> None:
    database = Database(url_of(url))
    change = text("UPDATE alembic_version SET version_num = :version")
    with database.write() as connection:
        head = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(change, {"version": "9999"})

    error = refused(url)

    with database.write() as connection:
        connection.execute(change, {"version": head})
    database.close()
    assert f"was written by a newer nudger (its schema is 9999, this one knows up to {head})" in error.message
    assert "Install that version or a later one" in error.hint


def test_a_place_where_one_may_not_write_is_refused() -> None:
    with _as_someone_else() as folder:
        folder.chmod(0o555)
        error = refused(f"sqlite:///{folder}/nudger.db")
        folder.chmod(0o755)

    assert error.message == f"the database {folder}/nudger.db cannot be opened: Permission denied"
    assert "write" in error.hint


def test_a_read_only_file_is_refused() -> None:
    with _as_someone_else() as folder:
        open_store(f"sqlite:///{folder}/nudger.db").close()
        (folder / "nudger.db").chmod(0o444)
        folder.chmod(0o555)
        error = refused(f"sqlite:///{folder}/nudger.db")
        folder.chmod(0o755)

    assert error.message == f"the database {folder}/nudger.db cannot be used: it is read-only"


@contextmanager
def _as_someone_else() -> Iterator[Path]:
    """A folder of an ordinary user, and their rights: root may write everywhere."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def test_a_database_that_another_process_keeps_locked_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "nudger.db"
    open_store(f"sqlite:///{file}").close()

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = refused(f"sqlite:///{file}", patience=0.01)

    assert error.message == f"the database {file} cannot be used: another process keeps it locked"


def test_a_full_disk_is_told_and_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "nudger.db"
    open_store(f"sqlite:///{file}").close()
    pages = file.stat().st_size // 4096 + 2
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS, f"PRAGMA max_page_count = {pages}"))
    store = open_store(f"sqlite:///{file}")
    world = World(store)

    with pytest.raises(StoreError, match="the disk is full") as caught:
        world.load(*(plan(f"person-{number}") for number in range(100)))

    assert "nothing was changed" in caught.value.hint
    assert not store.plans.has_people()
    store.close()


def test_psycopg_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    error = refused("postgresql://nudger@localhost/nudger")

    assert error.message == "PostgreSQL needs the package psycopg, which is not installed"
    assert error.hint == "Install it with: pip install 'nudger[fleet]'"


# --- PostgreSQL ---------------------------------------------------------------------------------
def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    error = refused(f"postgresql://nudger:secret@/nudger?host={tmp_path}")

    assert error.message.startswith("the database postgresql+psycopg://nudger:***@/nudger")
    assert "Check that the server runs" in error.hint
    assert "secret" not in str(error)


def test_an_unknown_user_is_told(new_database: Callable[[str], str]) -> None:
    url = new_database("unknown_user").replace("postgresql://nudger@", "postgresql://nobody:secret@")

    error = refused(url)

    assert 'role "nobody" does not exist' in error.message
    assert error.hint == "Check the user and the password in DATABASE_URL."
    assert "secret" not in str(error)


def test_a_missing_database_is_told(new_database: Callable[[str], str]) -> None:
    error = refused(new_database("there").replace("/there?", "/elsewhere?"))

    assert 'database "elsewhere" does not exist' in error.message
    assert "createdb" in error.hint


def test_a_replica_is_refused(new_database: Callable[[str], str]) -> None:
    url = new_database("replica")
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER DATABASE replica SET default_transaction_read_only = on"))
    engine.dispose()

    error = refused(url)

    assert error.message.endswith("cannot be written: it is read-only")


def test_a_server_that_was_restarted_is_found_again(world: World, url: str) -> None:
    world.load(plan())
    if url.startswith("postgresql"):
        _cut_connections(url)

    assert world.claim().looked_at == 0
    assert world.person().id == "maya"
    assert world.store.sending.next_due_at() is None
    assert world.now == NOON


def _cut_connections(url: str) -> None:
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).all()
    engine.dispose()
