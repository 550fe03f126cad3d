"""The state folder and the database in it: opened, looked at, and held by one daemon."""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nudger.agenda.entries import Restored
from nudger.agenda.port import Clock
from nudger.app.clock import SharedClock, SystemClock
from nudger.app.core import Core
from nudger.domain.errors import StoreError
from nudger.operations.restore_guard import HighWater, knows
from nudger.store import (
    Condition,
    back_up,
    carry_over,
    look_at,
    name_of,
    open_beside,
    open_store,
    open_to_look,
    restore,
)
from nudger.store.stores import Stores as Stores  # noqa: PLC0414 (commands name what they are handed)

LOCK = "nudger.lock"  # in the state folder
# Seconds that a writer of the daemon waits for others, and as long again for another program: whoever posted
# a text has an answer within five.
PATIENCE = 2.0
_FLOCK = "hhqqi4x"  # struct flock of 64-bit Linux: type, whence, start, length, process


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a state folder."""

    since: datetime | None  # of a daemon; None of a command that wants to be alone

    @property
    def is_daemon(self) -> bool:
        return self.since is not None


def open_database(core: Core) -> Stores:
    """Opens the database for the daemon: migrated, and made where there is none and none was known here
    before."""
    settings = core.settings
    known = knows(settings.state_dir, name_of(settings.database_url))
    store = open_store(settings.database_url, core.zone, create=not known, patience=PATIENCE)
    store.keep_open()
    return store


def join_database(core: Core) -> Stores:
    """Opens the database for who changes something, perhaps beside a daemon: neither made nor migrated."""
    return open_beside(core.settings.database_url, core.zone)


def database_for_plans(core: Core) -> Stores:
    """Opens the database for who pushes plans: made where nothing is there yet, else joined."""
    found = look_at_database(core)
    return open_database(core) if found is None or found.schema is None else join_database(core)


def look_into_database(core: Core) -> Stores:
    """Opens the database for who looks: nothing is made, migrated or locked."""
    return open_to_look(core.settings.database_url, core.zone)


def clock_of(core: Core, store: Stores) -> Clock:
    """Makes the clock that the daemon goes by: the machine's, or of a database that hosts share, the
    database's."""
    if core.database_file is not None:
        return SystemClock()
    clock = SharedClock()
    clock.ask(store.facts.time)
    return clock


def high_water(core: Core, store: Stores) -> HighWater:
    """Makes what keeps the mark beside this database."""
    settings = core.settings
    name = name_of(settings.database_url)
    return HighWater(store.restore, settings.state_dir, shared=core.database_file is None, database=name)


def look_at_database(core: Core) -> Condition | None:
    """Reads its state, without changing anything; None where there is none yet."""
    return look_at(core.settings.database_url) if core.has_database() else None


def back_up_database(
    core: Core, target: Path, *, force: bool, copied: Callable[[int, int], None] | None = None
) -> None:
    """Copies the database while it is used; UsageError where a server keeps it."""
    back_up(core.settings.database_url, target, force=force, copied=copied)


def restore_database(core: Core, source: Path, now: datetime) -> Path | None:
    """Puts a backup in the place of the database, and holds it back; where the replaced one is kept."""
    with alone(core.settings.state_dir):
        aside = restore(core.settings.database_url, source, now)
        store = open_database(core)
        try:
            found = store.restore.marked()
            high_water(core, store).begin(now)
            why = f"the backup {source.name} was restored"
            store.restore.hold_back(Restored(now, found.at if found else now, now, why))
        finally:
            store.close()
    return aside


def carry_database(
    core: Core, target_url: str, told: Callable[[str, int], None]
) -> tuple[str, dict[str, int]]:
    """Carries the state of this folder to a PostgreSQL database: its name, and the rows of each table.
    StoreError while a daemon runs here."""
    if not core.has_database():
        raise StoreError(f"there is no database at {core.database_file}", "There is nothing to carry over.")
    with alone(core.settings.state_dir):
        return carry_over(core.settings.database_url, target_url, told)


@contextmanager
def alone(state_dir: Path, since: datetime | None = None) -> Iterator[None]:
    """Holds the state folder: two daemons on one folder would each take the other's sends for left behind.
    A daemon says `since` when it runs."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise StoreError(
            f"NUDGER_STATE_DIR: cannot write to {state_dir}: {fault.strerror}",
            "Name a folder that the user nudger runs as may write to.",
        ) from fault
    try:
        _hold(handle, state_dir)
        os.fchmod(handle, 0o600)  # one that was made when others could still read it
        os.truncate(handle, 0)
        if since is not None:
            os.write(handle, f"{since.isoformat()}\n".encode())
        yield
    finally:
        os.close(handle)


def holder(state_dir: Path) -> Holder | None:
    """Reads who holds the state folder; None where nobody does. Makes, changes and locks nothing."""
    try:
        handle = os.open(state_dir / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _ask(handle, fcntl.F_OFD_GETLK) == fcntl.F_UNLCK:
            return None
        said = os.read(handle, 100).decode("ascii", "replace").strip()
    finally:
        os.close(handle)
    with suppress(ValueError):
        return Holder(datetime.fromisoformat(said))
    return Holder(None)


def _hold(handle: int, state_dir: Path) -> None:
    try:
        _ask(handle, fcntl.F_OFD_SETLK)
    except BlockingIOError:
        raise StoreError(
            f"NUDGER_STATE_DIR: another nudger is running on {state_dir}",
            "Stop it first (systemctl stop nudger), or give this one a state folder of its own.",
        ) from None


def _ask(handle: int, question: int) -> int:
    """Of a lock of the open file (fcntl(2)): unlike flock's it can be asked for without being taken. What
    stands in its way, or F_UNLCK."""
    flock = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind: int = struct.unpack(_FLOCK, fcntl.fcntl(handle, question, flock))[0]
    return kind
