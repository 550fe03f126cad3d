"""An answer to an ask, and own words after a nudge: kept for the person, thanked, and never turned away."""

from datetime import timedelta

import pytest

from nudger.domain.model import ChannelName, Outcome, Standing
from nudger.inbound.port import KeptAnswer
from tests.support.maya import WANTS_TO_DIE
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR = timedelta(hours=1)
HEAD = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
daily_limit = 8
gap = "0m"
"""
SAID = (
    "Thank you for telling. Your words are kept for you. This is automated: no person reads them. If you "
    "would like someone to listen, please call Samaritans on 116 123 or text SHOUT to 85258 any time."
)
THANKS = ("Thank you, it is kept.", "Noted, thank you.", "Thanks for the answer.")
UNREAD = "Sorry, this program cannot read that."


def nudge(at: str, ask: str | None = None, kind: str = "reflection", **more: str) -> str:
    keys = {"kind": f'"{kind}"', "at": f'"{at}"', **({"ask": ask} if ask else {}), **more}
    return "\n[[nudge]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items()) + "\n"


async def asked(world: World, ask: str, at: timedelta = 1.5 * HOUR, **more: str) -> None:
    """Maya was asked this at ten, and it is half an hour later."""
    await world.start(maya=HEAD + nudge("10:00", ask, **more))
    await world.until(MONDAY_NINE + at)


def kept(world: World) -> list[KeptAnswer]:
    return list(world.store.answers.answers("maya"))


def values(world: World) -> list[object]:
    return [one.value for one in kept(world)]


def standing(world: World) -> Standing:
    person = world.store.people.person("maya")
    assert person is not None
    return person.standing


def outcomes(world: World) -> list[Outcome | None]:
    return [
        one.outcome for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.state == "sent"
    ]


@pytest.mark.parametrize(
    ("ask", "text", "value"),
    [
        ('"0-10"', "7", 7),
        ('"0-10"', "about a six i think", 6),
        ('"yes/no"', "yes", True),
        ('"yes/no"', "no", False),
        ('["calm", "flat", "tense"]', "flat I guess", "flat"),
        ('"line"', "grey", "grey"),
        ('"line"', "felt flat after the call with mum", "felt flat after the call with mum"),
        ('"line"', "done nothing all day", "done nothing all day"),
    ],
)
async def test_an_answer_is_kept_in_the_form_that_was_asked_for_and_thanked_in_a_few_words(
    world: World, ask: str, text: str, value: object
) -> None:
    await asked(world, ask)

    await world.text(text)

    (one,) = kept(world)
    assert (one.value, one.words, one.question) == (value, text, world.texts[0])
    assert world.texts[-1] in THANKS
    assert outcomes(world) == [Outcome.ANSWERED]


async def test_where_the_plan_says_so_an_answer_is_kept_in_silence(world: World) -> None:
    await asked(world, '"0-10"', thanks="false")

    await world.text("4")

    assert values(world) == [4]
    assert len(world.texts) == 1


async def test_the_last_answer_counts_and_the_earlier_ones_are_kept(world: World) -> None:
    await asked(world, '"0-10"')

    for text in ("3", "5", "4"):
        await world.text(text)

    assert [(one.value, one.counts) for one in kept(world)] == [(3, False), (5, False), (4, True)]


async def test_a_command_beside_an_answer_does_both_and_the_command_is_confirmed(world: World) -> None:
    await asked(world, '"0-10"')

    await world.text("4. and pause 3 days please")

    assert values(world) == [4]
    assert standing(world).paused_at is not None
    assert world.texts[-1].startswith("OK, all quiet until")


@pytest.mark.parametrize("ask", ['"line"', '"0-10"', '"yes/no"', '["calm", "flat"]'])
async def test_no_opt_out_is_taken_for_an_answer(world: World, ask: str) -> None:
    await asked(world, ask)

    await world.text("STOP")

    assert kept(world) == []
    assert standing(world).opted_out == {ChannelName.SMS}


@pytest.mark.parametrize("ask", ['"line"', '"0-10"', '"yes/no"', '["calm", "flat"]'])
async def test_a_crisis_is_answered_before_all_and_is_no_answer(world: World, ask: str) -> None:
    await asked(world, ask)

    await world.text(WANTS_TO_DIE)

    assert kept(world) == []
    assert standing(world).held_at is not None
    assert "116 123" in world.texts[-1]


async def test_a_concern_as_a_line_is_kept_and_answered_with_helplines(world: World) -> None:
    await asked(world, '"line"')

    await world.text("everything feels so pointless lately")

    assert values(world) == ["everything feels so pointless lately"]
    assert world.texts[-1].startswith("That sounds like a lot.")


@pytest.mark.parametrize(("within", "after", "counted"), [("2h", 1.9, True), ("2h", 2.1, False)])
async def test_an_ask_is_open_for_as_long_as_the_plan_says(
    world: World, within: str, after: float, counted: bool
) -> None:
    await asked(world, '"0-10"', at=HOUR + after * HOUR, answer_within=f'"{within}"')

    await world.text("7")

    assert (values(world) == [7]) is counted


async def test_the_next_ask_closes_the_one_before(world: World) -> None:
    await world.start(maya=HEAD + nudge("10:00", '"0-10"') + nudge("12:00", '"yes/no"', "rest"))
    await world.until(MONDAY_NINE + 4 * HOUR)

    await world.text("yes")

    (one,) = kept(world)
    assert (one.nudge, one.value) == ("rest", True)


async def test_a_nudge_that_asks_nothing_closes_no_ask(world: World) -> None:
    await world.start(maya=HEAD + nudge("10:00", '"0-10"') + nudge("12:00", kind="rest"))
    await world.until(MONDAY_NINE + 4 * HOUR)

    await world.text("7")

    (one,) = kept(world)
    assert (one.nudge, one.value) == ("reflection", 7)


async def test_an_ask_that_was_put_off_is_open_when_it_comes_again(world: World) -> None:
    await asked(world, '"line"')
    await world.text("later")
    await world.text("see you")
    before = values(world)

    await world.until(MONDAY_NINE + 4 * HOUR)
    await world.text("a bit better now")

    assert (before, values(world)[-1]) == ([None], "a bit better now")


@pytest.mark.parametrize("text", ["felt flat after the call with mum", "no idea", "I stopped at the lake"])
async def test_own_words_after_a_nudge_are_kept_and_never_turned_away(world: World, text: str) -> None:
    await world.start(maya=HEAD + nudge("10:00"))
    await world.until(MONDAY_NINE + 1.5 * HOUR)

    await world.text(text)

    (one,) = kept(world)
    assert (one.words, one.form, one.value) == (text, None, None)
    assert world.texts[-1] == SAID


async def test_own_words_are_acknowledged_once_in_a_day(world: World) -> None:
    await world.start(maya=HEAD + nudge("10:00"))
    await world.until(MONDAY_NINE + 1.5 * HOUR)

    for text in ("grey all over today", "and it rained a lot", "but the cat was here"):
        await world.text(text)
    await world.until(MONDAY_NINE + 26 * HOUR)
    await world.text("brighter this morning, a little")

    assert [one.words for one in kept(world)][1:3] == ["and it rained a lot", "but the cat was here"]
    assert [text for text in world.texts if text.startswith("Thank you")] == [SAID, SAID]
    assert not any(text.startswith(UNREAD) for text in world.texts)


async def test_own_words_after_a_nudge_that_is_done_are_kept_too(world: World) -> None:
    await world.start(maya=HEAD + nudge("10:00"))
    await world.until(MONDAY_NINE + 1.5 * HOUR)
    await world.text("done")

    await world.text("the walk was good for me")

    assert [one.words for one in kept(world)] == ["the walk was good for me"]


async def test_while_a_hold_stands_own_words_are_kept_and_always_answered_with_helplines(
    world: World,
) -> None:
    await world.start(maya=HEAD + nudge("10:00"))
    await world.until(MONDAY_NINE + 1.5 * HOUR)
    await world.text(WANTS_TO_DIE)

    await world.text("the kitchen is the warm place")
    await world.text("the kettle is on at least")

    assert len(kept(world)) == 2
    assert world.texts[-1].startswith("Your nudges rest until you reply RESUME.")
    assert "116 123" in world.texts[-1]


async def test_after_stop_nothing_is_sent_about_words(world: World) -> None:
    await asked(world, '"line"')
    await world.text("STOP")
    sent = len(world.texts)

    await world.text("felt better at the lake today")

    assert len(world.texts) == sent


async def test_journal_leads_to_the_page_of_what_was_said(world: World) -> None:
    world.inbox = world.new_inbox(own_page=lambda person, channel, now: f"https://n.example/me/{person}")
    await asked(world, '"line"')

    await world.text("journal")

    assert "https://n.example/me/maya/words " in world.texts[-1]
    assert kept(world) == []


async def test_a_question_goes_out_below_which_the_ways_out_stand_once_a_month(world: World) -> None:
    await world.start(maya=HEAD + nudge("10:00", '"0-10"'))
    await world.until(MONDAY_NINE + 40 * 24 * HOUR)

    shown = [text for text in world.texts if "Reply LATER" in text]

    assert shown
    assert all("?" in text.split("\n\n")[0] for text in shown)
