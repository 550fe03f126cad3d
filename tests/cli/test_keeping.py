"""`nudger backup`, `nudger restore`, `nudger accept-restore`, as an operator types them."""

import json
from pathlib import Path

import pytest

from nudger.app.state import alone
from nudger.operations.restore_guard import HighWater
from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.worlds.store import DAY, HOUR, NOON, World, plan


@pytest.fixture
def state(folder: Path) -> Path:
    return folder.parent / "home" / "state" / "nudger"


@pytest.fixture
def database(state: Path) -> str:
    url = f"sqlite:///{state}/nudger.db"
    world = World(open_store(url))
    world.maya(NOON)
    world.store.restore.mark(NOON)
    world.store.close()
    return url


def test_a_backup_is_made_and_put_back_and_accepted(folder: Path, nudger: Typed, database: str) -> None:
    assert nudger("backup", "copy.db")[0] == 0

    code, said = nudger("restore", "copy.db", "--yes")

    assert code == 0
    assert "Nudges go out again after you type: nudger accept-restore" in said
    assert "is kept as" in said
    code, said = nudger("accept-restore", typed="n\n")
    assert code == 1
    assert "the backup copy.db was restored" in said
    assert "What came in since Mon 23 Nov" in said
    code, said = nudger("accept-restore", "--yes")
    assert (code, said.splitlines()[-1]) == (0, "Accepted. A nudger that runs takes note within 15 seconds.")
    assert nudger("accept-restore") == (0, "No database was restored here: nothing is held back.\n")


def test_a_restored_database_that_was_accepted_is_not_noticed_again(
    nudger: Typed, database: str, state: Path
) -> None:
    HighWater(open_store(database).restore, state, shared=False).begin(NOON)
    nudger("backup", "copy.db")
    HighWater(open_store(database).restore, state, shared=False).begin(NOON + HOUR)
    nudger("restore", "copy.db", "--yes")
    nudger("accept-restore", "--yes")

    noticed = HighWater(open_store(database).restore, state, shared=False).begin(NOON + DAY)

    assert noticed is None


def test_nothing_is_restored_under_a_daemon_that_runs(nudger: Typed, database: str, state: Path) -> None:
    nudger("backup", "copy.db")

    with alone(state):
        code, said = nudger("restore", "copy.db", "--yes")

    assert code == 4
    assert "another nudger is running" in said


def test_a_restore_that_is_not_confirmed_changes_nothing(nudger: Typed, database: str) -> None:
    nudger("backup", "copy.db")

    code, _ = nudger("restore", "copy.db", typed="n\n")

    assert code == 1
    assert open_store(database).restore.restored() is None


def test_a_backup_over_a_file_that_is_there_is_a_mistake_of_usage(nudger: Typed, database: str) -> None:
    nudger("backup", "copy.db")

    assert nudger("backup", "copy.db")[0] == 2
    assert nudger("backup", "copy.db", "--force")[0] == 0


def test_a_backup_of_nothing_is_a_fault_of_the_database(nudger: Typed) -> None:
    assert nudger("backup", "copy.db")[0] == 4


def test_what_stands_comes_right_after_whether_nudger_runs_in_the_status(
    nudger: Typed, database: str
) -> None:
    store = open_store(database)
    store.alarms.raise_alarm("queue", "what was due [red] is stuck", NOON)
    store.alarms.raise_alarm("sms", "has passed", NOON)
    store.alarms.clear_alarm("sms", NOON)
    store.close()

    _, said = nudger("status")
    _, as_json = nudger("status", "--json")

    assert said.splitlines()[1].endswith("what was due [red] is stuck")
    assert "has passed" not in said
    assert [alarm["key"] for alarm in json.loads(as_json)["alarms"]] == ["queue"]


def test_a_status_of_very_many_lists_some_and_counts_the_rest(nudger: Typed, database: str) -> None:
    world = World(open_store(database))
    world.load(*(plan(f"p{number:02}", consent=None) for number in range(60)))
    world.store.close()

    _, said = nudger("status")
    _, as_json = nudger("status", "--json")

    assert "and 11 more: `nudger status --json`, or the board." in said  # and maya, whose plan is gone
    assert len(json.loads(as_json)["standings"]) == 61


def test_forgetting_someone_names_the_plan_file_that_is_left(
    folder: Path, nudger: Typed, database: str
) -> None:
    (folder / "plans").mkdir()
    (folder / "plans" / "maya.toml").write_text('timezone = "UTC"\nphone = "+447700900123"\n')

    code, said = nudger("forget", "maya", "--yes")

    assert code == 0
    assert f"Remove {folder}/plans/maya.toml too" in said
    assert open_store(database).people.person("maya") is None
