"""What is texted while nudger is down, killed, or cannot write: it is found in Twilio's list, and counts."""

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from tests.support.phones import CRISIS, Daemon, around, write_plans
from tests.support.running import running

MAYA, JONAS, ANN = "+447700900123", "+447700900456", "+447700900789"
PHONES = {"p0": MAYA, "p1": JONAS, "p2": ANN}
STOPPED = "OK, nudger will send you nothing more. If you ever want it back, reply START."


async def test_what_is_texted_while_it_is_down_counts_before_anything_goes_out(tmp_path: Path) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    write_plans(tmp_path, PHONES, at)
    async with asyncio.timeout(300), around(SMS_PER_SECOND="10") as (twilio, settings, webhook):
        async with running(tmp_path, **settings) as process:
            assert await process.stop() == 0
        twilio.arrive(JONAS, "I want to die")
        twilio.arrive(MAYA, "please stop texting me")
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()) + 1)  # its nudges are due
        async with running(tmp_path, **settings) as process:
            one = Daemon(twilio, webhook)
            await twilio.wait_for(lambda: bool(one.to(JONAS)) and bool(one.to(ANN)))
            await asyncio.sleep(2)
            code = await process.stop()

    assert code == 0
    assert one.to(MAYA) == [STOPPED]  # Twilio confirms its keywords alone
    assert [CRISIS in text for text in one.to(JONAS)] == [True]
    assert one.to(ANN) == ["A short rest, P2?"]


async def test_a_stop_in_whose_midst_the_daemon_is_killed_is_not_lost(tmp_path: Path) -> None:
    write_plans(tmp_path, PHONES)
    failpoints = tmp_path / "failpoints"
    failpoints.mkdir()
    async with (
        asyncio.timeout(300),
        around(FAILPOINTS_FOR_TESTS=str(failpoints)) as (twilio, settings, webhook),
    ):
        one = Daemon(twilio, webhook)
        async with running(tmp_path, **settings) as process:
            (failpoints / "before_reply").write_text("kill")
            with contextlib.suppress(aiohttp.ClientError):
                await one.text(MAYA, "no more of these, take me off your list")
            await process.process.wait()
        async with running(tmp_path, **settings) as process:
            await one.text(JONAS, "I want to die")
            await twilio.wait_for(lambda: bool(one.to(JONAS)))
            await process.stop()

    assert opted_out(tmp_path, "p0")


async def test_a_text_that_meets_a_fault_of_ours_is_asked_for(tmp_path: Path) -> None:
    write_plans(tmp_path, PHONES)
    async with asyncio.timeout(300), around() as (twilio, settings, webhook):
        one = Daemon(twilio, webhook)
        async with running(tmp_path, **settings) as process:
            with contextlib.closing(sqlite3.connect(database(tmp_path))) as other:
                other.execute("BEGIN EXCLUSIVE")
                status = 500
                with contextlib.suppress(aiohttp.ClientError):
                    status = await one.text(MAYA, "no more of these, take me off your list")
                other.rollback()
            if process.process.returncode is None:
                await twilio.wait_for(lambda: opted_out(tmp_path, "p0"))  # looked at when Twilio is asked
                await process.stop()

    assert status >= 500
    if not opted_out(tmp_path, "p0"):  # it ended, as one does whose database is gone; systemd starts it again
        async with running(tmp_path, **settings) as process:
            await process.stop()
    assert opted_out(tmp_path, "p0")


def database(folder: Path) -> Path:
    return next((folder / "state").rglob("nudger.db"))


def opted_out(folder: Path, person: str) -> bool:
    with contextlib.closing(sqlite3.connect(database(folder))) as found:
        (out,) = found.execute("SELECT opted_out FROM person WHERE id = ?", (person,)).fetchone()
    return bool(out)
