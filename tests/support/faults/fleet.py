"""Three hosts on one PostgreSQL, and everything that befalls such a fleet, one after the other.

Each host has a network and a clock of its own; one is cut off, stopped, killed in the middle of its work,
and one has a clock that is five minutes off. What came of it is held against what was due.
"""

import asyncio
import re
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import psycopg

from nudger.app.clock import FastClock
from tests.support.doubles.postgres import Server, throw_away_cluster
from tests.support.doubles.twilio_double import TwilioDouble, inbound_form
from tests.support.faults.networks import Network, Place, network
from tests.support.faults.nursery import Child, Nursery, faked, nursery
from tests.support.faults.people import Part, Someone
from tests.support.faults.steps import Steps
from tests.support.faults.tally import Accepted, Due, Silence, Tally, tally
from tests.support.running import Told, environment

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
PUBLIC_URL = "https://nudger.example.org"
OFF = timedelta(minutes=5)  # the third host's clock
FRESH = timedelta(minutes=30)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LEASE = timedelta(seconds=60)  # what docs/fleet.md promises: HELD, and until somebody looks
ASKED = timedelta(seconds=100)  # by then Twilio was asked twice for what was taken over, and it went again
NUDGE = re.compile(r"p\d\d n\d+")


@dataclass
class Figures:
    """What the run has shown."""

    tally: Tally
    kind: str
    speed: float
    stop: timedelta = timedelta(0)  # of the machine's time: how long after a STOP's answer something came
    stops: int = 0
    taken_over: dict[str, timedelta] = field(default_factory=dict)  # the fleet's time
    starts: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        one = self.tally
        yield f"three hosts in {self.kind}, {self.speed:g} times as fast as life"
        yield f"due {one.due}, accepted {one.accepted}, silenced {one.silenced}"
        yield f"lost {one.lost}, twice {one.twice}, unknown {one.unknown}, after STOP {one.after_stop}"
        yield f"STOP: {self.stops}, the last text {self.stop.total_seconds():.2f} s after its answer"
        for what, span in self.taken_over.items():
            yield f"taken over after {what}: {span.total_seconds():.0f} s"
        yield f"starts: {dict(self.starts)}; alarms: {self.alarms}"


@dataclass
class Host:
    """One daemon's place: started again whenever it ends, as systemd would, unless it is `down`."""

    name: str
    place: Place
    born: Nursery
    folder: Path
    settings: dict[str, str]
    starts: int = 0
    child: Child | None = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.steps = Steps(self.folder / "steps")
        self._up.set()

    async def live(self) -> None:
        address = self.folder / "notify"
        loop = asyncio.get_running_loop()
        hearing, _ = await loop.create_datagram_endpoint(
            lambda: self._told, local_addr=str(address), family=socket.AF_UNIX
        )
        settings = self.settings | {
            "STATE_DIR": str(self.folder / "state"),
            "WEB_HOST": self.place.address,
            "FAILPOINTS_FOR_TESTS": str(self.steps.folder),
        }
        environ = environment(self.folder, settings) | {"NOTIFY_SOCKET": str(address)}
        try:
            while True:
                await self._up.wait()
                self._told.lines.clear()
                self.starts += 1
                self.child = await self.born.start(["run"], environ, self.folder, self.folder / "log")
                await asyncio.wait([self.child.ended])
        finally:
            hearing.close()

    async def ready(self) -> None:
        await self._told.wait_for("READY=1")

    def stay_down(self) -> None:
        self._up.clear()

    def come_back(self) -> None:
        self._up.set()

    async def ended(self) -> None:
        assert self.child is not None
        await asyncio.wait([self.child.ended])

    def kill(self, number: int) -> None:
        assert self.child is not None
        self.child.kill(number)

    def is_stopped(self) -> bool:
        assert self.child is not None
        return " (stopped)" in Path(f"/proc/{self.child.pid}/status").read_text()

    @property
    def url(self) -> str:
        return f"http://{self.place.address}:{self.settings['WEB_PORT']}"


