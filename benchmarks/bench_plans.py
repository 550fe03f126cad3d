"""Plan files: a cold start, a warm one, and one edit among many.

20,000 plans of three nudges and a contact. A cold start takes them into an empty database on the disk:
read, checked for the year to come, stored, and every person's days laid out. tomllib alone reads and parses
the same files and keeps nothing. A warm start finds them as they were. An edit is measured from the saved
file to the days laid out anew. In processor time, of all processes: nothing waits for anything but the disk.

A cold start does not come near to its target: to parse is a sixth of what has to be done, as the steps below
show, and no step stands out. What is left is to do less in Python (a compiled parser of TOML takes half the
time of tomllib), and to read, check and lay out in as many processes as there are cores.
"""

import asyncio
import os
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Compared, Profile, at_most, busy, compare
from nudger import plans
from nudger.agenda.laying_out import BATCH, LayingOut, days_of
from nudger.app.core import Core
from nudger.app.plans import build_loading
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.plan_sync.files import read_plans
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.plan_sync.sync import Loading
from nudger.store.stores import Stores

MANY, FEW = 20_000, 10
ROUNDS = 3
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
OLD = 1_700_000_000  # seconds: the age of a file that was not written in this very moment
PLAN = """name     = "Person {n}"
timezone = "Europe/London"
phone    = "+4477{n:08}"
consent  = "2026-11-20, in person"

[[nudge]]
kind = "rest"
at   = "13:00"
days = "weekdays"

[[nudge]]
kind    = "movement"
between = "10:00-17:00"

[[nudge]]
kind = "support"
cron = "30 16 * * sun"

[[contact]]
name     = "Sam"
relation = "brother"
phone    = "+447700900456"
"""


def write_old(path: Path, text: str) -> Path:
    path.write_text(text)
    os.utime(path, (OLD, OLD))
    return path


class Folder:
    """A folder with this many plans, and a daemon's loading of it."""

    def __init__(self, home: Path, people: int) -> None:
        self.home, self.plans = home, home / "plans"
        self.plans.mkdir(parents=True)
        self.people = people
        for number in range(people):
            self._write(number, PLAN.format(n=number))
        environ = {"NUDGER_PLANS_DIR": str(self.plans), "NUDGER_STATE_DIR": str(home / "state")}
        self.core = Core(load(Path(os.devnull), environ, home))
        self.edits = 0

    def _write(self, number: int, text: str) -> Path:
        return write_old(self.plans / f"p{number:06}.toml", text)

    def parse(self) -> int:
        """What reading costs at the least."""
        for file in self.plans.iterdir():
            tomllib.loads(file.read_text())
        return self.people

    def cold(self) -> int:
        """Into an empty database: read, checked, stored, laid out."""
        (self.home / "state" / "nudger.db").unlink(missing_ok=True)
        return self.start()

    def start(self) -> int:
        """With whatever the database holds."""
        store = open_database(self.core)
        try:
            asyncio.run(self.run(store, build_loading(self.core, store)))
        finally:
            store.close()
        return self.people

    async def run(self, store: Stores, loading: Loading) -> None:
        await loading.run_once(NOW)
        await LayingOut(store.agenda, self.core.zone, self.core.settings.seed).run_once(NOW)

    def edit(self, store: Stores, loading: Loading) -> int:
        """One plan is saved: from the save to its days laid out."""
        self.edits += 1
        text = PLAN.format(n=5).replace("13:00", f"13:{self.edits % 60:02}")
        path = self._write(5, text)
        asyncio.run(self._taken_over(store, loading, path))
        return 1

    async def _taken_over(self, store: Stores, loading: Loading, path: Path) -> None:
        await loading.run_once(NOW, {path})
        await LayingOut(store.agenda, self.core.zone, self.core.settings.seed).run_once(NOW)


def whole(work: Callable[[], int]) -> Callable[[], int]:
    """All files counted as one: how long it takes, not how long each."""
    return lambda: min(1, work())


def starts(folder: Folder, rounds: int) -> list[Compared]:
    files = f"{folder.people:,} files"
    return [
        compare(
            f"{start}, {files}",
            "s",
            whole(run),
            whole(folder.parse),
            "tomllib alone",
            rounds,
            at_most(most),
            clock=busy,
        )
        for start, run, most in (("cold start", folder.cold, 2), ("warm start", folder.start, 0.3))
    ]


def edits(many: Folder, few: Folder) -> Compared:
    stores = [open_database(folder.core) for folder in (many, few)]
    loadings = [build_loading(folder.core, store) for folder, store in zip((many, few), stores, strict=True)]
    asyncio.run(many.run(stores[0], loadings[0]))
    asyncio.run(few.run(stores[1], loadings[1]))
    try:
        return compare(
            f"one edit among {many.people:,} files, to its effect",
            "ms",
            lambda: sum(many.edit(stores[0], loadings[0]) for _ in range(20)),
            lambda: sum(few.edit(stores[1], loadings[1]) for _ in range(20)),
            f"the same among {few.people}",
            target=at_most(2),
            clock=busy,
        )
    finally:
        for store in stores:
            store.close()


def run(quick: bool) -> list[Compared]:
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as root:
        home = Path(root).resolve()
        many, few = Folder(home / "many", 500 if quick else MANY), Folder(home / "few", FEW)
        return [*starts(many, 1 if quick else ROUNDS), edits(many, few)]


def profiles(quick: bool) -> list[Profile]:
    """A cold start once more, step by step, in this process."""
    if quick:
        return []
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as root:
        costs = steps(Folder(Path(root).resolve() / "many", MANY))
    whole = sum(costs.values())
    return [
        Profile("a cold start, in processor time", [(name, cost / whole) for name, cost in costs.items()])
    ]


def steps(folder: Folder) -> dict[str, float]:
    """Processor seconds of each step."""
    core, costs = folder.core, dict[str, float]()
    files = sorted(folder.plans.iterdir())
    facts = core.facts(NOW)

    def taken(step: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        costs[step] = costs.get(step, 0) + time.process_time() - start
        return result

    found = taken("files read", lambda: read_plans(files))
    taken("TOML parsed", lambda: [tomllib.loads(one.data.decode()) for one in found.sources])
    reading = taken("plans checked for the year", lambda: plans.read(found.sources, facts))
    costs["plans checked for the year"] -= costs["TOML parsed"]
    store = open_database(core)
    given = [PlanFile(plan, reading.files[one], reading.digests[one]) for one, plan in reading.plans.items()]
    read = PlanRead(None, given, reading.files, reading.problems, dict.fromkeys(map(str, files), ""))
    taken("plans stored", lambda: store.plans.load_plans(read, NOW))
    lay_out = partial(days_of, now=NOW, zone=core.zone, seed=core.settings.seed)
    while layable := taken("people read, to lay out", partial(store.agenda.claim_layout, NOW, BATCH)):
        days = taken("days laid out", partial(list, map(lay_out, layable)))
        taken("entries stored", partial(store.agenda.lay_out, days, NOW))
    store.close()
    return costs
