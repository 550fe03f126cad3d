"""A machine that fails under nudger: full and read-only disks, a locked database, a clock that jumps."""

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import geteuid
from pathlib import Path

import pytest

from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.faults.nursery import INSTALL, Nursery, libfaketime, nursery, pace
from tests.support.running import Running, environment, running

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
DISK = "4m"
QUIET = {"POLL_SECONDS": "600", "WEB_PORT": "0"}
PERSON = """
timezone = "UTC"
phone = "+447700900123"
consent = "2026-11-20, on paper"
quiet = "none"
gap = "0m"
daily_limit = 8
"""
NUDGE = '[[nudge]]\nkind = "rest"\nat = "{at}"\nmessage = "at {at}"\n'


def write_plan(folder: Path, *times: str) -> None:
    (folder / "plans").mkdir()
    nudges = "".join(NUDGE.format(at=at) for at in times)
    (folder / "plans" / "maya.toml").write_text(PERSON + nudges)


@dataclass
class Service:
    """`nudger run`, started again whenever it ends, as systemd would."""

    born: Nursery
    twilio: TwilioDouble
    state: Path
    codes: list[int]

    async def until(self, at: datetime) -> None:
        left = self.born.clock.real(at - self.born.clock.now())
        await asyncio.sleep(max(0.0, left.total_seconds()))

    @property
    def bodies(self) -> list[str]:
        return [message["body"] for message in self.twilio.taken]


@asynccontextmanager
async def service(folder: Path, *times: str) -> AsyncIterator[Service]:
    """One person with nudges at these times, on a fast clock that starts at START."""
    write_plan(folder, *times)
    async with nursery(START, await pace(15)) as born, TwilioDouble(born.clock.now) as twilio:
        environ = environment(folder, twilio.settings | QUIET | {"STATE_DIR": str(folder / "state")})
        codes: list[int] = []

        async def keep_up() -> None:
            while True:
                child = await born.start(["run"], environ, folder, folder / "daemon.log")
                codes.append(await child.ended)

        keeping = asyncio.create_task(keep_up())
        try:
            yield Service(born, twilio, folder / "state", codes)
        finally:
            keeping.cancel()


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[str], None]]:
    """A disk of its own under `folder`; gives a function that mounts it anew with an option."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)

    def remount(option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scenario has shown: the texts that were taken while it lasted, and all of them."""

    meanwhile: list[str]
    in_the_end: list[str]
    log: str


# The second nudge comes late enough that a daemon on a slow machine is up again before it: were both
# overdue by then, the later one alone would go out.
TIMES = ("10:02", "10:10")


async def full_disk(folder: Path) -> Seen:
    with small_disk(folder / "state"):
        async with service(folder, *TIMES) as one:
            await one.until(START + timedelta(minutes=1))
            _fill(one.state / "ballast")
            await one.until(START + timedelta(minutes=3))
            meanwhile = one.bodies
            (one.state / "ballast").unlink()
            return await _seen(folder, one, meanwhile)


async def read_only_disk(folder: Path) -> Seen:
    with small_disk(folder / "state") as remount:
        async with service(folder, *TIMES) as one:
            await one.until(START + timedelta(minutes=1))
            _remount_read_only(one.state)
            await one.until(START + timedelta(minutes=3))
            meanwhile = one.bodies
            remount("rw")
            return await _seen(folder, one, meanwhile)


