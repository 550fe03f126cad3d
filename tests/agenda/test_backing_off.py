"""Somebody falls silent, and comes back: what they get, in life as in preview."""

from datetime import timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.agenda.forecast import Forecast, forecast
from nudger.domain.effects import Ask, Response
from nudger.domain.model import Kind, Standing
from tests.support.worlds.delivery import MONDAY_NINE, World

DAY = timedelta(days=1)
MAYA = """
name = "Maya"
timezone = "Europe/London"
language = "{language}"
phone = "+447700900123"
consent = "2026-11-20, in person"
back_off = "gentle"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = "16:00"
"""
QUIET = {"en": "It has been quiet", "es": "Ha habido silencio", "fr": "C'est le calme"}


async def start(world: World, language: str = "en", more: str = "") -> None:
    await world.start(maya=more + MAYA.format(language=language))


async def live(world: World, days: float) -> list[str]:
    """The texts of so many days more."""
    before = len(world.texts)
    await world.until(world.clock.at + DAY * days)
    return world.texts[before:]


def standing(world: World) -> Standing:
    maya = world.store.people.person("maya")
    assert maya is not None
    return maya.standing


def foreseen(world: World, days: int) -> list[Forecast]:
    maya = world.store.people.person("maya")
    assert maya is not None
    planned = world.store.people.agenda("maya", world.clock.at.date())
    return forecast(maya, planned, world.clock.at, days, world.core.decider)


async def test_half_a_quarter_and_one_a_week_come_to_who_stays_silent(world: World) -> None:
    await start(world)

    rates = [len(await live(world, days)) for days in (14, 14, 28, 28)]

    assert rates == [28, 14, 14, 4]


async def test_what_is_left_out_says_why_in_the_log(world: World) -> None:
    await start(world)
    await live(world, 16)

    reasons = [entry.reason for entry in world.store.people.log("maya", 10) if "thinned" in entry.reason]

    assert reasons == ["thinned: quiet for 15 days", "thinned: quiet for 14 days"]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
async def test_it_is_said_once_kindly_below_the_first_of_fewer(world: World, language: str) -> None:
    await start(world, language)
    await live(world, 14)

    said = [QUIET[language] in text for text in await live(world, 60)]

    assert said[0]
    assert sum(said) == 1


@pytest.mark.parametrize("words", ["MORE", "hello", "done"])
async def test_any_sign_brings_all_of_them_back(world: World, words: str) -> None:
    await start(world)
    await live(world, 40)
    await world.text(words)

    assert len(await live(world, 13)) == 26
    assert standing(world).silent_since == MONDAY_NINE + 40 * DAY


async def test_more_is_told_that_the_usual_ones_come_back(world: World) -> None:
    await start(world)
    await live(world, 40)

    await world.text("more")

    assert world.texts[-1] == "OK, back to your usual nudges. Reply LESS for fewer."


async def test_who_falls_silent_again_is_told_again(world: World) -> None:
    await start(world)
    await live(world, 20)
    await world.text("hello")

    again = await live(world, 20)

    assert sum(QUIET["en"] in text for text in again) == 1


async def test_preview_in_the_middle_of_a_silence_is_what_comes(world: World) -> None:
    await start(world)
    await live(world, 11)
    expected = [row.text for row in foreseen(world, 70) if row.status == "send"]

    got = await live(world, 69)

    assert got == expected[: len(got)]
    assert len(expected) - len(got) <= 2


async def test_a_pause_counts_for_nothing(world: World) -> None:
    await start(world)
    await live(world, 10)
    await world.text("pause 10 days")
    await live(world, 10)

    assert len(await live(world, 14)) == 28
    assert len(await live(world, 14)) == 14


async def test_what_does_not_arrive_counts_for_nothing(world: World) -> None:
    await start(world)
    await live(world, 10)
    world.sms.answer = lambda _: SendFailure(Failure.RECIPIENT, "no such number", "21211")
    await live(world, 2)
    world.sms.answer = lambda _: None
    before = len(world.texts)

    await live(world, 5)

    assert standing(world).lost_at is None
    assert len(world.texts) - before == 10


async def test_after_a_gap_of_ours_silence_begins_anew(world: World) -> None:
    await start(world)
    await live(world, 13)
    world.store.restore.mark(world.clock.at)
    world.clock.at += timedelta(hours=7)
    world.store.restore.mark(world.clock.at)

    assert len(await live(world, 13)) >= 26


async def test_a_kept_nudge_comes_all_the_same(world: World) -> None:
    await world.start(maya=MAYA.format(language="en").replace('"16:00"', '"16:00"\nkeep = true'))
    await live(world, 56)

    assert len(await live(world, 28)) == 28 + 4


async def test_nobody_gets_less_whose_plan_does_not_say_so(world: World) -> None:
    await world.start(maya=MAYA.format(language="en").replace('back_off = "gentle"', ""))
    await live(world, 56)

    assert len(await live(world, 7)) == 14


async def test_what_was_asked_for_comes_all_the_same(world: World) -> None:
    await start(world)
    await live(world, 40)
    asked = Response("send", None, (Ask(Kind.REST), Ask(Kind.MOVEMENT)))
    world.store.inbound.act("maya", world.clock.at, lambda _: asked, "send")
    before = len(world.texts)

    await world.tick()

    assert len(world.texts) == before + 2
