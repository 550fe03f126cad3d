"""A daemon that is killed again and again, at named steps and at random moments, and started again."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from tests.support.faults.nursery import Child, Nursery
from tests.support.faults.steps import Steps
from tests.support.running import Told, environment, free_port

CLAIM_TO_RECORD = ("claimed", "before_request", "after_request", "before_record", "recorded")
STEPS = (
    *CLAIM_TO_RECORD,
    *("before_claim", "before_last_look", "looked", "before_reply", "reply_taken"),
    *("before_recover", "recovered", "tick"),
)
LONGEST = 2.0  # seconds that a step is waited for once a daemon is ready: some come seldom
LIFE = 1.2  # seconds that a daemon has at most once it is ready, where it dies at a random moment
UNREADY = 6  # of so many random moments, one falls into the start


@dataclass
class Choice:
    """Which step comes next, of all daemons of a run: each gets its kills, however seldom it comes by."""

    kills: Counter[str] = field(default_factory=Counter)
    tries: Counter[str] = field(default_factory=Counter)

    def next(self) -> str:
        # Each second time one between claim and record that had none yet: a slow machine has few in all.
        missing = [one for one in CLAIM_TO_RECORD if not self.kills[one]]
        of = missing if missing and self.tries.total() % 2 else STEPS
        step = min(of, key=lambda one: 2 * self.kills[one] + self.tries[one])  # the first of equals
        self.tries[step] += 1
        return step


@dataclass
class Killed:
    """One daemon's place: its state folder, its port, and what became of its lives."""

    born: Nursery
    folder: Path
    output: Path
    settings: Mapping[str, str]
    random: Random
    choice: Choice
    port: int = field(default_factory=free_port)
    kills: Counter[str] = field(default_factory=Counter)  # by step; "" at a random moment
    deaths: list[int] = field(default_factory=list)  # exit codes that nobody asked for
    ready_at: datetime | None = None  # for the first time
    _told: Told = field(default_factory=Told)
    _turn: int = 0
    _born_at: float = 0
    _start_takes: float = 1  # seconds, the last time

    def __post_init__(self) -> None:
        self.steps = Steps(self.folder / "steps")
        self._address = self.folder / "notify"

    async def live(self, at_most: int, over: asyncio.Event) -> None:
        """Life after life, until it was killed `at_most` times or it is over."""
        loop = asyncio.get_running_loop()
        self._hearing, _ = await loop.create_datagram_endpoint(
            lambda: self._told, local_addr=str(self._address), family=socket.AF_UNIX
        )
        while not over.is_set() and self.kills.total() < at_most:
            child = await self._birth()
            await self._fate(child)
            code = await child.ended
            if code != -signal.SIGKILL:
                self.deaths.append(code)

    async def last(self, until: asyncio.Event) -> int:
        """One more life, in peace, to the end; its exit code."""
        child = await self._birth()
        await until.wait()
        child.kill(signal.SIGTERM)
        code = await child.ended
        self._hearing.close()
        return code

    async def _birth(self) -> Child:
        settings = {**self.settings, "WEB_PORT": str(self.port), "STATE_DIR": str(self.folder / "state")}
        settings["FAILPOINTS_FOR_TESTS"] = str(self.steps.folder)
        environ = environment(self.folder, settings) | {"NOTIFY_SOCKET": str(self._address)}
        self._told.lines.clear()
        self._born_at = asyncio.get_running_loop().time()
        return await self.born.start(["run"], environ, self.folder, self.output)

    async def _fate(self, child: Child) -> None:
        """At a step and at a random moment, in turn."""
        step = ""
        self._turn += 1
        if self._turn % 2:
            step = self.choice.next()
            self.steps.arm(step, "kill")
            await self._life(child, LONGEST)
        elif self._turn // 2 % UNREADY == 0:
            await asyncio.wait([child.ended], timeout=self.random.uniform(0, self._start_takes))
        else:
            await self._life(child, self.random.uniform(0, LIFE))
        if child.ended.done():
            if child.ended.result() == -signal.SIGKILL:
                self.kills[step] += 1
                self.choice.kills[step] += 1
            return
        if step:
            self.steps.disarm(step)
        child.kill(signal.SIGKILL)
        self.kills[""] += 1

    async def _life(self, child: Child, seconds: float) -> None:
        """Until it has ended, or has been ready for so long."""
        ready = asyncio.create_task(self._told.wait_for("READY=1"))
        await asyncio.wait([child.ended, ready], return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            self.ready_at = self.ready_at or self.born.clock.now()
            self._start_takes = asyncio.get_running_loop().time() - self._born_at
            await asyncio.wait([child.ended], timeout=seconds)
        ready.cancel()
