"""The database is taken from under the real daemon: nothing goes out, nobody is told that their STOP was
taken, the operator hears of it, and when it is there again all goes on."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiohttp

from tests.support.doubles.twilio_double import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioDouble
from tests.support.doubles.watchman import Watchman, watchman
from tests.support.running import free_port, nudger, running

PUBLIC_URL = "https://nudger.example.org"
PHONES = {name: f"+4477009001{number:02}" for number, name in enumerate(("maya", "jonas", "ann", "ben"))}
PLAN = """
timezone = "UTC"
phone = "{phone}"
consent = "2026-11-20, on paper"
quiet = "none"
gap = "0m"
[[nudge]]
kind = "rest"
between = "00:00-23:59"
expires = "24h"
"""
ANSWERED_WITHIN, NOTICED_WITHIN = 5, 15  # seconds


@dataclass
class Scene:
    folder: Path
    settings: dict[str, str]
    twilio: TwilioDouble
    operator: Watchman
    site: str

    @property
    def state(self) -> Path:
        return self.folder / "state" / "nudger"

    @property
    def file(self) -> Path:
        return self.state / "nudger.db"

    async def type(self, *command: str) -> tuple[int, str, str]:
        return await nudger(self.folder, *command, **self.settings)

    async def text(self, who: str, words: str) -> tuple[int, float]:
        """The status of the answer to the webhook, and how long it took."""
        began = monotonic()
        status = await self.twilio.text(
            f"{self.site}/twilio/inbound", PHONES[who], words, public=f"{PUBLIC_URL}/twilio/inbound"
        )
        return status, monotonic() - began

    async def ready(self) -> tuple[int, dict[str, object]]:
        async with aiohttp.ClientSession() as visitor, visitor.get(f"{self.site}/readyz") as answer:
            return answer.status, await answer.json()

    async def until(self, holds: Callable[[], Awaitable[bool]], within: float) -> None:
        async with asyncio.timeout(within):
            there = await holds()
            while not there:
                await asyncio.sleep(0.2)
                there = await holds()

    async def is_ready(self) -> bool:
        return (await self.ready())[0] == 200

    async def is_not_ready(self) -> bool:
        return not await self.is_ready()


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    (folder / "plans").mkdir()
    for name, phone in PHONES.items():
        (folder / "plans" / f"{name}.toml").write_text(PLAN.format(phone=phone))
    port = free_port()
    async with TwilioDouble() as twilio, watchman() as operator:
        settings = {
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": NUMBER,
            "TWILIO_API_BASE": twilio.base_url,
            "SMS_PER_SECOND": "10",
            "PUBLIC_URL": PUBLIC_URL,
            "WEB_PORT": str(port),
            "ALERTS": f"{operator.url}/topic",
        }
        yield Scene(folder, settings, twilio, operator, f"http://127.0.0.1:{port}")


async def test_a_database_that_was_deleted_is_noticed_and_all_goes_on_when_it_is_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as at, running(tmp_path, **at.settings) as daemon:
        await at.until(at.is_ready, 10)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        for part in at.state.glob("nudger.db*"):
            part.rename(elsewhere / part.name)

        status, took = await at.text("maya", "STOP")
        await at.until(at.is_not_ready, NOTICED_WITHIN)
        why = (await at.ready())[1]
        alert = await at.operator.wait_for("/topic")
        said = await at.type("status")
        acted = await at.type("pause", "jonas")
        sent = len(at.twilio.taken)
        made = sorted(part.name for part in at.state.glob("nudger.db*"))
        for part in elsewhere.iterdir():
            part.rename(at.state / part.name)
        await at.until(at.is_ready, NOTICED_WITHIN)
        again, _ = await at.text("maya", "STOP")
        standing = await at.type("status", "--json")
        code = await daemon.stop()

    assert (status, took < ANSWERED_WITHIN) == (503, True)
    assert why == {"ready": False, "why": ["the database: its file has gone"]}
    assert "has gone" in alert.body
    assert said[0] == 4
    assert said[1].startswith("nudger runs here since")
    assert "there is no database at" in said[2]
    assert acted[0] == 4
    assert made == []
    assert again == 200
    assert '"person": "maya"' in standing[1]
    assert "opted out of sms" in standing[1]
    assert sent == 0
    assert code == 0
    log = daemon.log.read_text()
    # A look between two of the files that go or come one after the other says what it finds, once more.
    assert 1 <= log.count("database_away") <= 3
    assert log.count("database_back") == 1
    assert "Traceback" not in log


async def test_a_database_that_was_replaced_is_noticed_and_a_fresh_start_holds_it_back(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at:
        async with running(tmp_path, **at.settings) as daemon:
            await at.until(at.is_ready, 10)
            assert (await at.type("backup", "old.db"))[0] == 0
            assert (await at.text("maya", "STOP"))[0] == 200  # which the copy does not know
            shutil.copy(tmp_path / "old.db", at.state / "new")
            os.replace(at.state / "new", at.file)

            status, took = await at.text("jonas", "STOP")
            await at.until(at.is_not_ready, NOTICED_WITHIN)
            why = (await at.ready())[1]
            alert = await at.operator.wait_for("/topic")
            async with asyncio.timeout(60):
                code = await daemon.process.wait()
            sent = len(at.twilio.taken)
        async with running(tmp_path, **at.settings) as daemon:
            await at.until(at.is_ready, 10)
            assert (await at.type("send", "ann", "rest"))[0] == 0
            held = await at.type("status", "--json")
            code_of_next = await daemon.stop()

    assert (status, took < ANSWERED_WITHIN) == (503, True)
    assert why == {"ready": False, "why": ["the database: another file is in its place"]}
    assert "another file is in the place of the database" in alert.body
    assert code == 4
    assert "no nudge goes out until you type nudger accept-restore" in held[1]
    assert len(at.twilio.taken) == sent
    assert code_of_next == 0


async def test_a_file_that_is_copied_over_in_place_is_noticed_and_held_back_after_a_fresh_start(
    tmp_path: Path,
) -> None:
    """As `cp` does it: the file is the same one, and what is in it is not."""
    async with scene(tmp_path) as at:
        async with running(tmp_path, **at.settings) as daemon:
            await at.until(at.is_ready, 10)
            assert (await at.type("backup", "old.db"))[0] == 0
            shutil.copy(tmp_path / "old.db", at.file)
            await at.until(at.is_not_ready, NOTICED_WITHIN)
            why = (await at.ready())[1]
            status, _ = await at.text("jonas", "STOP")
            async with asyncio.timeout(60):
                code = await daemon.process.wait()
        async with running(tmp_path, **at.settings) as daemon:
            await at.until(at.is_ready, 10)
            held = await at.type("status", "--json")
            await daemon.stop()

    assert why == {"ready": False, "why": ["the database: it was overwritten"]}
    assert (status, code) == (503, 4)
    assert "no nudge goes out until you type nudger accept-restore" in held[1]


async def test_what_a_deleted_database_knew_is_rescued_by_stopping_nudger(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        async with running(tmp_path, **at.settings) as daemon:
            await at.until(at.is_ready, 10)
            assert (await at.text("maya", "STOP"))[0] == 200
            for part in at.state.glob("nudger.db*"):
                part.unlink()
            await at.until(at.is_not_ready, NOTICED_WITHIN)
            code = await daemon.stop()
        started, _, why = await at.type("run")
        (rescued,) = at.state.glob("nudger.db.before-*")
        restored = await at.type("restore", str(rescued), "--yes")
        standing = await at.type("status", "--json")

    assert code == 0
    assert started == 4
    assert "is gone, with all that it knew" in why
    assert restored[0] == 0
    assert "opted out of sms" in standing[1]


async def test_a_database_that_another_program_keeps_locked_holds_up_nobody_and_ends_nothing(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at, running(tmp_path, **at.settings) as daemon:
        await at.until(at.is_ready, 10)
        with closing(sqlite3.connect(at.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = await asyncio.gather(*(at.text(who, "LATER") for who in list(PHONES) * 10))
            await at.until(at.is_not_ready, NOTICED_WITHIN)
            why = (await at.ready())[1]
            plan = tmp_path / "plans" / "ben.toml"
            plan.write_text(plan.read_text().replace(PHONES["ben"], "+447700900199"))
            since = len(daemon.told.lines)
            await daemon.told.wait_for("RELOADING=1", since)
            # Not Jonas: their STOP would be asked for again, and count.
            late = await asyncio.gather(*(at.text(who, "STOP") for who in PHONES if who != "jonas"))
            await asyncio.sleep(30)  # for longer than any duty used to wait
            alive = daemon.process.returncode is None
            other.execute("ROLLBACK")
        await at.until(at.is_ready, NOTICED_WITHIN)
        again, _ = await at.text("maya", "STOP")
        await at.until(lambda: _knows(at, "ben", "+447700900199"), 15)
        assert (await at.type("send", "jonas", "rest"))[0] == 0
        await at.twilio.wait_for(lambda: PHONES["jonas"] in {one["to"] for one in at.twilio.taken})
        code = await daemon.stop()

    assert {status for status, _ in (*answers, *late)} == {503}
    assert max(took for _, took in (*answers, *late)) < ANSWERED_WITHIN
    assert why["why"] == ["the database: another process keeps it locked"]
    assert alive
    assert again == 200
    assert code == 0
    log = daemon.log.read_text()
    assert "duty_died" not in log
    assert "Traceback" not in log


async def _knows(at: Scene, person: str, phone: str) -> bool:
    _, out, _ = await at.type("export", person)
    return phone in out
