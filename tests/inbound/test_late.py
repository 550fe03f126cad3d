"""A text that reaches nudger late: what it still does, and what is said to it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nudger.domain.model import ChannelName, Outcome, Standing, State
from tests.support.maya import CRISIS, WANTS_TO_DIE
from tests.support.maya import TWO_A_DAY as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TEN = MONDAY_NINE + HOUR  # when a nudge goes out
LATE = "Sorry, your text sent at {} reached this program only now."
TOO_LATE = "so nothing was changed. Reply PLAN to see what comes next."
NOON = MONDAY_NINE + 3 * HOUR
MIDNIGHT = MONDAY_NINE + 15 * HOUR


async def came(world: World, words: str, at: datetime, now: datetime) -> list[str]:
    """What is answered to a text of `at` that is taken `now`."""
    before = len(world.texts)
    world.clock.at = max(world.clock.at, now)
    late = replace(world.inbound(words), received_at=at, taken_at=now)
    await world.inbox.take(late)
    await world.tick()
    return world.texts[before:]


@pytest.fixture
async def nudged(world: World) -> World:
    """Who has just got the nudge of ten; the provider confirms no STOP."""
    world.inbox = world.new_inbox(provider_handles_stop=frozenset())
    await world.start(maya=MAYA)
    await world.until(TEN)
    return world


def standing(world: World) -> Standing:
    person = world.store.people.person("maya")
    assert person is not None
    return person.standing


def outcome(world: World) -> Outcome | None:
    first = world.store.people.agenda("maya", MONDAY_NINE.date())[0]
    assert first.state is State.SENT
    return first.outcome


@pytest.mark.parametrize("hours", [1, 5, 30, 24 * 20])
async def test_an_opt_out_takes_effect_however_late_and_the_answer_knows_it(
    nudged: World, hours: int
) -> None:
    now = TEN + hours * HOUR
    while not 9 <= now.hour < 20:
        now += HOUR

    (answer,) = await came(nudged, "please stop texting me", TEN + MINUTE, now)

    assert standing(nudged).opted_out == {ChannelName.SMS}
    assert answer.startswith("Sorry, your text sent ")
    assert "10:01 am" in answer
    assert answer.endswith("OK, nudger will send you nothing more. If you ever want it back, reply START.")


@pytest.mark.parametrize(
    "now", [NOON, MIDNIGHT, MONDAY_NINE + 40 * HOUR], ids=["noon", "night", "next night"]
)
async def test_a_danger_is_answered_at_once_at_every_hour_and_holds(nudged: World, now: datetime) -> None:
    (answer,) = await came(nudged, WANTS_TO_DIE, TEN + MINUTE, now)

    assert standing(nudged).held_at == TEN + MINUTE
    assert answer.startswith("Sorry, your text sent ")
    assert answer.endswith(CRISIS)


async def test_a_pause_of_days_counts_from_the_day_on_which_it_was_asked_for(nudged: World) -> None:
    (answer,) = await came(nudged, "pause 3 days", TEN + MINUTE, NOON)

    assert standing(nudged).paused_until == TEN + timedelta(days=3) - timedelta(hours=1)  # quiet hours end
    assert answer == f"{LATE.format('10:01 am')} OK, all quiet until Thursday at 9 am. " + (
        "Reply RESUME to have them back sooner."
    )


@pytest.mark.parametrize("words", ["pause until 11am", "later", "snooze 2h", "tomorrow", "NOW"])
async def test_what_its_time_has_passed_for_changes_nothing(nudged: World, words: str) -> None:
    before = [(one.state, one.due_at) for one in nudged.store.people.agenda("maya", MONDAY_NINE.date())]

    answers = await came(nudged, words, TEN + MINUTE, NOON)

    assert (standing(nudged).paused(NOON), outcome(nudged)) == (False, None)
    assert [
        (one.state, one.due_at) for one in nudged.store.people.agenda("maya", MONDAY_NINE.date())
    ] == before
    assert answers == ([] if words == "NOW" else [f"{LATE.format('10:01 am')[:-1]}, {TOO_LATE}"])


async def test_a_later_of_minutes_ago_counts_and_says_nothing_of_being_late(nudged: World) -> None:
    answers = await came(nudged, "later", TEN + MINUTE, TEN + 10 * MINUTE)

    assert (answers, outcome(nudged)) == (["OK, again at 11:01 am."], Outcome.SNOOZED)


async def test_a_later_of_half_an_hour_ago_counts_where_its_time_is_still_to_come(nudged: World) -> None:
    (answer,) = await came(nudged, "later", TEN + MINUTE, TEN + 31 * MINUTE)

    assert (answer, outcome(nudged)) == (
        LATE.format("10:01 am") + " OK, again at 11:01 am.",
        Outcome.SNOOZED,
    )


async def test_done_of_hours_ago_is_noted_in_silence(nudged: World) -> None:
    assert (await came(nudged, "done", TEN + MINUTE, NOON), outcome(nudged)) == ([], Outcome.DONE)


async def test_what_cannot_be_read_still_draws_the_helplines(nudged: World) -> None:
    (answer,) = await came(nudged, "gloob", TEN + MINUTE, NOON)

    assert answer.startswith(LATE.format("10:01 am"))
    assert "Samaritans on 116 123" in answer


async def test_at_night_the_answer_waits_for_the_morning(nudged: World) -> None:
    at_once = await came(nudged, "pause", TEN + MINUTE, MIDNIGHT)
    before = len(nudged.texts)

    await nudged.until(MIDNIGHT + 10 * HOUR)

    assert at_once == []
    assert standing(nudged).paused(MIDNIGHT)
    assert nudged.texts[before:] == [
        "Sorry, your text sent on Monday 23 November at 10:01 am reached this program only now. "
        "OK, all quiet from now on. Reply RESUME when you want your nudges back."
    ]
    assert nudged.sms.sent[-1].due_at == MONDAY_NINE + timedelta(days=1)


# --- what has been said since counts more ---------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "then", "is_paused", "is_out"),
    [
        ("STOP", "START", False, False),
        ("START", "STOP", False, True),
        ("pause", "RESUME", False, False),
        ("pause 1 day", "pause", True, False),
        ("RESUME", "pause", True, False),
    ],
)
async def test_an_earlier_word_that_comes_later_undoes_no_later_one(
    nudged: World, first: str, then: str, is_paused: bool, is_out: bool
) -> None:
    nudged.clock.at = TEN + 2 * MINUTE
    await nudged.text(then)

    await came(nudged, first, TEN + MINUTE, TEN + 3 * MINUTE)

    now = standing(nudged)
    assert (now.paused(NOON), bool(now.opted_out)) == (is_paused, is_out)
    assert now.paused_until is None


async def test_what_was_lost_in_a_row_is_taken_in_its_order(nudged: World) -> None:
    for minute, words in enumerate(["STOP", "START", "pause", "RESUME", "STOP"], 1):
        await came(nudged, words, TEN + minute * MINUTE, NOON)

    now = standing(nudged)
    assert (now.paused(NOON), now.opted_out) == (False, {ChannelName.SMS})


async def test_a_danger_counts_though_a_resume_came_since(nudged: World) -> None:
    nudged.clock.at = TEN + 2 * MINUTE
    await nudged.text("RESUME")

    answers = await came(nudged, WANTS_TO_DIE, TEN + MINUTE, TEN + 3 * MINUTE)

    assert (standing(nudged).held_at, answers) == (TEN + MINUTE, [CRISIS])


async def test_who_got_this_very_answer_since_does_not_get_it_again(nudged: World) -> None:
    texts = [WANTS_TO_DIE, "HELP", WANTS_TO_DIE + " now", "HELP"]
    answers = [await came(nudged, words, TEN + n * MINUTE, NOON) for n, words in enumerate(texts, 1)]

    assert [len(one) for one in answers] == [1, 1, 0, 0]
    assert "answered since" in [entry.reason for entry in nudged.store.people.log("maya")]
