"""The mark beside the database: written whole, and compared at each start."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nudger.operations import restore_guard
from nudger.operations.restore_guard import FILE, HighWater, Machine
from nudger.store import Stores, back_up, open_store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def store(folder: Path, name: str = "nudger.db") -> Stores:
    return open_store(f"sqlite:///{folder}/{name}")


async def test_a_run_leaves_nothing_to_notice_at_the_next_start(tmp_path: Path) -> None:
    first = HighWater(store(tmp_path).restore, tmp_path, shared=False)
    first.begin(NOW)
    await first.run_once(NOW + MINUTE)

    noticed = HighWater(store(tmp_path).restore, tmp_path, shared=False).begin(NOW + 2 * MINUTE)

    assert noticed is None
    assert json.loads((tmp_path / FILE).read_text())["number"] == 4
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


async def test_an_older_database_is_noticed_and_held_back_until_it_is_accepted(tmp_path: Path) -> None:
    live = HighWater(store(tmp_path).restore, tmp_path, shared=False)
    live.begin(NOW)
    back_up(f"sqlite:///{tmp_path}/nudger.db", tmp_path / "copy.db")
    await live.run_once(NOW + MINUTE)

    old = store(tmp_path, "copy.db")
    noticed = HighWater(old.restore, tmp_path, shared=False).begin(NOW + 10 * MINUTE)

    assert noticed is not None
    assert noticed.knows_until == NOW
    assert noticed.done_until == NOW + 3 * MINUTE
    assert old.restore.restored() == noticed
    old.restore.accept_restored(NOW + 11 * MINUTE)
    assert HighWater(old.restore, tmp_path, shared=False).begin(NOW + 12 * MINUTE) is None


def test_a_new_database_where_another_was_is_noticed(tmp_path: Path) -> None:
    HighWater(store(tmp_path).restore, tmp_path, shared=False).begin(NOW)

    noticed = HighWater(store(tmp_path, "new.db").restore, tmp_path, shared=False).begin(NOW + MINUTE)

    assert noticed is not None
    assert "not the database" in noticed.why


def test_a_copied_state_folder_is_noticed_on_the_other_machine(tmp_path: Path) -> None:
    HighWater(store(tmp_path).restore, tmp_path, shared=False).begin(NOW)
    kept = restore_guard.read(tmp_path)
    assert kept is not None
    restore_guard.write(tmp_path, replace(kept, machine=Machine("another", "elsewhere")))

    noticed = HighWater(store(tmp_path).restore, tmp_path, shared=False).begin(NOW + MINUTE)

    assert noticed is not None
    assert "another machine (elsewhere)" in noticed.why


def test_an_illegible_mark_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"instance": ')

    noticed = HighWater(store(tmp_path).restore, tmp_path, shared=False).begin(NOW)

    assert noticed is None
    assert restore_guard.read(tmp_path) is not None
