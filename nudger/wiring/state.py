"""The state folder and the database in it: opened, looked at, and held by one daemon."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from nudger.clock import SharedClock, SystemClock
from nudger.core import Core
from nudger.delivery.ports import Clock, Store
from nudger.delivery.restored import Restored
from nudger.errors import StoreError
from nudger.highwater import HighWater
from nudger.store import Condition, back_up, carry_over, look_at, open_store, restore


def open_database(core: Core) -> Store:
    """The database, made where there is none, and migrated."""
    if core.database_file is not None:
        core.database_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_store(core.settings.database_url, core.zone)


def clock_of(core: Core, store: Store) -> Clock:
    """The clock that the daemon goes by: the machine's, or of a database that hosts share, the database's."""
    if core.database_file is not None:
        return SystemClock()
    clock = SharedClock()
    clock.ask(store.time)
    return clock


def look_at_database(core: Core) -> Condition | None:
    """Its state, looked at without changing anything; None where there is none yet."""
    return look_at(core.settings.database_url) if core.has_database() else None


def back_up_database(
    core: Core, target: Path, *, force: bool, copied: Callable[[int, int], None] | None = None
) -> None:
    """A copy of the database while it is used; UsageError where a server keeps it."""
    back_up(core.settings.database_url, target, force=force, copied=copied)


def restore_database(core: Core, source: Path, now: datetime) -> Path | None:
    """Puts a backup in the place of the database, and holds it back; where the replaced one is kept."""
    with alone(core.settings.state_dir):
        aside = restore(core.settings.database_url, source, now)
        store = open_database(core)
        try:
            found = store.marked()
            HighWater(store, core.settings.state_dir, shared=False).begin(now)
            why = f"the backup {source.name} was restored"
            store.hold_back(Restored(now, found.at if found else now, now, why))
        finally:
            store.close()
    return aside


def carry_database(
    core: Core, target_url: str, told: Callable[[str, int], None]
) -> tuple[str, dict[str, int]]:
    """The state of this folder carried to a PostgreSQL database: its name, and the rows of each table.
    StoreError while a daemon runs here."""
    if not core.has_database():
        raise StoreError(f"there is no database at {core.database_file}", "There is nothing to carry over.")
    with alone(core.settings.state_dir):
        return carry_over(core.settings.database_url, target_url, told)


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Holds the state folder: two daemons on one folder would each take the other's sends for left behind."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (state_dir / "nudger.lock").open("a")
    except OSError as fault:
        raise StoreError(
            f"NUDGER_STATE_DIR: cannot write to {state_dir}: {fault.strerror}",
            "Name a folder that the user nudger runs as may write to.",
        ) from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"NUDGER_STATE_DIR: another nudger is running on {state_dir}",
                "Stop it first (systemctl stop nudger), or give this one a state folder of its own.",
            ) from None
        yield


def is_running(state_dir: Path) -> bool:
    """Whether a daemon holds the state folder. Makes and changes nothing there."""
    try:
        lock = (state_dir / "nudger.lock").open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            # RACE: a daemon that starts in the very moment in which this is held takes us for another
            # one, and is started again by systemd. There is no asking for the lock without taking it.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
