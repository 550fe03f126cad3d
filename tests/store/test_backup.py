"""Backups: a copy of one moment, taken while others write; whole, checked, closed to others, or not there."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nudger.domain.errors import StoreError, UsageError
from nudger.store import back_up, open_store, restore
from nudger.store.stores import stores_of
from tests.support.worlds.store import NOON, World, plan

RESTORED_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "nudger.db"


@pytest.fixture
def live(file: Path) -> World:
    world = World(open_store(url(file)))
    world.maya(NOON)
    return world


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_of_an_open_database_is_whole_and_closed_to_others(live: World, tmp_path: Path) -> None:
    live.deliver()

    back_up(url(tmp_path / "state" / "nudger.db"), tmp_path / "copy.db")

    copy = tmp_path / "copy.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert left_over(tmp_path) == ["copy.db", "state"]
    opened = World(stores_of(open_store(url(copy)).transactions.database, ZoneInfo))
    assert opened.states() == ["sent"]


def test_a_backup_is_of_one_moment_whatever_is_written_while_it_is_copied(
    live: World, file: Path, tmp_path: Path
) -> None:
    live.load(*(plan(f"person-{number}") for number in range(2000)), plan())
    moments: list[int] = []

    def write(left: int, _total: int) -> None:
        moments.append(left)
        live.store.alarms.raise_alarm(f"alarm {len(moments)}", "raised during the copy", NOON)

    back_up(url(file), tmp_path / "copy.db", copied=write)

    assert len(moments) > 1, "the copy is in several parts"
    copied = open_store(url(tmp_path / "copy.db"))
    assert copied.alarms.alarms() == []
    assert len(list(copied.people.people())) == 2001
    assert len(live.store.alarms.alarms()) == len(moments)


def test_nobody_waits_for_a_backup(live: World, file: Path, tmp_path: Path) -> None:
    """A claim is made and recorded in the midst of it, from another thread, while the copy stands still."""
    live.load(*(plan(f"person-{number}") for number in range(2000)), plan())
    done: list[int] = []

    def deliver(_left: int, _total: int) -> None:
        if not done:
            thread = threading.Thread(target=lambda: done.append(len(live.deliver())))
            thread.start()
            thread.join(10)

    back_up(url(file), tmp_path / "copy.db", copied=deliver)

    assert done == [1]


def test_what_is_there_is_overwritten_by_force_alone(live: World, file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("dear diary")

    with pytest.raises(UsageError, match=r"is there already\n.*--force"):
        back_up(url(file), copy)
    assert copy.read_text() == "dear diary"

    back_up(url(file), copy, force=True)
    assert open_store(url(copy)).people.person("maya") is not None


def test_a_damaged_database_leaves_no_backup(live: World, file: Path, tmp_path: Path) -> None:
    live.load(*(plan(f"person-{number}") for number in range(200)), plan())
    live.store.close()
    with file.open("r+b") as damaged:
        damaged.seek(40 * 4096)
        damaged.write(b"\xff" * 8 * 4096)

    with pytest.raises(StoreError, match=r"damaged|malformed|cannot be copied"):
        back_up(url(file), tmp_path / "copy.db")

    assert left_over(tmp_path) == ["state"]


def test_a_folder_that_is_not_there_is_told(live: World, file: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        back_up(url(file), tmp_path / "nowhere" / "copy.db")


def test_no_database_is_no_empty_backup(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        back_up(url(tmp_path / "none.db"), tmp_path / "copy.db")


@pytest.mark.parametrize("keeps", [back_up, lambda url, file: restore(url, file, RESTORED_AT)])
def test_a_servers_database_is_left_to_its_own_tools_and_its_password_out_of_it(keeps: object) -> None:
    server = "postgresql://nudger:secret@db.example.org/nudger?password=secret"

    with pytest.raises(UsageError) as refused:
        keeps(server, Path("a copy"))  # type: ignore[operator]

    assert "postgresql://nudger@db.example.org/nudger" in refused.value.hint
    assert "'a copy'" in refused.value.hint
    assert "secret" not in str(refused.value)


def test_a_server_is_backed_up_by_the_line_that_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        back_up("postgresql://nudger@/nudger?host=/run/pg", Path("nudger.dump"))

    assert refused.value.hint == (
        "Type: pg_dump --format=custom --file=nudger.dump 'postgresql://nudger@/nudger?host=%2Frun%2Fpg'"
    )


# --- put back -----------------------------------------------------------------------------------
def test_a_backup_is_put_back_and_what_was_there_is_kept(live: World, file: Path, tmp_path: Path) -> None:
    back_up(url(file), tmp_path / "copy.db")
    live.deliver()
    live.store.close()

    aside = restore(url(file), tmp_path / "copy.db", RESTORED_AT)

    assert World(open_store(url(file))).states() == ["planned"]
    assert aside == file.with_name("nudger.db.before-20261124T090000Z")
    assert World(open_store(url(aside))).states() == ["sent"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_log_of_the_replaced_database_is_not_taken_for_the_new_ones(
    live: World, file: Path, tmp_path: Path
) -> None:
    """As after a crash: the daemon is gone, its last commits stand in the log alone."""
    back_up(url(file), tmp_path / "copy.db")
    live.deliver()
    log = file.with_name("nudger.db-wal").read_bytes()
    live.store.close()
    file.with_name("nudger.db-wal").write_bytes(log)

    restore(url(file), tmp_path / "copy.db", RESTORED_AT)

    assert World(open_store(url(file))).states() == ["planned"]


def test_it_is_put_back_where_nothing_was(live: World, file: Path, tmp_path: Path) -> None:
    back_up(url(file), tmp_path / "copy.db")

    aside = restore(url(tmp_path / "other" / "nudger.db"), tmp_path / "copy.db", RESTORED_AT)

    assert aside is None
    assert open_store(url(tmp_path / "other" / "nudger.db")).people.person("maya") is not None


def _text(file: Path) -> None:
    file.write_text("dear diary " * 1000)


def _of_another_program(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE photo (id INTEGER)")


def _newer(file: Path) -> None:
    open_store(url(file)).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_text, "not a database"),
        (_of_another_program, "belongs to something else"),
        (_newer, "was written by a newer nudger"),
    ],
)
def test_what_is_no_backup_of_this_nudger_is_refused_and_nothing_is_changed(
    live: World, file: Path, tmp_path: Path, make: object, why: str
) -> None:
    source = tmp_path / "copy.db"
    make(source)  # type: ignore[operator]
    live.deliver()
    live.store.close()

    with pytest.raises(StoreError, match=why):
        restore(url(file), source, RESTORED_AT)

    assert World(open_store(url(file))).states() == ["sent"]
    assert [name for name in left_over(file.parent) if "before" in name or "part" in name] == []


def test_a_backup_that_is_not_there_is_told(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is nothing at"):
        restore(url(file), tmp_path / "none.db", RESTORED_AT)
