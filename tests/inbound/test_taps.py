"""A tap is about the message that was tapped on."""

from datetime import timedelta

import pytest

from nudger.domain.model import Outcome, State
from tests.support.maya import nudged
from tests.support.worlds.delivery import MONDAY_NINE, World


def outcomes(world: World) -> list[Outcome | None]:
    return [
        one.outcome
        for one in world.store.people.agenda("maya", MONDAY_NINE.date())
        if one.state is State.SENT
    ]


async def test_a_like_of_a_nudge_settles_it(world: World) -> None:
    await nudged(world)

    await world.text("Liked “A rest?”")

    assert (outcomes(world), world.texts[-1]) == ([Outcome.DONE], "Noted. Thanks for saying so.")


async def test_a_like_of_a_confirmation_leaves_the_snooze_as_it_is(world: World) -> None:
    await nudged(world)
    await world.text("later")

    await world.text("Liked “OK, again at 11:05 am.”")

    assert outcomes(world) == [Outcome.SNOOZED]
    assert world.texts == ["A rest?", "OK, again at 11:05 am."]
    await world.until(MONDAY_NINE + timedelta(hours=2, minutes=5))
    assert world.texts[-1] == "A rest?"


@pytest.mark.parametrize(
    "frame",
    [
        "Removed 👍 from “{}”",
        "Reacted with a sticker to “{}”",
        "Hat 👍 von „{}“ entfernt",
        "Ha riso per “{}”",
    ],
)
async def test_any_other_tap_does_nothing_and_is_not_answered(world: World, frame: str) -> None:
    await nudged(world)
    await world.text("HELP")  # its answer holds PAUSE, STOP and all the others
    sent = len(world.texts)

    await world.text(frame.format(world.texts[-1]))
    await world.text(frame.format("A rest?"))

    person = world.store.people.person("maya")
    assert person is not None
    assert (person.standing.paused_at, person.standing.opted_out) == (None, frozenset())
    assert (outcomes(world), world.texts[sent:]) == ([None], [])


async def test_a_phone_that_sends_our_crisis_answer_back_is_not_answered(world: World) -> None:
    await nudged(world)
    await world.text("I want to die")
    sent = len(world.texts)

    await world.text(f"You wrote:\n{world.texts[-1]}")
    await world.text(world.texts[-1])

    assert len(world.texts) - sent <= 1  # "You wrote" is read, and what follows is not
