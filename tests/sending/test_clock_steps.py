"""The wall clock is stepped, or the machine sleeps: nothing twice, no burst, each miss with its reason."""

from datetime import timedelta

import pytest

from nudger.domain.model import State
from tests.support.maya import REST_AND_WALK as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=1, hours=3)])
async def test_a_clock_that_is_stepped_back_sends_nothing_twice(world: World, back: timedelta) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(hours=4))

    world.clock.at -= back
    await world.until(MONDAY_NINE + timedelta(hours=8))

    assert world.texts == ["A walk?", "A rest?"]


async def test_a_machine_that_slept_through_a_week_sends_no_burst(world: World) -> None:
    await world.start(maya=MAYA)

    world.clock.at += timedelta(days=7, hours=4, minutes=10)  # the next Monday, 13:10
    await world.laying_out.run_once(world.clock.now())
    await world.tick()

    assert world.texts == ["A rest?"]
    states = {one.state for one in world.store.people.agenda("maya", MONDAY_NINE.date())}
    assert states == {State.MISSED, State.SENT, State.PLANNED}


async def test_a_clock_stepped_forward_past_an_expiry_leaves_the_reason(world: World) -> None:
    await world.start(maya=MAYA)

    world.clock.at += timedelta(hours=5)  # 14:00: the rest of 13:00 is stale by then
    await world.tick()

    reasons = [one.reason for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.reason]
    assert world.texts == []
    assert reasons == ["could not go out before 10:00", "could not go out before 13:30"]
