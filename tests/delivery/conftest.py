"""The world of the delivery tests: everything between a plan's text and a channel, on SQLite."""

from collections.abc import Iterator

import pytest

from nudger.app.core import Core
from nudger.store.stores import stores_of
from tests.support.databases import Databases
from tests.support.worlds.delivery import World
from tests.support.worlds.store import empty


@pytest.fixture
def world(core: Core, databases: Databases) -> Iterator[World]:
    """On an empty database. No statement of any test may read a table whole that grows with people."""
    database, explained = databases.opened("sqlite"), databases.explained("sqlite")
    empty(database)
    yield World(core, stores_of(database, core.zone))
    whole, explained.whole = explained.whole, []
    assert whole == []
