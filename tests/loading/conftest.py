"""A plans folder on the disk, the duty that loads it, and a store."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nudger.core import Core
from nudger.settings import load
from nudger.wiring import open_database
from tests.support.worlds.folder import World


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """Words and zones, read once: they are the same for every test."""
    folder = tmp_path_factory.mktemp("parsed")
    return Core(load(None, {"HOME": str(folder)}, folder))


@pytest.fixture(scope="session")
def new_world(parsed: Core) -> Iterator[Callable[[], World]]:
    """Makes an empty folder with an empty store, in memory where there is such a place."""
    memory = Path("/dev/shm")
    worlds: list[World] = []
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as root:

        def make() -> World:
            while worlds:
                worlds.pop().close()
            home = Path(tempfile.mkdtemp(dir=root))
            core = Core(
                load(None, {"NUDGER_STATE_DIR": str(home), "NUDGER_PLANS_DIR": str(home / "plans")}, home)
            )
            vars(core).update(wording=parsed.wording, words=parsed.words, zones=parsed.zones)
            worlds.append(World(core, open_database(core), home / "plans"))
            return worlds[0]

        yield make
        while worlds:
            worlds.pop().close()


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()
