"""The fixtures of the delivery tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nudger.core import Core
from nudger.settings import load
from nudger.wiring import open_database
from tests.support.worlds.delivery import World


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """Words and zones, read once: they are the same for every test."""
    folder = tmp_path_factory.mktemp("parsed")
    return Core(load(None, {"HOME": str(folder)}, folder))


@pytest.fixture
def core(tmp_path: Path, parsed: Core) -> Core:
    core = Core(load(None, {"NUDGER_STATE_DIR": str(tmp_path), "HOME": str(tmp_path)}, tmp_path))
    vars(core).update(wording=parsed.wording, words=parsed.words, zones=parsed.zones)
    return core


@pytest.fixture
def world(core: Core) -> Iterator[World]:
    store = open_database(core)
    yield World(core, store)
    store.close()
