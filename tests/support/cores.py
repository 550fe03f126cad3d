"""Cores and databases for tests: what is costly is made once in a process, then copied or shared."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from nudger.app.core import Core
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.store import open_store
from nudger.store.stores import Stores


def core_in(folder: Path, **settings: str) -> Core:
    """A core whose state is in `folder`. Words and zones are the same for every test, and read once."""
    named = {f"NUDGER_{name}": value for name, value in settings.items()}
    environ = {"HOME": str(folder), "NUDGER_STATE_DIR": str(folder), **named}
    core, read = Core(load(None, environ, folder)), _read()
    vars(core).update(wording=read.wording, words=read.words, zones=read.zones)
    return core


def database_of(core: Core) -> Stores:
    """The database of its settings, new and opened as a daemon does: a file that was migrated before."""
    file = core.database_file
    assert file is not None
    assert not file.exists()
    shutil.copyfile(_migrated(), file)
    file.chmod(0o600)
    return open_database(core)


def memory() -> Path | None:
    """A folder in memory, where there is such a place: each commit to a disk waits for it."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) else None


@cache
def _read() -> Core:
    folder = Path(tempfile.gettempdir())
    return Core(load(None, {"HOME": str(folder)}, folder))


@cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="nudger-migrated-", dir=memory()))
    atexit.register(shutil.rmtree, folder)
    open_store(f"sqlite:///{folder}/nudger.db").close()
    return folder / "nudger.db"
