"""A load of thousands, killed in its middle: nothing is lost or done twice, and nobody waits for it."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from watchfiles import awatch

from tests.support.running import environment, running

PEOPLE = 7000  # three transactions and a half
PROMISE = 5.0  # seconds that a STOP, or a nudge that is due, may wait
HEAD = "id,timezone,email,consent,extends\n"
WEEK = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "plans" / "shared").mkdir(parents=True)
    (tmp_path / "plans" / "shared" / "week.toml").write_text(WEEK)
    rows = (f'p{number},UTC,p{number}@example.org,"2026-11-20, on paper",week\n' for number in range(PEOPLE))
    (tmp_path / "plans" / "people.csv").write_text(HEAD + "".join(rows))
    return tmp_path


@asynccontextmanager
async def starting(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A daemon that begins to load, and is not waited for."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nudger", "run"),
        cwd=home,
        env=environment(home, {"WEB_PORT": "0"}),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def database(home: Path) -> Path:
    return home / "state" / "nudger" / "nudger.db"


def known(home: Path) -> int:
    """How many people the database has by now."""
    if not database(home).exists():
        return 0
    with closing(sqlite3.connect(f"file:{database(home)}?mode=ro", uri=True)) as file:
        try:
            return int(file.execute("SELECT count(*) FROM person").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


async def until_some_are_in(home: Path) -> None:
    async with asyncio.timeout(60):
        async for _ in awatch(home, step=20, debounce=50, yield_on_timeout=True, rust_timeout=100):
            if known(home):
                return


def wait_for_the_lock(home: Path) -> float:
    """How long somebody else has to wait until they can write."""
    with closing(sqlite3.connect(database(home), timeout=30, isolation_level=None)) as file:
        began = time.monotonic()
        file.execute("BEGIN IMMEDIATE")
        took = time.monotonic() - began
        file.execute("ROLLBACK")
    return took


def children(process: asyncio.subprocess.Process) -> list[int]:
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(one) for thread in threads for one in (thread / "children").read_text().split()]


@pytest.mark.parametrize("who", ["the daemon", "the process that loads"])
async def test_a_load_that_is_killed_in_its_middle_goes_on_and_does_nothing_twice(
    who: str, home: Path
) -> None:
    async with starting(home) as process:
        await until_some_are_in(home)
        waits = [wait_for_the_lock(home)]
        if who == "the daemon":
            process.kill()
        else:
            for child in children(process):
                os.kill(child, signal.SIGKILL)
        before = known(home)
        async with asyncio.timeout(30):
            await process.wait()

    async with running(home, WEB_PORT="0") as daemon:
        waits.append(wait_for_the_lock(home))
        code = await daemon.stop()

    with closing(sqlite3.connect(database(home))) as file:
        people = file.execute("SELECT count(*), count(DISTINCT id) FROM person").fetchone()
        added = file.execute(
            "SELECT count(*), count(DISTINCT person) FROM event WHERE what = 'plan added'"
        ).fetchone()
        marks = file.execute("SELECT count(*) FROM plan_file WHERE file LIKE '%people.csv'").fetchone()
    assert 0 < before < PEOPLE
    assert (people, added, marks, code) == ((PEOPLE, PEOPLE), (PEOPLE, PEOPLE), (1,), 0)
    assert max(waits) < PROMISE
