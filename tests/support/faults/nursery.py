"""Where daemons are started on a fast clock, and where it is known what time it is there."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from nudger.app.clock import FastClock

LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")
IMPORTS_IN = 1.5  # seconds, with some to spare
INSTALL = "runs the daemon on a fast clock: apt-get install faketime"


def libfaketime() -> Path | None:
    """Debian's, wherever it stands."""
    root = Path("/")
    found = [path for pattern in LIBRARIES for path in root.glob(pattern.removeprefix("/"))]
    return found[0] if found else None


@dataclass
class Child:
    """One process that was started."""

    pid: int
    ended: asyncio.Future[int]

    def kill(self, number: int) -> None:
        """Nothing where it has ended, be it a moment ago: RACE, reaped and not yet heard of."""
        if not self.ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass
class Nursery:
    """`async with nursery(start, speed) as born:` then `born.start(...)`; `born.clock` is theirs."""

    clock: FastClock
    _server: asyncio.subprocess.Process
    _runs: "count[int]" = field(default_factory=count)
    _started: dict[int, asyncio.Future[Child]] = field(default_factory=dict)
    _running: dict[int, Child] = field(default_factory=dict)

    async def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path
    ) -> Child:
        run = next(self._runs)
        started = self._started[run] = asyncio.get_running_loop().create_future()
        order = {"run": run, "arguments": arguments, "environment": dict(environment)}
        order |= {"folder": str(folder), "output": str(output)}
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(order).encode() + b"\n")
        await self._server.stdin.drain()
        return await started

    async def call(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> tuple[int, str]:
        """One command to its end: its exit code and all that it said."""
        output = folder / f"said-{next(self._runs)}.txt"
        child = await self.start(arguments, environment, folder, output)
        return await child.ended, output.read_text()

    async def listen(self) -> None:
        assert self._server.stdout is not None
        async for line in self._server.stdout:
            self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        run = event["run"]
        if "pid" in event:
            child = self._running[run] = Child(event["pid"], asyncio.get_running_loop().create_future())
            self._started.pop(run).set_result(child)
        else:
            self._running.pop(run).ended.set_result(event["ended"])


async def pace(fastest: float) -> float:
    """How many times as fast as life daemons can live here now: a busy machine must not make them late.

    `fastest` is for one with nothing else to do, where importing nudger takes about a second.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with nursery(datetime(2026, 11, 25, tzinfo=UTC), 1):
        took = loop.time() - began
    return round(min(fastest, max(2, fastest * IMPORTS_IN / took)))


def faked(start: datetime, speed: float) -> dict[str, str]:
    """The environment in which a process, and all that it forks, has such a clock."""
    library = libfaketime()
    assert library is not None, INSTALL
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{(start - datetime.now(UTC)).total_seconds():+.3f} x{speed:g}",
        "FAKETIME_DISABLE_SHM": "1",  # what is killed leaves nothing behind
        "TZ": "UTC",
    }


@asynccontextmanager
async def nursery(start: datetime, speed: float, within: Sequence[str] = ()) -> AsyncIterator[Nursery]:
    """Processes whose clock shows `start` now and runs `speed` times as fast: libfaketime stands between
    them and the machine, under every wait and every look at the time. `within` is a command that runs
    them elsewhere (in another network)."""
    fake = faked(start, speed)
    server = await asyncio.create_subprocess_exec(
        *(*within, sys.executable, "-W", "error", "-m", "tests.support.faults.forkserver"),
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin", **fake},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    now = json.loads(await server.stdout.readline())["now"]
    born = Nursery(FastClock(datetime.fromtimestamp(now, UTC), speed), server)
    listening = asyncio.create_task(born.listen())
    try:
        yield born
    finally:
        server.stdin.close()
        await server.wait()
        await listening
