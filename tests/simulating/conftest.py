"""What the tests of the simulation share."""

import pytest

from nudger.core import Core
from nudger.settings import load


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    folder = tmp_path_factory.mktemp("core")
    return Core(load(None, {"NUDGER_STATE_DIR": str(folder), "HOME": str(folder)}, folder))
