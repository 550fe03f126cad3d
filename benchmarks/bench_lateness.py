"""How late, in a large agenda

The 99th percentile of how long after its due time an occurrence is handed to its channel, under a steady
load: one falls due every 20 ms, and the dispatcher runs when it says that it is to run again, as the daemon
lets it. In an agenda of a million occurrences that are still to come, against one of a thousand. Rounds take
turns; the channel accepts at once; every commit is on the disk.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, text

from benchmarks.due import NoOp
from benchmarks.measure import Compared, at_most, figure
from nudger.agenda.entries import Sending
from nudger.app import running
from nudger.app.clock import SystemClock
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.domain.model import At, ChannelName, Kind, Nudge, Origin, Plan
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.sending.dispatcher import Dispatcher, Retries
from nudger.store import open_store
from nudger.store.schema.tables import occurrence
from nudger.store.sql.statements import Bulk
from nudger.store.state.entries import planned
from tests.support.doubles.postgres import DURABLE, throw_away_cluster
from tests.support.observers import Unwatched

LARGE, SMALL = 1_000_000, 1_000
EACH = 100  # occurrences of one person that are still to come
STEP = timedelta(milliseconds=20)
DUE = 400  # in one round: 8 seconds of steady load
ROUNDS = 5
TIMES = 1.5  # as late, at most
CHUNK = 20_000
LONGEST_WAIT = timedelta(seconds=15)
NUDGE = Nudge("rest", Kind.REST, At(()), message="A breath, if you like.")

Row = dict[str, Any]


@dataclass
class Late(Unwatched):
    """Keeps how late each was handed over, in seconds."""

    by: list[float] = field(default_factory=list)

    def handed_over(self, sending: Sending, at: datetime) -> None:
        if sending.due_at is not None:
            self.by.append((at - sending.due_at).total_seconds())


class Agenda:
    """So many occurrences to come, and everything that works through them."""

    def __init__(self, url: str, folder: Path, size: int) -> None:
        self.core = Core(load(None, {"HOME": str(folder)}, folder))
        self.clock, self.late, self.size, self._round = SystemClock(), Late(), size, 0
        self.store = open_store(url, self.core.zone)
        self.people = max(DUE, size // EACH)
        self._load_people()
        self._add(islice(self._to_come(), size - DUE))
        with self.store.transactions.database.write() as connection:
            connection.execute(text("ANALYZE"))

    def _load_people(self) -> None:
        plans = [_plan(number) for number in range(self.people)]
        files = [PlanFile(one, f"{one.person}.toml", one.person) for one in plans]
        names = {one.plan.person: one.file for one in files}
        self.store.plans.load_plans(PlanRead(None, files, names, ()), self.clock.now())

    def _to_come(self) -> Iterator[Row]:
        """From tomorrow on: a minute after the other, everybody's."""
        start = self.clock.now() + timedelta(days=1)
        for day in range(EACH):
            for person in range(self.people):
                yield _entry(person, start + timedelta(days=day, seconds=person % 86_000), 1)

    def _add(self, rows: Iterator[Row]) -> None:
        while chunk := list(islice(rows, CHUNK)):
            with self.store.transactions.database.write() as connection:
                Bulk(insert(occurrence).inline(), tuple(chunk[0])).run(connection, chunk)

    def p99(self) -> float:
        """Of one round, in milliseconds."""
        return asyncio.run(self._work())

    def _dispatcher(self) -> Dispatcher:
        """A new one for each round: it belongs to one loop."""
        return Dispatcher(
            self.store.sending,
            {ChannelName.SMS: NoOp()},
            self.core.decider,
            self.clock,
            {},
            Retries(Random(1)),
            owner="bench",
            watch=self.late,
        )

    async def _work(self) -> float:
        dispatcher = self._dispatcher()
        self._round += 1
        self.late.by.clear()
        start = self.clock.now() + timedelta(seconds=1)
        self._add(_entry(one, start + one * STEP, 1 + self._round) for one in range(DUE))
        again_at: datetime | None = start
        while len(self.late.by) < DUE:
            wait = LONGEST_WAIT if again_at is None else again_at - self.clock.now()
            await asyncio.sleep(max(timedelta(0), min(wait, LONGEST_WAIT)).total_seconds())
            again_at = (await dispatcher.run_once(self.clock.now())).again_at
        await dispatcher.settled()
        return statistics.quantiles(self.late.by, n=100)[98] * 1000


def run(quick: bool) -> list[Compared]:
    folder = tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with folder as root, throw_away_cluster(options=DURABLE) as pg:
        large = LARGE // 100 if quick else LARGE
        sqlite = [f"sqlite:///{root}/{size}.db" for size in (large, SMALL)]
        postgres = [pg(f"nudger{size}") for size in (large, SMALL)]
        return [
            _compare("SQLite", sqlite, Path(root), large, 1 if quick else ROUNDS),
            _compare("PostgreSQL", postgres, Path(root), large, 1 if quick else ROUNDS),
        ]


def _compare(kind: str, urls: Sequence[str], folder: Path, large: int, rounds: int) -> Compared:
    with ExitStack() as stack:
        agendas = [Agenda(url, folder, size) for url, size in zip(urls, (large, SMALL), strict=True)]
        for one in agendas:
            stack.callback(one.store.close)
            one.p99()  # connections are open, statements compiled
        running.settle()
        ours, theirs = zip(*((agendas[0].p99(), agendas[1].p99()) for _ in range(rounds)), strict=True)
    what = f"p99 lateness, {large:,} to come, {kind}"
    return figure(what, "ms", ours, theirs, f"{SMALL:,} to come", at_most(TIMES))


def _plan(number: int) -> Plan:
    return Plan(
        f"p{number:06}",
        f"Maya {number % 1000}",
        "Europe/London",
        phone=f"+4477{number:08}",
        channels=(ChannelName.SMS,),
        quiet=None,
        daily_limit=8,
        consent="2025-11-20, in person",
        nudges=(NUDGE,),
    )


def _entry(person: int, due_at: datetime, slot: int) -> Row:
    return planned(
        person=f"p{person:06}",
        local_date=due_at.date(),
        nudge=NUDGE.id,
        slot=slot,
        origin=Origin.FIXED,
        due_at=due_at,
        expires_at=due_at + timedelta(minutes=30),
        kind=NUDGE.kind,
    )
