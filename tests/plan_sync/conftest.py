"""A plans folder on the disk, the duty that loads it, and a store."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cores import core_in, database_of, memory
from tests.support.worlds.folder import World


@pytest.fixture(scope="session")
def new_world() -> Iterator[Callable[[], World]]:
    """Makes an empty folder with an empty store, in memory where there is such a place."""
    worlds: list[World] = []
    with tempfile.TemporaryDirectory(dir=memory()) as root:

        def make() -> World:
            while worlds:
                worlds.pop().close()
            home = Path(tempfile.mkdtemp(dir=root))
            core = core_in(home, PLANS_DIR=str(home / "plans"))
            worlds.append(World(core, database_of(core), home / "plans"))
            return worlds[0]

        yield make
        while worlds:
            worlds.pop().close()


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()
