"""Starts the real daemon as a process and listens to it as systemd would."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.faults import failpoints

PATIENCE = 30  # seconds, for a start on a busy machine
FAKETIME = ("FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT")
# Read by others than nudger's settings: these go into the environment as they are.
NOT_SETTINGS = ("SSL_CERT_FILE", failpoints.FOLDER, "LD_PRELOAD", *FAKETIME)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fill(address: str) -> None:
    """Until this service manager's queue takes nothing more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as other, suppress(OSError):
        while True:
            other.sendto(b"STATUS=more", address)


@dataclass
class Told(asyncio.DatagramProtocol):
    """What the daemon told its service manager, line by line."""

    lines: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.lines += data.decode().splitlines()
        self.news.set()

    async def wait_for(self, line: str, since: int = 0) -> None:
        async with asyncio.timeout(PATIENCE):
            while line not in self.lines[since:]:
                self.news.clear()
                await self.news.wait()


@dataclass
class Running:
    """A daemon that runs."""

    process: asyncio.subprocess.Process
    told: Told
    log: Path

    async def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """A clean environment: nothing of the machine's own settings reaches the daemon."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    named = {name if name in NOT_SETTINGS else f"NUDGER_{name}": value for name, value in settings.items()}
    return {**kept, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), **named}


@asynccontextmanager
async def running(
    folder: Path, *, program: Sequence[str] | None = None, **settings: str
) -> AsyncIterator[Running]:
    """`nudger run` in this folder, ready. What NOT_SETTINGS names may be among the settings; `program` is
    what Python starts instead of nudger itself: where a folder of failpoints is named, the one that has
    them."""
    if program is None:
        program = (failpoints.PROGRAM,) if failpoints.FOLDER in settings else ("-m", "nudger")
    environ = environment(folder, settings)
    address = folder / "notify.sock"
    address.unlink(missing_ok=True)
    loop = asyncio.get_running_loop()
    transport, told = await loop.create_datagram_endpoint(
        Told, local_addr=str(address), family=socket.AF_UNIX
    )
    log = folder / "daemon.log"
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", *program, "run"),
            cwd=folder,
            env=environ | {"NOTIFY_SOCKET": str(address)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    daemon = Running(process, told, log)
    try:
        ready = asyncio.create_task(told.wait_for("READY=1"))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait((ready, ended), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        assert not ended.done(), f"the daemon ended at its start:\n{log.read_text()}"
        ended.cancel()
        yield daemon
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        transport.close()


async def nudger(
    folder: Path, *arguments: str, feed: str | None = None, **settings: str
) -> tuple[int, str, str]:
    """One command to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "nudger", *arguments),
        cwd=folder,
        env=environment(folder, settings) | {"COLUMNS": "160"},
        stdin=asyncio.subprocess.PIPE if feed is not None else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate(feed.encode() if feed is not None else None)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
