"""The plans folder of the real daemon: missing, emptied, replaced. Nobody loses their nudges for it."""

import asyncio
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nudger.domain.model import Person
from nudger.store import Stores, open_store
from tests.support.running import Running, nudger, running

BUSY = 5.0  # seconds: two are promised, and the machine may do other things as well
PLAN = """
timezone = "UTC"
email = "{name}@example.org"
consent = "2026-11-20, on paper"
quiet = "none"
gap = "0m"
[[nudge]]
kind = "rest"
at = "{at:%H:%M}"
message = "{words}"
"""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def write(plans: Path, *names: str, at: datetime = NOON, words: str = "soon") -> None:
    plans.mkdir(exist_ok=True)
    for name in names:
        (plans / f"{name}.toml").write_text(PLAN.format(name=name, at=at, words=words))


def opened(folder: Path) -> Stores:
    return open_store(f"sqlite:///{folder}/state/nudger/nudger.db", create=False)


def seen(folder: Path) -> tuple[dict[str, Person], set[str]]:
    """Whose plan runs, and which alarms stand."""
    store = opened(folder)
    try:
        people = {one.id: one for one in store.people.people() if one.standing.removed_at is None}
        return people, {one.key.split()[0] for one in store.alarms.alarms() if one.cleared_at is None}
    finally:
        store.close()


async def until(daemon: Running, folder: Path, so: Callable[[dict[str, Person], set[str]], bool]) -> float:
    """Waits until it is so; each reload of the daemon ends with READY. How long that took."""
    began = time.monotonic()
    async with asyncio.timeout(20):
        while True:
            news = len(daemon.told.lines)
            if so(*seen(folder)):
                return time.monotonic() - began
            await daemon.told.wait_for("READY=1", since=news)


def says(words: str, name: str = "p0") -> Callable[[dict[str, Person], set[str]], bool]:
    return lambda people, _: people[name].plan.nudges[0].message == words


def is_replaced_by_rename(plans: Path) -> None:
    shutil.copytree(plans, plans.with_name("new"))
    plans.rename(plans.with_name("old"))
    plans.with_name("new").rename(plans)


def becomes_a_link(plans: Path) -> None:
    plans.rename(plans.with_name("elsewhere"))
    plans.symlink_to("elsewhere")


def is_made_anew(plans: Path) -> None:
    there = {path.name: path.read_bytes() for path in plans.iterdir()}
    shutil.rmtree(plans)
    plans.mkdir()
    for name, data in there.items():
        (plans / name).write_bytes(data)


@pytest.mark.parametrize("how", [is_replaced_by_rename, becomes_a_link, is_made_anew])
async def test_a_plans_folder_that_is_replaced_is_watched_as_before(
    how: Callable[[Path], None], tmp_path: Path
) -> None:
    plans = tmp_path / "plans"
    write(plans, "p0", "p1", "p2")

    async with running(tmp_path, WEB_PORT="0") as daemon:
        how(plans)
        write(plans, "p0", words="at once")
        first = await until(daemon, tmp_path, says("at once"))
        write(plans, "p0", words="and again")
        second = await until(daemon, tmp_path, says("and again"))
        await until(daemon, tmp_path, lambda people, alarms: len(people) == 3 and not alarms)
        code = await daemon.stop()

    assert (code, first < BUSY, second < BUSY) == (0, True, True)


async def test_a_start_without_the_plans_folder_goes_on_and_says_so_until_it_is_there(
    tmp_path: Path,
) -> None:
    plans, away = tmp_path / "plans", tmp_path / "away"
    write(plans, "p0", "p1", "p2")
    async with running(tmp_path, WEB_PORT="0") as daemon:
        await daemon.stop()
    shutil.move(plans, away)

    async with running(tmp_path, WEB_PORT="0") as daemon:
        people, alarms = seen(tmp_path)
        _, status, _ = await nudger(tmp_path, "status")
        examined, doctor, _ = await nudger(tmp_path, "doctor")
        write(away, "p0", words="back")
        shutil.move(away, plans)
        took = await until(daemon, tmp_path, says("back"))
        await until(daemon, tmp_path, lambda people, alarms: len(people) == 3 and not alarms)
        code = await daemon.stop()

    assert (people.keys(), alarms) == ({"p0", "p1", "p2"}, {"folder"})
    assert f"the plans folder {plans} on" in status
    assert (examined, f"there is no folder {plans}" in doctor) == (3, True)
    assert (code, took < BUSY) == (0, True)
    assert "Traceback" not in daemon.log.read_text()


