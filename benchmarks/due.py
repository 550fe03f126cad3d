"""A store in which as many people as one wants have a nudge due at the same minute of each day."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from itertools import count
from pathlib import Path
from random import Random

from nudger.agenda.entries import Decision, Due, Receipt, Result, Sending, Ways
from nudger.agenda.laying_out import LayingOut
from nudger.agenda.rate_limit import Limit
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.domain.model import At, ChannelName, Kind, Nudge, Person, Plan
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.sending.dispatcher import Dispatcher, Retries
from nudger.sending.port import Channel
from nudger.store import open_store
from tests.support.observers import UNWATCHED

MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)  # the first one; each `next_day` goes to the noon of the next
NOON = wall_time(12)
KINDS = (Kind.REST, Kind.MOVEMENT, Kind.REFLECTION, Kind.MINDFULNESS)


@dataclass(frozen=True, slots=True)
class Pace:
    """One round: how many units in a second, and how much of this process's own work each took."""

    per_second: float
    cpu: float  # microseconds
    server: float = 0.0  # the same of the database's server, where there is one


def _no_server() -> float:
    return 0.0


async def paced(work: Callable[[], Awaitable[int]], server: Callable[[], float] = _no_server) -> Pace:
    """`work` returns how many units it did; `server` the processor seconds that a server has used."""
    start, worked, served = time.perf_counter(), time.process_time(), server()
    units = await work()
    took = time.perf_counter() - start
    costs = (time.process_time() - worked, server() - served)
    return Pace(units / took, *(cost / units * 1e6 for cost in costs))


@dataclass
class Clock:
    """Stands still: what is measured takes its own time, not the agenda's."""

    at: datetime = MORNING

    def now(self) -> datetime:
        return self.at

    def real(self, span: timedelta) -> timedelta:
        return span


@dataclass
class NoOp:
    """Accepts at once."""

    places: int | None = None
    numbers: Iterator[int] = field(default_factory=count)

    async def send(self, _sending: Sending) -> Receipt:
        return Receipt(f"SM{next(self.numbers):032x}")

    async def close(self) -> None:
        """Holds nothing."""


class DueAtNoon:
    """`people` people, each with one nudge at noon, every day; a round is a day of theirs."""

    def __init__(self, url: str, folder: Path, people: int) -> None:
        self.core = Core(load(None, {"HOME": str(folder)}, folder))
        self.clock = Clock()
        self.people = people
        self.store = open_store(url, self.core.zone)
        self._laying_out = LayingOut(self.store.agenda, self.core.zone, "bench")
        for first in range(0, people, 10_000):
            self._load(first, min(people, first + 10_000))

    def _load(self, first: int, end: int) -> None:
        plans = [plan(number) for number in range(first, end)]
        files = [PlanFile(one, f"{one.person}.toml", one.person) for one in plans]
        names = {one.file for one in files}
        read = PlanRead(names, files, {one.plan.person: one.file for one in files}, ())
        self.store.plans.load_plans(read, self.clock.now())

    async def next_day(self) -> None:
        """The agenda holds today and tomorrow of everyone, and it is noon: all of them are due."""
        self.clock.at = datetime.combine(self.clock.at.date() + timedelta(days=1), wall_time(0, 30), UTC)
        await self._laying_out.run_once(self.clock.at)
        self.clock.at = datetime.combine(self.clock.at.date(), NOON, UTC)

    def dispatcher(self, channel: Channel, limit: Limit | None = None) -> Dispatcher:
        limits = {ChannelName.SMS: limit} if limit else {}
        channels = {ChannelName.SMS: channel, ChannelName.EMAIL: channel}
        return Dispatcher(
            self.store.sending,
            channels,
            self.core.decider,
            self.clock,
            limits,
            Retries(Random(1)),
            "bench",
            UNWATCHED,
        )

    async def deliver(self, dispatcher: Dispatcher) -> int:
        """Runs as the daemon does while something is due, until all of it has ended; how many went out."""
        started = 0
        while True:
            done = await dispatcher.run_once(self.clock.now())
            started += done.started
            if done.again_at is None or done.again_at > self.clock.now():
                break
        await dispatcher.settled()
        return started

    def claim_and_record(self) -> int:
        """The same in one thread and without a loop, to see where its time goes."""
        now, ended = self.clock.now(), 0

        def decide(person: Person, dues: Sequence[Due], ways: Ways) -> Decision:
            return self.core.decider.decide(person, dues, now, ways)

        self.store.sending.renew("bench")
        while sendings := self.store.sending.claim_due(now, 500, "bench", decide).sendings:
            self.store.sending.stopped(sendings, now)
            self.store.sending.record([Result(one, receipt=Receipt(one.message)) for one in sendings], now)
            ended += len(sendings)
        return ended


def plan(number: int) -> Plan:
    kind = KINDS[number % len(KINDS)]
    return Plan(
        f"p{number:06}",
        f"Maya {number % 1000}",
        "Europe/London",
        phone=f"+4477{number:08}",
        channels=(ChannelName.SMS,),
        consent="2025-11-20, in person",
        nudges=(Nudge(str(kind), kind, At((NOON,))),),
    )


@contextmanager
def opened(url: str, folder: Path, people: int) -> Iterator[DueAtNoon]:
    due = DueAtNoon(url, folder, people)
    try:
        yield due
    finally:
        due.store.close()