@dataclass
class Run:
    """A run, while it is on."""

    folder: Path
    speed: float
    net: Network
    server: Server
    url: str  # of the database, past all networks
    clock: FastClock
    twilio: TwilioDouble
    hosts: list[Host]
    known: list[Someone]
    figures: Figures
    random: Random = field(default_factory=lambda: Random(7))
    silences: list[Silence] = field(default_factory=list)
    answers: list[Due] = field(default_factory=list)
    acknowledged: dict[str, datetime] = field(default_factory=dict)  # person -> when STOP was answered

    # --- the scenes --------------------------------------------------------------------------------
    async def scenes(self) -> None:
        await self._one_dies_with_a_claim()
        await self._one_stands_still("looked")
        await self._one_stands_still("before_request")
        await self._one_is_cut_off()
        await self._server_restarts()

    async def _one_dies_with_a_claim(self) -> None:
        """SIGKILL, with a claim committed and nothing handed over; and it stays down."""
        host = await self._whoever("claimed", "kill")
        await self._until_taken_over(host, "SIGKILL")
        host.come_back()
        await host.ready()

    async def _one_stands_still(self, step: str) -> None:
        """SIGSTOP between the last look and the call, past its lease and until others have taken over and
        asked Twilio; then SIGCONT."""
        host = await self._whoever(step, "stop")
        await self._until_taken_over(host, f"SIGSTOP ({step})")
        await self._sleep(ASKED)
        host.kill(signal.SIGCONT)
        await self._sleep(timedelta(seconds=30))

    async def _one_is_cut_off(self) -> None:
        """Nothing goes between it and the server, right after it has claimed; it reaches Twilio still."""
        host = await self._whoever("claimed", "stop")
        await host.place.cut()
        host.kill(signal.SIGCONT)
        await self._until_taken_over(host, "a cut")
        await self._sleep(ASKED)
        await host.place.mend()

    async def _whoever(self, step: str, what: str) -> Host:
        """The first host that comes to this step with something in its hands: it is stopped, or killed and
        stays down."""
        for host in self.hosts:
            host.steps.arm(step, what)
        await self._until(lambda: any(host.steps.was_reached(step) for host in self.hosts))
        victim, *others = sorted(self.hosts, key=lambda one: not one.steps.was_reached(step))
        for host in others:
            host.steps.disarm(step)
        if what == "kill":
            victim.stay_down()
            await victim.ended()
        else:
            await self._until(victim.is_stopped)
        for host in others:  # RACE: two at once
            if host.steps.was_reached(step) and what == "stop":
                host.kill(signal.SIGCONT)
        return victim

    async def _server_restarts(self) -> None:
        await asyncio.to_thread(self.server.stop)
        await self._sleep(timedelta(seconds=20))
        await asyncio.to_thread(self.server.start, faked(self.clock.now(), self.speed))

    async def _until_taken_over(self, host: Host, what: str) -> None:
        """Nothing of this host's is `sending` any more."""
        since = self.clock.now()
        await self._until_in_database(
            "SELECT count(*) = 0 FROM message WHERE state = 'sending' AND owner LIKE %s",
            f"%:{host.folder / 'state'}#%",
        )
        self.figures.taken_over[what] = self.clock.now() - since

    # --- what goes on beside them --------------------------------------------------------------------
    async def texts(self, one: Someone) -> None:
        """Once their second nudge has come, they text what they have to say, to any host that answers."""
        mine = re.compile(rf"{one.id} n\d+")
        await self.twilio.wait_for(lambda: sum(bool(mine.match(m["body"])) for m in self.twilio.taken) >= 2)
        tried_at = self.clock.now()
        assert one.says is not None
        sid = self.twilio.arrive(one.phone, one.says)
        public, form = f"{PUBLIC_URL}/twilio/inbound", inbound_form(sid, one.phone, one.says)
        while True:
            host = self.random.choice(self.hosts)
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(3):
                    there = public.replace(PUBLIC_URL, host.url)
                    if await self.twilio.post(there, form, public=public) == 200:
                        break
            await asyncio.sleep(0.05)
        if one.part is Part.STOPS:
            self.acknowledged[one.id] = answered_at = self.clock.now()
            # A second of the machine's time, which the test lives in.
            self.silences.append(Silence(one.id, "stop", tried_at, answered_at + SECOND * self.speed))

    # --- the end -------------------------------------------------------------------------------------
    async def settle(self) -> datetime:
        """Until nothing is under way, unknown, or due of what was due by now, or a minute later: when that
        was."""
        last = self.clock.now() + MINUTE
        await self._sleep(MINUTE)
        await self._until_in_database(
            "SELECT count(*) = 0 FROM occurrence"
            " WHERE due_at <= %s AND state IN ('planned', 'sending', 'unknown')",
            last,
        )
        return last

    def outcome(self, last: datetime) -> Figures:
        due = [one for one in _due(self.known) if one.at <= last]
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT person, nudge, state, reason FROM occurrence WHERE nudge <> ''"
            ).fetchall()
            # Those that have passed too: here all hosts have one name, and each clears what another raised.
            alarms = connection.execute("SELECT key, words FROM alarm").fetchall()
        ends = {
            (person, f"{person} {nudge}"): "overtaken"
            if state == "missed" and reason.startswith("a later nudge")
            else f"{state}: {reason}"
            for person, nudge, state, reason in rows
        }
        by_phone = {one.phone: one.id for one in self.known}
        accepted = [
            Accepted(by_phone[one["to"]], found.group(), self.twilio.taken_at[one["sid"]])
            for one in self.twilio.taken
            if (found := NUDGE.search(one["body"])) and found.group() in {one.text for one in due}
        ]
        figures = self.figures
        figures.tally = tally(due, accepted, self.silences, ends)
        figures.stops = len(self.acknowledged)
        after = [
            one.at - self.acknowledged[one.person] for one in accepted if one.person in self.acknowledged
        ]
        figures.stop = max([timedelta(0), *after]) / self.speed
        figures.starts = Counter({host.name: host.starts for host in self.hosts})
        figures.alarms = sorted(f"{key}: {words}" for key, words in alarms)
        return figures

    # --- waiting -------------------------------------------------------------------------------------
    async def _sleep(self, span: timedelta) -> None:
        await asyncio.sleep(max(0.0, self.clock.real(span).total_seconds()))

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110  (the process tells nobody)
                await asyncio.sleep(0.02)

    async def _until_in_database(self, asked: str, *given: Any) -> None:
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(self._asked, asked, given):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _asked(self, asked: str, given: tuple[Any, ...]) -> bool:
        try:
            with psycopg.connect(self.url) as connection:
                row = connection.execute(asked, given).fetchone()
        except psycopg.OperationalError:
            return False  # it restarts
        return bool(row and row[0])