async def test_a_start_with_nobody_and_no_plans_folder_says_what_to_do(tmp_path: Path) -> None:
    code, out, err = await nudger(tmp_path, "run", WEB_PORT="0")

    assert (code, out) == (3, "")
    assert f"NUDGER_PLANS_DIR: expected a folder with plans, found none at {tmp_path}/plans" in err
    assert "nudger init" in err
    assert "unforeseen" not in err


async def test_a_plans_folder_that_is_emptied_stops_no_nudge_before_the_operator_says_so(
    tmp_path: Path,
) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    plans = tmp_path / "plans"
    write(plans, "p0", "p1", "p2", at=at)

    async with running(tmp_path, WEB_PORT="0") as daemon:
        for file in plans.iterdir():
            file.unlink()
        await until(daemon, tmp_path, lambda _, alarms: alarms == {"removal"})
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.told.wait_for("READY=1", since=len(daemon.told.lines))
        await daemon.stop()
    async with running(tmp_path, WEB_PORT="0") as daemon:
        people, alarms = seen(tmp_path)
        _, status, _ = await nudger(tmp_path, "status")
        store = opened(tmp_path)
        async with asyncio.timeout(90):
            while len(store.people.conversation()) < 3:
                await daemon.told.news.wait()  # the status lines come in between
                daemon.told.news.clear()
        sent = sorted((line.person, line.text) for line in store.people.conversation())
        accepted, said, _ = await nudger(tmp_path, "plans", "accept-removal", "--yes")
        gone = {one.id for one in store.people.people() if one.standing.removed_at is not None}
        store.close()
        write(plans, "p0", words="back")
        await until(daemon, tmp_path, lambda people, _: people.keys() == {"p0"})
        code = await daemon.stop()

    assert (people.keys(), alarms) == ({"p0", "p1", "p2"}, {"removal"})
    assert "the plans of 3 people are gone" in status
    assert sent == [("p0", "soon"), ("p1", "soon"), ("p2", "soon")]
    assert (accepted, "3 people have no plan any more" in said) == (0, True)
    assert gone == {"p0", "p1", "p2"}
    assert (seen(tmp_path)[1], code) == (set(), 0)


async def test_what_only_looks_like_a_plan_shows_in_the_status_until_it_is_one(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    write(plans, "p0")

    async with running(tmp_path, WEB_PORT="0") as daemon:
        write(plans, "p1")
        (plans / "p1.toml").rename(plans / "p1.toml.txt")
        began = time.monotonic()
        status = ""
        while "p1.toml.txt" not in status:
            assert time.monotonic() - began < 20
            _, status, _ = await nudger(tmp_path, "status")
        (plans / "p1.toml.txt").rename(plans / "p1.toml")
        took = await until(daemon, tmp_path, lambda people, _: "p1" in people)
        _, after, _ = await nudger(tmp_path, "status")
        code = await daemon.stop()

    assert "p1.toml.txt:1:1: warning: is not read" in status
    assert ("p1.toml.txt" in after, took < BUSY, code) == (False, True, 0)


async def test_a_consent_line_that_says_no_stops_the_nudges_of_a_running_daemon(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    write(plans, "p0")

    async with running(tmp_path, WEB_PORT="0") as daemon:
        agreed = bool(seen(tmp_path)[0]["p0"].standing.consented)
        file = plans / "p0.toml"
        file.write_text(file.read_text().replace("2026-11-20, on paper", "refused"))
        took = await until(daemon, tmp_path, lambda people, _: not people["p0"].standing.consented)
        code = await daemon.stop()

    assert (agreed, took < BUSY, code) == (True, True, 0)


async def test_one_file_that_is_taken_away_takes_effect_at_once(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    write(plans, "p0", "p1", "p2")

    async with running(tmp_path, WEB_PORT="0") as daemon:
        (plans / "p0.toml").unlink()
        took = await until(daemon, tmp_path, lambda people, _: people.keys() == {"p1", "p2"})
        code = await daemon.stop()

    assert (code, took < BUSY, seen(tmp_path)[1]) == (0, True, set())
