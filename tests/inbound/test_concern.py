"""Words that may mean danger: helplines at once, and a quiet day; no hold."""

from datetime import timedelta

import pytest

from nudger.domain.model import Standing
from tests.support.maya import TWO_A_DAY as MAYA
from tests.support.maya import WANTS_TO_DIE
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR = timedelta(hours=1)
EMPTY = "everything feels so pointless lately"
LISTENED = (
    "That sounds like a lot. If it gets too much, please call Samaritans on 116 123 or text SHOUT to 85258 "
    "any time: real people answer. If it cannot wait, call 999. It is quiet here for a day; RESUME ends that "
    "sooner. This is automated: no person reads these texts."
)


DAY_OF_QUIET = "It is quiet here for a day; RESUME ends that sooner. "


async def concerned(world: World, at: timedelta = HOUR) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + at)
    await world.text(EMPTY)


def standing(world: World) -> Standing:
    person = world.store.people.person("maya")
    assert person is not None
    return person.standing


@pytest.mark.parametrize("at", [-6 * HOUR, 14 * HOUR, 8 * HOUR], ids=["night", "late", "over the limit"])
async def test_it_is_answered_with_helplines_at_every_hour_and_holds_nothing(
    world: World, at: timedelta
) -> None:
    await concerned(world, at)

    assert world.texts[-1] == LISTENED
    assert standing(world).held_at is None


async def test_no_nudge_comes_for_a_day_and_they_come_again_by_themselves(world: World) -> None:
    await concerned(world)
    sent = len(world.texts)

    await world.until(MONDAY_NINE + 25 * HOUR - timedelta(minutes=1))
    quiet = len(world.texts)
    await world.until(MONDAY_NINE + 48 * HOUR)

    assert quiet == sent
    assert len(world.texts) > quiet


@pytest.mark.parametrize("word", ["RESUME", "MORE"])
async def test_resume_and_more_end_the_quiet_day(world: World, word: str) -> None:
    await concerned(world)

    await world.text(word)

    assert not standing(world).paused(world.clock.now())


async def test_more_ends_no_pause_that_was_asked_for(world: World) -> None:
    await concerned(world)
    await world.text("pause 3 days")

    await world.text("MORE")

    assert standing(world).paused(world.clock.now() + 48 * HOUR)


async def test_a_longer_pause_and_a_hold_stay_as_they_are(world: World) -> None:
    await world.start(maya=MAYA)
    await world.text("pause 3 days")
    pause = standing(world).paused_until
    await world.text(WANTS_TO_DIE)

    await world.text(EMPTY)

    assert world.texts[-1] == LISTENED.replace(DAY_OF_QUIET, "")
    assert (standing(world).paused_until, standing(world).held_at is None) == (pause, False)


async def test_it_is_answered_when_no_more_answers_are_left(world: World) -> None:
    await world.start(maya=MAYA)
    for number in range(12):
        await world.text(f"plan {'please ' * number}")

    await world.text(EMPTY)

    assert world.texts[-1] == LISTENED
