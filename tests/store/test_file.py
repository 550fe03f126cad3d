"""The file of a SQLite database under those who have it open: deleted, moved back, replaced, locked."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from nudger.agenda.entries import Mark
from nudger.domain.effects import OptOut, Response
from nudger.domain.errors import StoreAway, StoreBusy, StoreError, StoreReplaced
from nudger.inbound.port import Inbound
from nudger.store import Stores, back_up, open_store
from tests.support.worlds.store import MAYA_PHONE, MINUTE, NOON, SMS, World, plan

PATIENCE = 0.2  # seconds
PARTS = ("nudger.db", "nudger.db-wal", "nudger.db-shm")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "nudger.db"


@pytest.fixture
def store(file: Path) -> Iterator[Stores]:
    """A daemon's, with Maya in it."""
    store = open_store(f"sqlite:///{file}", patience=PATIENCE)
    store.keep_open()
    World(store).load(plan())
    yield store
    store.close()


def move(file: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for part in PARTS:
        (file.parent / part).rename(to / part)


def stop(store: Stores, meanwhile: Callable[[], object] = lambda: None) -> Response | None:
    """Maya texts STOP; `meanwhile` happens while it is understood."""

    def respond(_: object) -> Response:
        meanwhile()
        return Response("stop", None, (OptOut(frozenset({SMS}), "texted STOP"),))

    return store.inbound.take_reply(Inbound("SM1", SMS, MAYA_PHONE, "stop", NOON), respond)


VERBS: dict[str, Callable[[Stores], object]] = {
    "take_reply": stop,
    "claim_due": lambda store: World.claim(_world(store)),
    "next_due_at": lambda store: store.sending.next_due_at(),
    "person": lambda store: store.people.person("maya"),
    "prove": lambda store: store.restore.prove(Mark("any", 1, NOON)),
}


def _world(store: Stores) -> World:
    world = World.__new__(World)
    world.store, world.now, world.ids = store, NOON, 0
    return world


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_read_from_or_written_to_a_file_that_has_gone(
    store: Stores, file: Path, tmp_path: Path, verb: str
) -> None:
    move(file, tmp_path / "elsewhere")

    with pytest.raises(StoreAway) as caught:
        VERBS[verb](store)

    assert caught.value.said == "its file has gone"
    assert f"{file} has gone" in caught.value.message
    assert list(file.parent.iterdir()) == []  # nor is it made anew


def test_what_is_committed_to_a_file_that_went_meanwhile_counts_as_nothing(
    store: Stores, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreAway):
        stop(store, lambda: move(file, tmp_path / "elsewhere"))


def test_a_file_that_is_back_is_worked_with_as_before(store: Stores, file: Path, tmp_path: Path) -> None:
    move(file, tmp_path / "elsewhere")
    with pytest.raises(StoreAway):
        stop(store)
    move(tmp_path / "elsewhere" / "nudger.db", file.parent)

    response = stop(store)

    assert response is not None
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT opted_out FROM person").fetchall() == [("sms",)]


def test_a_file_that_was_replaced_is_told_from_one_that_has_gone(
    store: Stores, file: Path, tmp_path: Path
) -> None:
    back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    os.replace(tmp_path / "copy.db", file)

    with pytest.raises(StoreReplaced) as caught:
        stop(store)

    assert caught.value.said == "another file is in its place"
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT opted_out FROM person").fetchall() == [("",)]


@pytest.mark.parametrize(
    "other", [lambda log: log.unlink(), lambda log: shutil.copy(log, log.parent / "copy")]
)
def test_a_log_that_was_deleted_or_replaced_is_noticed(
    store: Stores, file: Path, other: Callable[[Path], object]
) -> None:
    log = file.with_name("nudger.db-wal")
    other(log)
    if (log.parent / "copy").exists():
        (log.parent / "copy").replace(log)

    with pytest.raises(StoreReplaced) as caught:
        stop(store)

    assert caught.value.said == "its log has gone"


def test_what_others_may_do_to_a_database_that_is_open_is_no_alarm(
    store: Stores, file: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        other.execute("VACUUM")
    back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    beside = open_store(f"sqlite:///{file}")
    World(beside).load(plan(), plan("jonas"))
    beside.people.forget("jonas")
    beside.close()
    store.people.forget("jonas")

    assert stop(store) is not None


def test_a_file_that_was_copied_over_in_place_is_noticed_and_refused_from_then_on(
    store: Stores, file: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    mark = store.restore.mark(NOON)
    store.restore.prove(mark)
    back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    stop(store)
    shutil.copy(tmp_path / "copy.db", file)

    with pytest.raises(StoreReplaced) as caught:
        store.restore.prove(mark)

    assert caught.value.said == "it was overwritten"
    with pytest.raises(StoreReplaced):
        store.people.person("maya")
    assert store.restore.rescue(NOON) is None  # it is a mixture of two


def test_a_file_that_is_copied_over_after_a_crash_is_noticed_too(
    store: Stores, file: Path, tmp_path: Path
) -> None:
    """Whoever finds the log of a process that was killed cannot tell how far it was moved to the file."""
    back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    stop(store)
    (tmp_path / "crashed").mkdir()
    for part in PARTS[:2]:
        shutil.copy(file.with_name(part), tmp_path / "crashed")
    with closing(open_store(f"sqlite:///{tmp_path / 'crashed' / 'nudger.db'}")) as again:
        again.keep_open()
        mark = again.restore.mark(NOON)
        again.restore.prove(mark)
        shutil.copy(tmp_path / "copy.db", tmp_path / "crashed" / "nudger.db")

        with pytest.raises(StoreReplaced, match="was overwritten"):
            again.restore.prove(mark)


def test_what_sqlite_itself_writes_to_the_file_is_no_alarm(store: Stores, file: Path) -> None:
    mark = store.restore.mark(NOON)
    stop_writing = Event()

    def write() -> None:
        """Another program, which writes and moves its log to the file all the time."""
        with closing(sqlite3.connect(file, timeout=20)) as other:
            other.execute("PRAGMA wal_autocheckpoint = 1")
            for number in count():
                other.execute("INSERT OR REPLACE INTO fact VALUES ('written', ?)", [number])
                other.commit()
                other.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
                if stop_writing.is_set():
                    return

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for _ in range(300):
                with suppress(StoreBusy):
                    store.restore.prove(mark)
        finally:
            stop_writing.set()
        writing.result(20)


@pytest.mark.parametrize("happens", ["deleted", "replaced", "deleted with its log"])
def test_what_was_committed_to_a_file_that_has_gone_is_rescued_at_the_end(
    store: Stores, file: Path, tmp_path: Path, happens: str
) -> None:
    back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    stop(store)
    if happens == "replaced":
        os.replace(tmp_path / "copy.db", file)
    else:
        file.unlink()
    if happens == "deleted with its log":
        file.with_name("nudger.db-wal").unlink()
    with pytest.raises(StoreAway):
        store.people.person("maya")

    rescued = store.restore.rescue(NOON)
    store.close()

    assert rescued == f"{file}.before-20261123T120000Z"
    assert Path(rescued).stat().st_mode & 0o777 == 0o600
    with closing(open_store(f"sqlite:///{rescued}")) as saved:
        one = saved.people.person("maya")
    assert one is not None
    assert one.standing.opted_out == {SMS}
    if happens == "replaced":  # and nothing of the former one gets into the one that is there
        with closing(open_store(f"sqlite:///{file}")) as there:
            other = there.people.person("maya")
        assert other is not None
        assert other.standing.opted_out == frozenset()


def test_of_a_database_that_is_there_nothing_has_to_be_rescued(store: Stores, file: Path) -> None:
    assert store.restore.rescue(NOON) is None
    assert sorted(part.name for part in file.parent.iterdir()) == sorted(PARTS)


def test_another_database_in_the_same_file_is_refused_from_then_on(store: Stores) -> None:
    mark = store.restore.mark(NOON)
    store.restore.prove(mark)
    store.facts.keep("instance", "another")

    with pytest.raises(StoreReplaced, match="another one is in its place"):
        store.restore.prove(mark)
    with pytest.raises(StoreReplaced):
        stop(store)


def test_a_database_that_has_not_come_as_far_is_refused_from_then_on(url: str) -> None:
    store = open_store(url)
    mark = store.restore.mark(NOON, 10)
    store.facts.keep("mark", f"9 {NOON.isoformat()}")

    with pytest.raises(StoreReplaced, match="an older one is in its place"):
        store.restore.prove(mark)
    with pytest.raises(StoreReplaced):
        store.people.person("maya")
    store.close()


def test_of_a_server_nothing_can_be_rescued(new_database: Callable[[str], str]) -> None:
    with closing(open_store(new_database("rescued"))) as store:
        assert store.restore.rescue(NOON) is None


def test_one_that_others_have_marked_meanwhile_is_the_same(url: str) -> None:
    store = open_store(url)
    mark = store.restore.mark(NOON)
    store.restore.mark(NOON + MINUTE)

    store.restore.prove(mark)

    store.close()


def test_a_database_that_takes_no_write_is_no_proof(store: Stores) -> None:
    mark = store.restore.mark(NOON)
    with store.transactions.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(StoreError, match="read-only"):
        store.restore.prove(mark)


def test_a_lock_of_another_program_is_waited_for_only_so_long_however_many_wait(
    store: Stores, file: Path
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other, ThreadPoolExecutor(16) as pool:
        other.execute("BEGIN IMMEDIATE")
        began = monotonic()
        faults = [done.exception() for done in [pool.submit(stop, store) for _ in range(16)]]
        took = monotonic() - began
        other.execute("ROLLBACK")

    assert [type(fault) for fault in faults] == [StoreBusy] * 16
    assert "another process keeps it locked" in str(faults[0])
    assert took < 2 * PATIENCE + 2  # of each: in this program, and then in the other
    assert stop(store) is not None
