"""A store that cannot be used for hours does not use up the starts that systemd allows."""

import asyncio
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from nudger.app.service import STARTS_APART, rest
from tests.support.running import environment

UNITS = Path(__file__).parents[2] / "systemd"


@pytest.mark.parametrize(("up", "waits"), [(0, 15), (2, 13), (15, 0), (3600, 0)])
def test_one_that_just_started_waits_and_one_that_ran_long_does_not(
    monkeypatch: pytest.MonkeyPatch, up: int, waits: int
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")

    assert rest(timedelta(seconds=up)) == timedelta(seconds=waits)


def test_where_nobody_starts_it_again_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    assert rest(timedelta(0)) == timedelta(0)


@pytest.mark.parametrize("unit", ["nudger.service", "nudger-user.service"])
def test_the_units_allow_as_many_starts_as_that_takes(unit: str) -> None:
    text = (UNITS / unit).read_text()
    numbers = {key: int(number) for key, number in re.findall(r"^(StartLimit\w+|\w+Sec)=(\d+)$", text, re.M)}

    assert numbers["StartLimitBurst"] * STARTS_APART.total_seconds() >= numbers["StartLimitIntervalSec"]
    assert numbers["WatchdogSec"] > STARTS_APART.total_seconds()


async def test_while_it_waits_the_log_says_why_and_a_stop_is_heard_at_once(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text('timezone = "UTC"\nphone = "+447700900123"\n')
    (tmp_path / "notes.db").write_text("this is no database, and long enough to be taken for one" * 20)
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/notes.db", "WEB_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nudger", "run"),
        cwd=tmp_path,
        env=environment(tmp_path, settings) | {"NOTIFY_SOCKET": "@nudger-test-of-starts"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(30):
        said = await process.stderr.readuntil(b"store_unusable")
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert b"Traceback" not in said
    assert code == -signal.SIGTERM
