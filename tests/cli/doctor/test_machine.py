"""The clock, the disk, the database, the daemon's lock, the service."""

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from nudger.app.state import alone, holder
from nudger.cli.doctor.findings import Grade, looked
from nudger.cli.doctor.machine import (
    clock_is_kept,
    clock_is_right,
    disk_has_room,
    judged,
    service_answers,
    service_is_watched,
)
from nudger.cli.doctor.people import daemon_is_running, database_is_sound, hosts_agree
from nudger.domain.errors import StoreError
from nudger.store import Condition, look_at, open_store
from nudger.store.opening.opening import Shared, head
from tests.support.doubles.ordinary import as_an_ordinary_user
from tests.support.worlds.store import NOON

ACTIVE = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "Result": "success",
    "UnitFileState": "enabled",
    "NeedDaemonReload": "no",
    "WatchdogUSec": "30s",
}


@pytest.mark.parametrize(("kept", "grade"), [(True, Grade.OK), (False, Grade.WARNING), (None, Grade.NOTE)])
def test_the_clock_is_in_sync_or_not_or_nobody_can_tell(kept: bool | None, grade: Grade) -> None:
    assert clock_is_right(kept).grade is grade


def test_the_kernel_is_asked_about_the_clock_without_changing_it() -> None:
    assert clock_is_kept() in (True, False, None)


@pytest.mark.parametrize(
    ("free", "grade", "shown"),
    [
        (49_000_000, Grade.FAILURE, "49 MB"),
        (400_000_000, Grade.WARNING, "400 MB"),
        (1_500_000_000, Grade.OK, "1.5 GB"),
    ],
)
def test_a_disk_without_room_is_told_before_it_is_full(free: int, grade: Grade, shown: str) -> None:
    found = judged(free, Path("/var/lib/nudger"))

    assert found.grade is grade
    assert found.sentence == f"{shown} free at /var/lib/nudger"
    assert found.exit_code == (4 if grade is Grade.FAILURE else 0)


def test_the_room_of_a_folder_that_is_not_there_yet_is_that_of_the_one_above_it(tmp_path: Path) -> None:
    assert "free at" in disk_has_room(tmp_path / "state" / "nudger").sentence
    assert list(tmp_path.iterdir()) == []


def database(folder: Path) -> Path:
    """A new one of nudger's, closed."""
    file = folder / "nudger.db"
    open_store(f"sqlite:///{file}").close()
    return file


def test_looking_at_a_database_changes_nothing_of_it(tmp_path: Path) -> None:
    file = database(tmp_path)
    before = file.read_bytes()

    found = look_at(f"sqlite:///{file}")

    assert found == Condition(str(file), True, 0, 0, found.size, None, head())
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["nudger.db"]


def test_messages_of_unknown_end_are_counted(tmp_path: Path) -> None:
    found = database_is_sound(Condition("nudger.db", True, people=1, unknown=2))

    assert (found.grade, found.sentence) == (
        Grade.WARNING,
        "nudger.db: 1 person; 2 messages of unknown end",
    )
    assert "nudger status" in found.advice


