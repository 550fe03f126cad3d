"""`nudger demo`: two people, the fast clock, a reply that comes back."""

import asyncio
import re
import signal
import sys
from pathlib import Path

from tests.support.running import environment, nudger


async def test_without_a_terminal_a_day_ends_by_itself_with_each_message_printed(tmp_path: Path) -> None:
    code, out, err = await nudger(tmp_path, "demo", "--days", "1")

    assert (code, err) == (0, "")
    assert len(re.findall(r"Maya\s+text", out)) >= 2
    assert len(re.findall(r"Jonas\s+email", out)) >= 2


async def test_a_later_typed_there_comes_back_at_the_time_that_was_confirmed(tmp_path: Path) -> None:
    code, out, _ = await nudger(tmp_path, "demo", "--days", "1", feed="maya: snooze 30 min\n")

    assert code == 0
    confirmed = re.search(r"OK, again at (\d+)(?::(\d+))? (am|pm)\.", out)
    assert confirmed is not None
    hour = int(confirmed[1]) % 12 + (12 if confirmed[3] == "pm" else 0)
    assert re.search(rf"{hour:02}:{int(confirmed[2] or 0):02}\s+Maya\s+text", out)


async def test_somebody_answers_what_is_asked_and_it_is_said_where_they_see_it(tmp_path: Path) -> None:
    code, out, _ = await nudger(tmp_path, "demo", "--days", "1")

    assert code == 0
    assert re.search(r"Maya\s+reply", out)
    assert re.search(r"Maya\s+text\s+(Thank|Noted)", out)
    assert re.search(r"What they say is kept for them: http://\S+/me/\S+/words", out)


async def test_nudges_appear_soon_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nudger", "demo", "--days", "30"),
        cwd=tmp_path,
        env=environment(tmp_path, {}) | {"PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):  # seconds alone; other tests are at work
        while b"Maya " not in (line := await process.stdout.readline()):
            assert line, "the demo ended before its first nudge"
    process.send_signal(signal.SIGINT)

    async with asyncio.timeout(30):
        out, err = await process.communicate()

    assert process.returncode == 0
    assert err == b""
    assert b"That was the demo." in out
