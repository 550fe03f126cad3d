"""Someone is forgotten while the daemon runs: not one byte of them is left in its files or its log."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import Running, nudger, running

NAME, PHONE, EMAIL, CONTACT = "Mayaline", "+447700900123", "mayaline@example.org", "Samuelito"
WORDS = "sit under the walnut tree"
SAID = "tomorrow, I am at my aunt Rosalind's"
PERSONAL = (NAME, NAME.lower(), PHONE, EMAIL, CONTACT, WORDS, "walnut", SAID, "Rosalind")
OTHER = "+447700900124"


def plan(name: str, phone: str, email: str) -> str:
    return f"""
name = "{name}"
timezone = "UTC"
phone = "{phone}"
email = "{email}"
quiet = "none"
gap = "0m"
daily_limit = 8
consent = "2026-11-20, on paper"
[[nudge]]
kind = "rest"
between = "00:00-23:59"
times = 6
message = "{WORDS if name == NAME else "another text"}, {{{{ name }}}}"
[[nudge]]
kind = "support"
between = "00:00-23:59"
contacts = ["{CONTACT if name == NAME else "Kim"}"]
[[contact]]
name = "{CONTACT if name == NAME else "Kim"}"
"""


def found_in(folder: Path) -> dict[str, list[str]]:
    """file -> what of PERSONAL its bytes hold, in the state folder and the log."""
    files = [*(folder / "state").rglob("*"), folder / "daemon.log"]
    held = {file.name: file.read_bytes() for file in files if file.is_file()}
    return {
        name: words
        for name, content in held.items()
        if (
            words := [
                one for one in PERSONAL if one.encode() in content or one.encode("utf-16-le") in content
            ]
        )
    }


async def lived_through(folder: Path, twilio: TwilioDouble, settings: dict[str, str]) -> None:
    """Nudges, replies and answers of two people."""
    for kind in ("rest", "support"):
        assert (await nudger(folder, "send", "m1", kind, **settings))[0] == 0
    await twilio.wait_for(lambda: len([one for one in twilio.taken if one["to"] == PHONE]) >= 2)
    twilio.arrive(PHONE, SAID)
    twilio.arrive(OTHER, "help")
    await twilio.wait_for(lambda: len([one for one in twilio.taken if one["to"] == OTHER]) >= 1)


async def plan_is_gone(daemon: Running, folder: Path, settings: dict[str, str]) -> None:
    """The daemon has taken over that the file is not there any more."""
    (folder / "plans" / "m1.toml").unlink()
    async with asyncio.timeout(20):
        while True:
            _, said, _ = await nudger(folder, "status", "--json", **settings)
            if any(one["standing"].startswith("plan file removed") for one in json.loads(said)["standings"]):
                return


async def test_nothing_of_a_forgotten_person_is_left_in_any_file_or_log(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "m1.toml").write_text(plan(NAME, PHONE, EMAIL))
    (tmp_path / "plans" / "sam.toml").write_text(plan("Sam", OTHER, "sam@example.org"))
    async with TwilioDouble() as twilio:
        settings = {
            **twilio.settings,
            "REPLIES": "poll",
            "POLL_SECONDS": "1",
            "SMS_PER_SECOND": "100",
            "LOG_LEVEL": "debug",
            "WEB_PORT": "0",
        }
        async with running(tmp_path, **settings) as daemon:
            await lived_through(tmp_path, twilio, settings)
            assert set(found_in(tmp_path)) >= {"nudger.db-wal"}, "the test finds what there is to find"
            assert "daemon.log" not in found_in(tmp_path)
            await plan_is_gone(daemon, tmp_path, settings)

            code, said, _ = await nudger(tmp_path, "forget", "m1", "--yes", **settings)

            assert code == 0
            assert "Still held elsewhere: backups" in said
            assert found_in(tmp_path) == {}
            assert await daemon.stop() == 0
    assert found_in(tmp_path) == {}
    with closing(sqlite3.connect(next((tmp_path / "state").rglob("nudger.db")))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT id FROM person").fetchall() == [("sam",)]
