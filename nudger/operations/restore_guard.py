"""The mark kept beside the database: how far it had come when this machine last worked with it.

A restored backup brings its own, older mark, and so is noticed at the next start, whoever put it there.
"""

import asyncio
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from nudger.agenda.entries import Mark, Restored
from nudger.agenda.port import RestoreStore
from nudger.domain.errors import StoreReplaced

EVERY = timedelta(minutes=1)
COMMAND = "nudger accept-restore"
FILE = "high-water.json"  # in the state folder
MACHINE_ID = Path("/etc/machine-id")
SLACK = timedelta(minutes=2)  # a mark is a minute old at most where its machine lost its power

log = structlog.get_logger("nudger.restored")


@dataclass(frozen=True, slots=True)
class Machine:
    """Which machine this is; either name may change, hardly both at once."""

    id: str  # empty: it has none
    host: str


@dataclass(frozen=True, slots=True)
class KeptMark:
    """A mark as it was kept outside of the database."""

    mark: Mark
    machine: Machine
    database: str = ""  # where it is; empty: not said


def notice(
    found: Mark, kept: KeptMark | None, here: Machine, now: datetime, *, shared: bool
) -> Restored | None:
    """Compares a database with what was kept beside it; None where it is the one that it should be.

    `shared`: the database is a server's, so that a copied state folder brings no second copy of it.
    """
    if kept is None:
        return None
    mark, done_until = kept.mark, min(now, kept.mark.at + SLACK)
    if found.instance != mark.instance:
        why = "this is not the database that nudger worked with here until then"
        return Restored(now, mark.at, done_until, why)
    if found.number < mark.number:
        return Restored(now, found.at, done_until, "the database is older than what was done with it")
    there = kept.machine
    if not shared and there.id != here.id and there.host != here.host:
        # What the other machine does meanwhile cannot be known from here.
        why = f"the state folder comes from another machine ({there.host}); if it runs, each sends everything"
        return Restored(now, found.at, now, why)
    return None


@dataclass(slots=True)
class HighWater:
    """Compares at the start, and marks each minute and at the end."""

    store: RestoreStore
    state_dir: Path
    shared: bool  # the database is a server's
    database: str = ""  # its name, without a password
    _last: int = 0  # the highest number that this machine knows of
    _mark: Mark | None = None  # of this run

    def begin(self, now: datetime) -> Restored | None:
        """Notices a restored database, and holds it back; the first mark of this run. What it noticed."""
        kept, here = read(self.state_dir), this_machine()
        self._last = kept.mark.number if kept else 0
        found = self.store.marked()
        if found is None:
            found = self.store.mark(now)  # made a moment ago, or by a nudger that knew no marks
        noticed = notice(found, kept, here, now, shared=self.shared)
        if noticed is not None:
            self.store.hold_back(noticed)
        self._write(now)
        return noticed

    def prove(self) -> None:
        """Proves the database. Raises StoreError where it takes no write; StoreReplaced where it is not the
        one that this run works with: one that was put in its place would else be taken for it by the next
        mark."""
        if self._mark is None:
            return
        try:
            self.store.prove(self._mark)
        except StoreReplaced:
            # Whatever the next start finds there, it has to be noticed.
            self._keep(replace(self._mark, number=self._mark.number + 1))
            raise

    def report(self) -> None:
        """Says at a start that nothing goes out, and what to type."""
        restored = self.store.restored()
        if restored is not None and restored.accepted_at is None:
            log.error("database_was_restored", why=restored.why, what="no nudge goes out", type=COMMAND)

    async def run_once(self, now: datetime) -> int:
        """Marks. Nothing is due because of it."""
        await asyncio.to_thread(self.mark, now)
        return 0

    def mark(self, now: datetime) -> None:
        """Marks the very database that this run works with; else StoreReplaced."""
        self.prove()
        self._write(now)

    def _write(self, now: datetime) -> None:
        """First in the database, then here: the file is never ahead of a database that lost nothing."""
        self._mark = mark = self.store.mark(now, self._last)
        self._last = mark.number
        self._keep(mark)

    def _keep(self, mark: Mark) -> None:
        write(self.state_dir, KeptMark(mark, this_machine(), self.database))


def read(state_dir: Path) -> KeptMark | None:
    """Returns what was kept; None where nothing legible is."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
        mark = Mark(kept["instance"], int(kept["number"]), datetime.fromisoformat(kept["at"]))
        return KeptMark(mark, Machine(kept["machine"], kept["host"]), kept.get("database", ""))
    return None


def knows(state_dir: Path, database: str) -> bool:
    """Tells whether this database was worked with here before: then nobody makes a new one in its place. A
    mark that cannot be read, or that names none, is of any."""
    kept = read(state_dir)
    if kept is None:
        return (state_dir / FILE).exists()
    return kept.database in ("", database)


def write(state_dir: Path, kept: KeptMark) -> None:
    """Replaces the file; it is the old one or the new one, whole, whenever the machine stops."""
    mark, machine = kept.mark, kept.machine
    text = json.dumps(
        {
            "instance": mark.instance,
            "number": mark.number,
            "at": mark.at.isoformat(),
            "machine": machine.id,
            "host": machine.host,
            "database": kept.database,
        }
    )
    part = state_dir / f".{FILE}.part"
    with open(part, "w", encoding="utf-8", opener=_for_its_owner) as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, state_dir / FILE)


def this_machine() -> Machine:
    with suppress(OSError):
        return Machine(MACHINE_ID.read_text(encoding="ascii").strip(), socket.gethostname())
    return Machine("", socket.gethostname())


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
