"""One database of each kind for a whole run, with its connections kept open: statements are compiled once."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from nudger.store import open_store
from nudger.store.opening.opening import url_of
from nudger.store.sql.database import Database
from tests.support.cores import memory
from tests.support.doubles import pgbouncer, postgres
from tests.support.explained import Explained


class Databases:
    """Each is made when it is first asked for, and stays until the end, in whichever order tests run."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._server: postgres.Server | None = None
        self._urls: dict[str, str] = {}
        self._opened: dict[str, Database] = {}
        self._explained: dict[str, Explained] = {}

    def server(self) -> postgres.Server:
        """The PostgreSQL server of this run."""
        if postgres.binaries() is None:
            pytest.skip("apt-get install postgresql")
        if self._server is None:
            self._server = self._stack.enter_context(postgres.throw_away_cluster())
        return self._server

    def new(self, name: str) -> str:
        """The URL of a new, empty PostgreSQL database."""
        return self.server()(name)

    def url(self, kind: str) -> str:
        """The URL of the migrated database that all tests of this kind share: sqlite, postgresql, or
        pgbouncer before a PostgreSQL."""
        if kind not in self._urls:
            self._urls[kind] = self._make(kind)
            open_store(self._urls[kind]).close()
        return self._urls[kind]

    def opened(self, kind: str) -> Database:
        if kind not in self._opened:
            self._opened[kind] = Database(url_of(self.url(kind)))
            self._stack.callback(self._opened[kind].close)
        return self._opened[kind]

    def explained(self, kind: str) -> Explained:
        if kind not in self._explained:
            self._explained[kind] = Explained(self.opened(kind).engine)
        return self._explained[kind]

    def _make(self, kind: str) -> str:
        if kind == "sqlite":
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(dir=memory()))
            return f"sqlite:///{Path(folder)}/nudger.db"
        url = self.new(f"shared_{kind}")
        return self._stack.enter_context(pgbouncer.pooled(url)) if kind == "pgbouncer" else url