async def run(folder: Path, speed: float, minutes: int) -> Figures:
    """Three hosts, with nudges due for so many of their minutes at most: it ends when the scenes have."""
    async with network(3) as net, AsyncExitStack() as stack:
        server = stack.enter_context(throw_away_cluster(faked(START, speed), net.server))
        url = server("fleet")
        with psycopg.connect(url) as connection:
            # The server's own timers know nothing of its fast clock.
            idle = round(10_000 / speed)
            connection.execute(f"ALTER DATABASE fleet SET idle_in_transaction_session_timeout = '{idle}ms'")
        clock = _clock_of(url, speed)
        twilio = await stack.enter_async_context(TwilioDouble(clock.now, host=net.home))
        hosts = await _hosts(stack, folder, net, clock, speed, twilio)
        first = START + MINUTE * ((clock.now() - START) // MINUTE + 2)
        known = list(_people(first, minutes))
        plans = folder / "plans"
        plans.mkdir()
        for one in known:
            (plans / f"{one.id}.toml").write_text(one.plan())
        code, said = await hosts[0].born.call(
            ["plans", "push", str(plans)], environment(folder, hosts[0].settings), folder
        )
        assert code == 0, said
        figures = Figures(Tally(), net.kind, speed)
        made = Run(folder, speed, net, server, url, clock, twilio, hosts, known, figures)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(host.live()) for host in hosts]
            await asyncio.gather(*(host.ready() for host in hosts))
            beside += [tasks.create_task(made.texts(one)) for one in known if one.says]
            await made.scenes()
            last = await made.settle()
            for task in beside:
                task.cancel()
        return made.outcome(last)


def _due(known: list[Someone]) -> list[Due]:
    return [
        Due(one.id, f"{one.id} n{number}", at, at + FRESH)
        for one in known
        for number, at in enumerate(one.times, 1)
    ]


def _clock_of(url: str, speed: float) -> FastClock:
    """The server's: all daemons go by it."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return FastClock(row[0].astimezone(UTC), speed)


async def _hosts(
    stack: AsyncExitStack, folder: Path, net: Network, clock: FastClock, speed: float, twilio: TwilioDouble
) -> list[Host]:
    async def host(name: str, place: Place, off: timedelta, port: int) -> Host:
        born = await stack.enter_async_context(nursery(clock.now() + off, speed, place.within))
        return Host(name, place, born, folder / name, _settings(place, twilio, port))

    names, offs = ("alpha", "beta", "gamma"), (timedelta(0), timedelta(0), OFF)
    made = zip(names, net.places, offs, strict=True)
    return [await host(name, place, off, 8101 + number) for number, (name, place, off) in enumerate(made)]


def _settings(place: Place, twilio: TwilioDouble, port: int) -> dict[str, str]:
    return {
        "PLANS": "push",
        "DATABASE_URL": f"postgresql://nudger@{place.database}/fleet",
        **twilio.settings,
        "PUBLIC_URL": PUBLIC_URL,
        "SMS_PER_SECOND": "10",
        "WEB_PORT": str(port),
        "LOG_LEVEL": "info",
    }


def _people(first: datetime, minutes: int) -> Iterator[Someone]:
    """Somebody's nudge every few seconds of their time, all along: whatever happens, happens to someone."""
    parts = (Part.PLAIN, Part.STOPS)
    for number in range(40):
        times = tuple(first + MINUTE * minute for minute in range(number % 4, minutes, 4))[:8]
        phone = f"+4477009{number:05}"
        yield Someone(f"p{number:02}", parts[number % 5 == 4], phone, None, ("sms",), times, None)