async def locked_database(folder: Path) -> Seen:
    async with service(folder, *TIMES) as one:
        await one.until(START + timedelta(minutes=1))
        other = sqlite3.connect(one.state / "nudger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await one.until(START + timedelta(minutes=4))
        meanwhile = one.bodies
        other.execute("ROLLBACK")
        other.close()
        return await _seen(folder, one, meanwhile)


async def _status(daemon: Running, times: int) -> None:
    """Waits for the daemon's next words on how it is, so many times."""
    since = len(daemon.told.lines)
    while sum("planned" in line for line in daemon.told.lines[since:]) < times:
        daemon.told.news.clear()
        await daemon.told.news.wait()


async def stepped_clock(folder: Path) -> Seen:
    """As fast as life: a step is of the wall clock alone, and the loop's own time goes on."""
    write_plan(folder, "10:01", "11:01")
    offset = folder / "offset"
    base = (START + timedelta(seconds=15) - datetime.now(UTC)).total_seconds()

    def step(hours: int) -> None:
        new = folder / "offset.new"
        new.write_text(f"{base + 3600 * hours:+.0f}\n")
        new.replace(offset)

    step(0)
    async with TwilioDouble() as twilio:
        stepped = (
            twilio.settings
            | QUIET
            | {
                "LD_PRELOAD": str(libfaketime()),
                "FAKETIME_TIMESTAMP_FILE": str(offset),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",  # of files the true times count: whether the database is still its own
            }
        )
        async with asyncio.timeout(300), running(folder, **stepped) as daemon:
            await twilio.wait_for(lambda: len(twilio.taken) == 1)
            # Recorded by then: what is under way while an hour passes is of unknown end, and asked for.
            await _status(daemon, 1)
            step(1)
            await twilio.wait_for(lambda: len(twilio.taken) == 2)
            step(0)
            # Its duties go on at once, and not in an hour: one comes every half minute, and comes again.
            await _status(daemon, 3)
            await daemon.stop()
    return Seen([], [message["body"] for message in twilio.taken], daemon.log.read_text())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Every scenario, at the same time: each waits more than it works."""
    if libfaketime() is None:
        pytest.skip(INSTALL)
    if geteuid() != 0:
        pytest.skip("mounts small disks: needs root")
    scenarios = (full_disk, read_only_disk, locked_database, stepped_clock)

    async def all_of_them() -> list[Seen]:
        folders = [tmp_path_factory.mktemp(one.__name__) for one in scenarios]
        return await asyncio.gather(*(one(at) for one, at in zip(scenarios, folders, strict=True)))

    return dict(zip((one.__name__ for one in scenarios), asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize("trouble", ["full_disk", "read_only_disk", "locked_database"])
def test_what_cannot_be_written_down_does_not_go_out_and_later_goes_out_once(
    seen: dict[str, Seen], trouble: str
) -> None:
    assert seen[trouble].meanwhile == []
    assert sorted(seen[trouble].in_the_end) == [f"at {one}" for one in TIMES]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("full_disk", "the disk is full"), ("locked_database", "another process keeps it locked")],
)
def test_the_log_says_what_keeps_it_from_being_written(
    seen: dict[str, Seen], trouble: str, words: str
) -> None:
    assert words in seen[trouble].log


def test_a_clock_stepped_an_hour_ahead_and_back_sends_each_nudge_once(seen: dict[str, Seen]) -> None:
    assert seen["stepped_clock"].in_the_end == ["at 10:01", "at 11:01"]
    assert "Traceback" not in seen["stepped_clock"].log


async def _seen(folder: Path, one: Service, meanwhile: list[str]) -> Seen:
    log = folder / "daemon.log"
    try:
        async with asyncio.timeout(150):
            await one.twilio.wait_for(lambda: len(one.bodies) >= 2)
    except TimeoutError:
        raise AssertionError(f"{one.bodies}, lives ended {one.codes}: {log.read_text()[-4000:]}") from None
    return Seen(meanwhile, one.bodies, log.read_text())


def _fill(ballast: Path) -> None:
    """To the last byte."""
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def _remount_read_only(folder: Path) -> None:
    """What is open for writing would keep it from being read-only: the daemon is ended, and starts anew."""
    for _ in range(50):
        done = subprocess.run(["mount", "-o", "remount,ro", folder], check=False, capture_output=True)
        if done.returncode == 0:
            return
        subprocess.run(["fuser", "-k", "-m", folder], check=False, capture_output=True)
    raise AssertionError(done.stderr.decode())
