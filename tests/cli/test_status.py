"""`nudger status` and what else only looks: what it says first, and that it leaves everything as it is."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nudger.app.state import alone
from nudger.operations.restore_guard import HighWater
from nudger.store import back_up, name_of, open_store
from nudger.store.opening.opening import head
from tests.support.commands import Typed
from tests.support.worlds.store import NOON, World

LOOKING = (
    ("status",),
    ("status", "--json"),
    ("log", "maya"),
    ("export", "maya"),
    ("preview", "maya"),
    ("doctor", "--json"),
)
ACTING = (
    ("pause", "maya"),
    ("resume", "maya"),
    ("snooze", "maya"),
    ("send", "maya", "rest"),
    ("forget", "maya", "--yes"),
    ("accept-restore", "--yes"),
)
PLAN = 'timezone = "Europe/London"\nphone = "+447700900123"\n[[nudge]]\nkind = "rest"\nat = "13:00"\n'


@pytest.fixture
def state(folder: Path) -> Path:
    return folder.parent / "home" / "state" / "nudger"


@pytest.fixture
def file(folder: Path, state: Path) -> Path:
    """A database in which Maya is known, as a daemon that has ended left it."""
    (folder / "plans").mkdir()
    (folder / "plans" / "maya.toml").write_text(PLAN)
    url = f"sqlite:///{state}/nudger.db"
    world = World(open_store(url))
    world.maya(NOON)
    HighWater(world.store.restore, state, shared=False, database=name_of(url)).begin(NOON)
    world.store.close()
    return state / "nudger.db"


def killed(file: Path) -> None:
    """As a daemon that was killed leaves it: with its log."""
    with closing(sqlite3.connect(file)) as daemon:
        daemon.execute("CREATE TABLE IF NOT EXISTS fact (key, value)")
        daemon.execute("INSERT INTO fact VALUES ('a', 'b')")
        daemon.commit()
        aside = file.with_name("aside")
        aside.mkdir()
        for one in file.parent.glob("nudger.db*"):
            shutil.copy(one, aside)
    for one in aside.iterdir():
        one.rename(file.parent / one.name)
    aside.rmdir()


def older(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = ?", [revision])


def everything_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file with its time and what is in it."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_with_no_daemon_it_says_so_first_and_the_exit_code_says_it_too(nudger: Typed, file: Path) -> None:
    code, said = nudger("status")
    as_json = nudger("status", "--json")

    assert (code, as_json[0]) == (1, 1)
    assert said.splitlines()[0] == "nudger does not run."
    assert "1 person, 1 planned." in said
    assert {key: json.loads(as_json[1])[key] for key in ("running", "since")} == {
        "running": False,
        "since": None,
    }


def test_with_a_daemon_it_says_since_when(nudger: Typed, file: Path, state: Path) -> None:
    with alone(state, NOON):
        code, said = nudger("status")
        as_json = nudger("status", "--json")

    assert (code, as_json[0]) == (0, 0)
    assert said.splitlines()[0] == f"nudger runs here since {NOON.astimezone():%a %d %b %H:%M}."
    assert json.loads(as_json[1])["since"] == NOON.isoformat()


def test_a_command_that_holds_the_state_folder_is_no_daemon(nudger: Typed, file: Path, state: Path) -> None:
    with alone(state):
        code, said = nudger("status")

    assert (code, said.splitlines()[0]) == (1, "nudger does not run.")


def test_where_nothing_is_yet_it_says_both_and_makes_nothing(nudger: Typed, folder: Path) -> None:
    code, said = nudger("status")
    as_json = nudger("status", "--json")

    assert (code, as_json[0]) == (1, 1)
    assert said.startswith("nudger does not run.\nthere is no database at ")
    assert "Start nudger once" in json.loads(as_json[1])["fault"]
    assert everything_in(folder.parent) == {}
    assert not (folder.parent / "home" / "state").exists()


@pytest.mark.parametrize("command", LOOKING)
@pytest.mark.parametrize("left", [lambda _: None, killed], ids=["closed", "killed"])
def test_looking_makes_changes_and_migrates_nothing(
    nudger: Typed, file: Path, command: tuple[str, ...], left: Callable[[Path], None]
) -> None:
    left(file)
    before = everything_in(file.parent)

    nudger(*command)

    assert everything_in(file.parent).keys() == before.keys()
    # The index of a log is shared memory: who reads says in it how far.
    shared = f"{file}-shm"
    assert {**everything_in(file.parent), shared: ()} == {**before, shared: ()}


@pytest.mark.parametrize("command", LOOKING)
def test_looking_waits_for_nobody_and_holds_nobody_up(
    nudger: Typed, file: Path, command: tuple[str, ...]
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as daemon:
        daemon.execute("BEGIN IMMEDIATE")
        daemon.execute("INSERT INTO fact VALUES ('not', 'committed')")

        code, said = nudger(*command)

    assert "locked" not in said
    assert code in (0, 1)


@pytest.mark.parametrize("command", [*LOOKING[:4], *ACTING])
def test_the_database_of_an_older_nudger_is_named_with_what_to_do_and_left(
    nudger: Typed, file: Path, state: Path, command: tuple[str, ...]
) -> None:
    older(file, "0003")
    before = everything_in(file.parent)

    with alone(state, NOON):
        code, said = nudger(*command)

    assert code == 4
    assert f"is of an older nudger (its schema is 0003, this nudger's {head()})" in said
    assert "systemctl restart nudger" in said
    assert {**everything_in(file.parent), f"{state}/nudger.lock": ()} == {
        **before,
        f"{state}/nudger.lock": (),
    }


def test_a_preview_goes_without_a_database_of_an_older_nudger(nudger: Typed, file: Path) -> None:
    older(file, "0003")

    code, said = nudger("preview", "maya")

    assert code == 0
    assert "previewing without the database" in said
    assert "13:00" in said


@pytest.mark.parametrize("command", [*LOOKING[:4], *ACTING])
def test_no_command_makes_a_database(nudger: Typed, folder: Path, command: tuple[str, ...]) -> None:
    code, said = nudger(*command)

    assert code == (1 if command[0] == "status" else 4)
    assert "there is no database at" in said
    assert list(folder.parent.rglob("nudger.db")) == []


def test_nothing_is_made_where_a_database_was_that_has_gone(nudger: Typed, file: Path) -> None:
    file.unlink()

    code, said = nudger("run")

    assert code == 4
    assert f"the database {file} is gone" in said
    assert "nudger restore FILE" in said
    assert not file.exists()


def test_an_empty_file_where_a_database_was_is_left_empty(nudger: Typed, file: Path) -> None:
    file.write_bytes(b"")

    code, said = nudger("run")

    assert (code, file.read_bytes()) == (4, b"")
    assert "is gone" in said


def test_a_database_that_has_gone_is_put_back_by_a_restore(nudger: Typed, file: Path, folder: Path) -> None:
    back_up(f"sqlite:///{file}", folder / "copy.db")
    file.unlink()

    code, said = nudger("restore", "copy.db", "--yes")

    assert code == 0, said
    assert nudger("log", "maya")[0] == 0


def test_where_the_settings_name_another_database_than_before_that_one_may_be_new(
    nudger: Typed, file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUDGER_DATABASE_URL", f"sqlite:///{folder}/new.db")
    monkeypatch.setenv("NUDGER_PLANS", "push")

    code, said = nudger("plans", "push")

    assert code == 0, said
    assert (folder / "new.db").exists()


def test_a_push_makes_nothing_where_a_database_was_that_has_gone(nudger: Typed, file: Path) -> None:
    file.unlink()

    code, said = nudger("plans", "push")

    assert code == 4
    assert "is gone" in said
    assert not file.exists()
