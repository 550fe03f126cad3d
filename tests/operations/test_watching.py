"""What is looked for, minute by minute: raised when it is so, cleared when it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nudger.agenda.entries import Failure, Restored
from nudger.domain.errors import Problem
from nudger.operations.upkeep import MB, Watching
from nudger.store import open_store
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, World, plan

ROOMY = 1000 * MB
SECRETS = ("+447700900123", "maya@example.org", "Maya")


class Seen:
    """A world that is watched, on a disk that can be filled."""

    def __init__(self, folder: Path) -> None:
        self.world = World(open_store(f"sqlite:///{folder}/nudger.db"))
        self.free = ROOMY
        self.stale: tuple[str, ...] = ()
        self.zones = {"Europe/London"}
        self.watching = Watching(
            self.world.store.overview,
            self.world.store.sending,
            self.world.store.alarms,
            self.world.store.restore,
            "server",
            lambda: self.free,
            lambda _: self.stale,
            lambda country: country or "elsewhere",
            lambda zone: zone in self.zones,
        )

    async def stands(self, at: datetime) -> dict[str, str]:
        """What stands after a look at this time."""
        self.world.now = at
        await self.watching.run_once(at)
        return {one.key: one.words for one in self.world.store.alarms.alarms() if one.cleared_at is None}


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    made = Seen(tmp_path)
    yield made
    made.world.store.close()


async def test_a_machine_that_is_well_raises_nothing(seen: Seen) -> None:
    seen.world.maya(NOON)
    seen.world.deliver()

    assert await seen.stands(NOON + MINUTE) == {}
    assert seen.world.store.alarms.alarms() == []


async def test_a_queue_that_stands_still_is_told_and_that_it_moves_again(seen: Seen) -> None:
    seen.world.maya(NOON)
    assert await seen.stands(NOON + 9 * MINUTE) == {}

    assert (await seen.stands(NOON + 10 * MINUTE))["queue"].startswith("what was due at 2026-11-23 12:00 UTC")

    seen.world.deliver()
    assert await seen.stands(NOON + 11 * MINUTE) == {}


async def test_a_plan_that_cannot_be_read_is_named_by_its_file_and_not_quoted(seen: Seen) -> None:
    error = Problem("plans/maya.toml", 3, 9, "phone", 'expected a number, got "+447700900123"')
    warning = Problem("plans/sam.toml", 3, 9, "gap", "is short", severity="warning")
    seen.world.load(plan(), problems=[error, warning])

    words = (await seen.stands(NOON))["plans"]

    assert words == "cannot be read, and run as they last were: plans/maya.toml. See: nudger check"
    seen.world.load(plan())
    assert await seen.stands(NOON) == {}


async def test_a_disk_that_fills_is_told_in_steps(seen: Seen) -> None:
    said = []
    for free in (499, 480, 199, 40):
        seen.free = free * MB
        said.append((await seen.stands(NOON))["disk server"].split(" on ")[0])

    assert said == [f"less than {step} MB free" for step in (500, 500, 200, 50)]
    seen.free = ROOMY
    assert await seen.stands(NOON) == {}


async def test_a_doubt_that_stays_is_told_for_a_day(seen: Seen) -> None:
    seen.world.maya(NOON)
    seen.world.fail(seen.world.claim_one(), Failure.AMBIGUOUS)
    assert await seen.stands(NOON + 59 * MINUTE) == {}

    assert "unknown" in await seen.stands(NOON + HOUR)
    assert "unknown" not in await seen.stands(NOON + DAY + MINUTE)


async def test_a_restored_database_is_told_until_it_is_accepted(seen: Seen) -> None:
    seen.world.store.restore.hold_back(Restored(NOON, NOON, NOON, "a backup was restored"))
    assert "nudger accept-restore" in (await seen.stands(NOON))["restored"]

    seen.world.store.restore.accept_restored(NOON)

    assert await seen.stands(NOON + MINUTE) == {}


async def test_only_helplines_that_somebody_here_may_need_are_told_of(seen: Seen) -> None:
    seen.world.load(plan(country="GB"))
    seen.stale = ("FR",)
    assert await seen.stands(NOON) == {}

    seen.stale = ("FR", "GB")

    assert "helplines of GB" in (await seen.stands(NOON + HOUR))["helplines server"]


async def test_a_zone_that_tzdata_has_lost_is_told(seen: Seen) -> None:
    seen.world.load(plan())
    seen.zones = set()

    assert "Europe/London" in (await seen.stands(NOON))["tzdata server"]


async def test_a_clock_that_was_set_back_keeps_nobody_from_looking(seen: Seen) -> None:
    seen.world.load(plan())
    await seen.stands(NOON)
    seen.zones = set()

    assert "tzdata server" in await seen.stands(NOON - DAY)


async def test_no_alarm_names_anybody_but_by_id(seen: Seen) -> None:
    seen.world.maya(NOON, country="GB")
    seen.world.load(plan(country="GB"), problems=[Problem("plans/maya.toml", 1, 1, "", "+447700900123")])
    seen.stale, seen.zones, seen.free = ("GB",), set(), 0

    stands = await seen.stands(datetime(2026, 11, 23, 18, tzinfo=UTC) + timedelta(hours=1))

    assert len(stands) >= 5
    assert [word for word in SECRETS if word in str(stands)] == []
