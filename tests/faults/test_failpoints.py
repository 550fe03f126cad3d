"""Failpoints: there where a test asks for them, and nowhere else."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.support.faults import failpoints
from tests.support.faults.steps import Steps
from tests.support.running import running

PLAN = 'timezone = "UTC"\nphone = "+447700900123"\nconsent = "2026-11-20, on paper"\n'


def plan(folder: Path) -> None:
    (folder / "plans").mkdir()
    (folder / "plans" / "maya.toml").write_text(PLAN)


async def test_what_is_installed_has_no_steps(tmp_path: Path) -> None:
    plan(tmp_path)
    steps = Steps(tmp_path / "steps")
    for step in [
        step
        for call in (failpoints.AGENDA | failpoints.SENDING | failpoints.INBOUND | failpoints.CLOCK).values()
        for step in call
    ]:
        steps.arm(step, "kill")

    async with running(
        tmp_path, program=("-m", "nudger"), WEB_PORT="0", FAILPOINTS_FOR_TESTS=str(steps.folder)
    ) as daemon:
        stopped = await daemon.stop()

    assert stopped == 0
    assert "failpoints" not in daemon.log.read_text()


def test_a_step_that_is_not_armed_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "claimed").write_text("kill")

    failpoints.reach(tmp_path, "before_claim")

    assert [file.name for file in tmp_path.iterdir()] == ["claimed"]


def test_a_step_that_is_armed_with_something_else_says_what_it_expected(tmp_path: Path) -> None:
    (tmp_path / "claimed").write_text("explode")

    with pytest.raises(ValueError, match="expected kill, stop or hang, found 'explode'"):
        failpoints.reach(tmp_path, "claimed")


async def test_a_step_that_is_armed_kills_once_and_the_log_says_that_failpoints_are_on(
    tmp_path: Path,
) -> None:
    plan(tmp_path)
    steps = Steps(tmp_path / "steps")
    async with running(tmp_path, WEB_PORT="0", FAILPOINTS_FOR_TESTS=str(steps.folder)) as daemon:
        steps.arm("before_claim", "kill")
        daemon.process.send_signal(signal.SIGHUP)  # a reload ends with a claim
        async with asyncio.timeout(20):
            code = await daemon.process.wait()
    async with running(tmp_path, WEB_PORT="0", FAILPOINTS_FOR_TESTS=str(steps.folder)) as again:
        stopped = await again.stop()

    assert code == -signal.SIGKILL
    assert steps.was_reached("before_claim")
    assert stopped == 0  # though it was told to stop while its first duties were under way
    assert "Traceback" not in again.log.read_text()
    assert "failpoints_on" in again.log.read_text()


async def test_a_hang_holds_the_event_loop_so_that_not_even_a_stop_is_heard(tmp_path: Path) -> None:
    plan(tmp_path)
    steps = Steps(tmp_path / "steps")
    async with running(tmp_path, WEB_PORT="0", FAILPOINTS_FOR_TESTS=str(steps.folder)) as daemon:
        steps.arm("tick", "hang")
        daemon.process.send_signal(signal.SIGHUP)  # a reload asks for the time
        await steps.reached("tick")
        daemon.process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await daemon.process.wait()