def test_a_schema_that_is_to_be_migrated_is_reported_and_left(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()

    found = look_at(f"sqlite:///{file}")

    assert found == Condition(str(file), False)
    assert file.read_bytes() == b""
    assert database_is_sound(found).sentence == f"{file} is empty"


def test_a_schema_of_an_older_nudger_is_named() -> None:
    found = database_is_sound(Condition("nudger.db", False, schema="0003"))

    assert found.sentence == "nudger.db is of an older nudger (schema 0003)"
    assert "brings it up to date" in found.advice


def test_no_database_is_no_fault() -> None:
    assert database_is_sound(None).grade is Grade.NOTE


def test_somebody_elses_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = file.read_bytes()

    with pytest.raises(StoreError, match="belongs to something else"):
        look_at(f"sqlite:///{file}")

    assert file.read_bytes() == before  # not even its journal mode


def test_a_database_that_cannot_be_written_is_a_fault() -> None:
    with as_an_ordinary_user() as folder:
        file = database(folder)
        file.chmod(0o400)
        folder.chmod(0o700)

        with pytest.raises(StoreError, match="read-only"):
            look_at(f"sqlite:///{file}")


async def test_a_state_folder_that_may_not_be_read_names_the_user_to_run_as() -> None:
    with as_an_ordinary_user() as folder:
        (folder / "nudger.lock").touch(0o000)
        found = await looked(lambda: daemon_is_running(holder(folder) is not None, folder))

    assert found.sentence == f"{folder}/nudger.lock cannot be looked at: Permission denied"
    assert "runuser -u nudger" in found.advice


def test_a_database_that_another_program_keeps_locked_can_be_looked_at(tmp_path: Path) -> None:
    file = database(tmp_path)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    found = look_at(f"sqlite:///{file}")

    assert found.is_current
    other.close()


def test_a_running_daemon_is_seen_by_its_lock_with_its_start_and_asking_takes_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    assert holder(tmp_path / "nowhere") is None
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []

    with alone(tmp_path, NOON):
        found = holder(tmp_path)

    assert found is not None
    assert (found.since, found.is_daemon) == (NOON, True)
    assert holder(tmp_path) is None


def test_a_command_that_wants_to_be_alone_is_no_daemon(tmp_path: Path) -> None:
    with alone(tmp_path, NOON):
        pass

    with alone(tmp_path):
        found = holder(tmp_path)

    assert found is not None
    assert not found.is_daemon


def test_the_lock_is_for_its_owner_alone_whoever_made_it(tmp_path: Path) -> None:
    (tmp_path / "nudger.lock").touch(0o644)

    with alone(tmp_path):
        pass

    assert stat.S_IMODE((tmp_path / "nudger.lock").stat().st_mode) == 0o600


def test_a_daemon_that_does_not_run_is_no_fault() -> None:
    assert daemon_is_running(True, "/var/lib/nudger").grade is Grade.OK
    found = daemon_is_running(False, "/var/lib/nudger")
    assert found.grade is Grade.NOTE
    assert "another NUDGER_STATE_DIR" in found.advice


@pytest.mark.parametrize(
    ("changes", "grade", "words"),
    [
        ({}, Grade.OK, "active, watched every 30s"),
        ({"ActiveState": "failed", "Result": "watchdog"}, Grade.FAILURE, "has failed (watchdog)"),
        ({"ActiveState": "inactive"}, Grade.WARNING, "is inactive"),
        ({"WatchdogUSec": "0"}, Grade.WARNING, "nobody watches it"),
        ({"WatchdogUSec": "infinity"}, Grade.WARNING, "nobody watches it"),
        ({"NeedDaemonReload": "yes"}, Grade.WARNING, "has changed on disk"),
        ({"UnitFileState": "disabled"}, Grade.WARNING, "will not start with the machine"),
        ({"LoadState": "not-found"}, Grade.NOTE, "there is no unit nudger.service"),
    ],
)
def test_the_service_is_running_watched_and_enabled(
    changes: dict[str, str], grade: Grade, words: str
) -> None:
    found = service_is_watched([("systemctl", ACTIVE | changes), ("systemctl --user", {})])

    assert found.grade is grade
    assert words in found.sentence


def test_the_service_of_a_user_is_found_too_and_its_commands_say_so() -> None:
    answers = [
        ("systemctl", {"LoadState": "not-found"}),
        ("systemctl --user", ACTIVE | {"ActiveState": "failed"}),
    ]

    assert service_is_watched(answers).advice == "It says why: systemctl --user status nudger"


def test_a_machine_without_systemd_is_fine() -> None:
    assert service_is_watched([]).grade is Grade.NOTE


def systemctl(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = folder / "systemctl"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


async def test_systemd_is_asked_for_the_unit_of_the_system_and_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = '[ "$1" = --user ] && echo LoadState=loaded || echo LoadState=not-found; echo "Result=$*"'
    systemctl(tmp_path, script, monkeypatch)

    answers = dict(await service_answers(booted=tmp_path))

    assert answers["systemctl"]["LoadState"] == "not-found"
    assert answers["systemctl --user"]["LoadState"] == "loaded"
    assert answers["systemctl"]["Result"].startswith("show nudger.service --property LoadState,ActiveState")


async def test_a_systemctl_that_fails_has_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl(tmp_path, "echo No medium found >&2; exit 1", monkeypatch)

    assert service_is_watched(await service_answers(booted=tmp_path)).grade is Grade.NOTE


async def test_nobody_is_asked_where_systemd_does_not_run(tmp_path: Path) -> None:
    assert await service_answers(booted=tmp_path / "nowhere") == []


# --- hosts that share a database -----------------------------------------------------------------
def test_a_clock_that_is_not_the_databases_is_told_with_how_far_it_is_off() -> None:
    found = hosts_agree(Shared(NOON, 3, pooled=False), NOON - timedelta(minutes=5))

    assert found.grade is Grade.WARNING
    assert found.sentence == "this machine's clock is 300 s behind the database's"
    assert "timedatectl" in found.advice


def test_hosts_are_counted_and_a_pooler_is_named() -> None:
    alone, pooled = (hosts_agree(Shared(NOON, 3, pooled=one), NOON) for one in (False, True))

    assert alone.grade is Grade.OK
    assert alone.sentence == "3 daemons on this database; this machine's clock agrees with it"
    assert pooled.grade is Grade.NOTE
    assert "within 15 s" in pooled.advice
    assert hosts_agree(None, NOON).grade is Grade.NOTE
