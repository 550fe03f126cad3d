"""What people say of their days and of whom they met, done and taken back, each in one step."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nudger.agenda.forecast import forecast
from nudger.domain.model import Outcome, Standing, State
from nudger.inbound.wishes import WhoSends
from nudger.operations.operator_actions import Operator
from tests.support.maya import TWO_A_DAY as MAYA
from tests.support.maya import WANTS_TO_DIE
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
TEN = MONDAY_NINE + HOUR  # when a nudge goes out
NOTHING = "There is nothing from the last hour to take back. That is fine. Reply PLAN to see what comes next."
BACK = "OK, that is taken back. All is as it was before."
SAMS = """
[[nudge]]
kind = "support"
at = "12:00"
[[contact]]
name = "Sam Lee"
relation = "brother"
[[contact]]
name = "Sam Roy"
[[contact]]
name = "Ana"
relation = "sister"
"""


@pytest.fixture
async def nudged(world: World) -> World:
    """Who has just got the nudge of ten."""
    await world.start(maya=MAYA)
    await world.until(TEN)
    return world


async def says(world: World, *texts: str, after: timedelta = MINUTE) -> str:
    """The answer to the last of these texts, a minute between them."""
    for words in texts:
        world.clock.at += after
        await world.text(words)
    return world.texts[-1]


def standing(world: World) -> Standing:
    """All but since when they are silent, which any text changes."""
    person = world.store.people.person("maya")
    assert person is not None
    return replace(person.standing, silent_since=None)


def outcome(world: World) -> Outcome | None:
    return world.store.people.agenda("maya", MONDAY_NINE.date())[0].outcome


def sent_at(world: World) -> list[datetime]:
    """When nudges went out."""
    return [one.due_at for one in world.sms.sent if one.origin.is_nudge and one.due_at]


# --- today --------------------------------------------------------------------------------------------
async def test_not_today_is_quiet_until_the_morning_and_the_nudge_is_skipped(nudged: World) -> None:
    answer = await says(nudged, "not today")

    await nudged.until(MONDAY_NINE + 25 * HOUR)

    assert answer == "That is fine. All quiet until tomorrow at 9 am. UNDO takes it back."
    assert outcome(nudged) is Outcome.SKIPPED
    assert sent_at(nudged) == [TEN, TEN + DAY]


async def test_not_today_ends_no_longer_pause_and_says_so(nudged: World) -> None:
    answer = await says(nudged, "pause until thursday", "not today")

    assert answer == "OK, all quiet until Thursday at 9 am. Reply RESUME to have them back sooner."
    assert standing(nudged).back_at(nudged.clock.now()) == MONDAY_NINE + 3 * DAY


# --- away ---------------------------------------------------------------------------------------------
async def test_away_is_quiet_from_its_start_to_its_end_alone(nudged: World) -> None:
    answer = await says(nudged, "away wednesday to friday")

    await nudged.until(MONDAY_NINE + 6 * DAY)

    assert answer == ("OK, from Wednesday at 9 am until Saturday at 9 am all is quiet. UNDO brings it back.")
    days = sorted({(at - MONDAY_NINE).days for at in sent_at(nudged)})
    assert days == [0, 1, 5]


async def test_what_is_not_sent_while_away_says_so(nudged: World) -> None:
    await says(nudged, "away wednesday to friday")

    await nudged.until(MONDAY_NINE + 3 * DAY)

    reasons = {one.reason for one in nudged.store.people.log("maya") if one.state == State.SUPPRESSED}
    assert "away until 2026-11-28 09:00" in reasons


async def test_a_second_time_away_leaves_the_first_as_it_is(nudged: World) -> None:
    await says(nudged, "away wednesday to thursday", "away 5/12 to 8/12")

    spans = standing(nudged).wishes.away

    assert [(one.begins_at.day, one.ends_at.day) for one in spans] == [(25, 27), (5, 9)]


async def test_resume_ends_the_days_away_that_they_are_in_and_no_others(nudged: World) -> None:
    await says(nudged, "away wednesday to friday", "away 5/12 to 8/12")
    await nudged.until(MONDAY_NINE + 3 * DAY)

    await says(nudged, "RESUME")

    assert [one.begins_at.day for one in standing(nudged).wishes.away] == [5]
    assert not standing(nudged).paused(nudged.clock.now())


async def test_resume_before_any_of_it_ends_all_days_away(nudged: World) -> None:
    await says(nudged, "away wednesday to friday", "RESUME")

    assert standing(nudged).wishes.away == ()


async def test_an_edit_of_the_plan_leaves_the_days_away_as_they_are(nudged: World) -> None:
    await says(nudged, "away wednesday to friday")

    nudged.load(maya=MAYA.replace("Maya", "Maja"))

    assert len(standing(nudged).wishes.away) == 1


# --- hours --------------------------------------------------------------------------------------------
DRAWN = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
between = "09:00-19:00"
[[nudge]]
id = "early"
kind = "movement"
at = "09:30"
"""


async def test_a_drawn_time_moves_inside_its_window_and_a_fixed_one_is_left_out(world: World) -> None:
    await world.start(maya=DRAWN)
    answer = await says(world, "not before 11")
    later = await says(world, "nothing after 2pm")

    await world.until(MONDAY_NINE + 14 * DAY)

    assert answer.startswith("OK, from now on only between 11 am and 8 pm.")
    assert later.startswith("OK, from now on only between 11 am and 2 pm.")
    assert len(sent_at(world)) == 14
    assert all(11 <= at.hour < 14 for at in sent_at(world))
    person = world.store.people.person("maya")
    assert person is not None
    coming = forecast(person, (), world.clock.now(), 3, world.core.decider)
    assert {one.status for one in coming if one.nudge == "early"} == {"skip"}


@pytest.mark.parametrize("word", ["MORE", "undo"])
async def test_more_and_undo_bring_back_the_hours_of_the_plan(nudged: World, word: str) -> None:
    await says(nudged, "not before 11", word)

    await nudged.until(MONDAY_NINE + 25 * HOUR)

    assert sent_at(nudged) == [TEN, TEN + 6 * HOUR, TEN + DAY]


async def test_an_edit_of_the_plan_leaves_the_hours_as_they_are(nudged: World) -> None:
    await says(nudged, "not before 11")

    nudged.load(maya=MAYA.replace("10:00", "10:30"))
    await nudged.until(MONDAY_NINE + 30 * HOUR)

    assert sent_at(nudged) == [TEN, TEN + 6 * HOUR]


async def test_hours_that_say_no_time_are_asked_for(nudged: World) -> None:
    answer = await says(nudged, "too early for me")

    assert answer == "Which hours suit you? Reply for instance: not before 10, or: nothing after 6 pm."


# --- undo ---------------------------------------------------------------------------------------------
COMMANDS = [
    "later", "done", "skip", "pause", "pause 3 days", "away wednesday to friday", "not today", "less", "tiny",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
async def test_undo_takes_a_command_back_and_all_is_as_if_it_had_not_been(
    nudged: World, command: str
) -> None:
    before = (standing(nudged), nudged.store.people.agenda("maya", MONDAY_NINE.date()))
    person = nudged.store.people.person("maya")

    answer = await says(nudged, command, "undo")

    assert answer == BACK
    assert (standing(nudged), nudged.store.people.agenda("maya", MONDAY_NINE.date())) == before
    assert person is not None
    after = nudged.store.people.person("maya")
    assert after is not None
    assert after.history == person.history


@pytest.mark.parametrize("command", COMMANDS)
async def test_undo_is_one_step(nudged: World, command: str) -> None:
    assert await says(nudged, command, "undo", "undo") == NOTHING


async def test_undo_of_a_second_snooze_goes_back_to_the_first(nudged: World) -> None:
    await says(nudged, "snooze 2h", "snooze 3h", "undo")

    (waiting,) = [
        one for one in nudged.store.people.agenda("maya", MONDAY_NINE.date()) if one.round and one.due_at
    ]
    assert waiting.due_at == TEN + MINUTE + 2 * HOUR


async def test_undo_of_done_brings_back_the_snooze_that_waited(nudged: World) -> None:
    await says(nudged, "snooze 2h", "done", "undo")

    (waiting,) = [one for one in nudged.store.people.agenda("maya", MONDAY_NINE.date()) if one.round]
    assert (waiting.state, waiting.due_at) == (State.PLANNED, TEN + MINUTE + 2 * HOUR)
    assert outcome(nudged) is Outcome.SNOOZED


async def test_undo_of_more_takes_back_one_step(nudged: World) -> None:
    await says(nudged, "less", "more", "undo")

    assert standing(nudged).fewer == 1


async def test_undo_names_what_was_meant_and_that_counts(nudged: World) -> None:
    answer = await says(nudged, "snooze until 5pm", "no, I meant 4pm")

    waiting = [one.due_at for one in nudged.store.people.agenda("maya", MONDAY_NINE.date()) if one.round]
    assert answer == "OK, again at 4 pm."
    assert waiting == [MONDAY_NINE + 7 * HOUR]


async def test_what_was_meant_can_be_taken_back_too(nudged: World) -> None:
    await says(nudged, "snooze until 5pm", "no, I meant 4pm", "undo")

    assert [one.round for one in nudged.store.people.agenda("maya", MONDAY_NINE.date())] == [0, 0, 0, 0]
    assert outcome(nudged) is None


async def test_undo_of_a_pause_with_an_end_pauses_until_the_one_that_was_meant(nudged: World) -> None:
    answer = await says(nudged, "pause until thursday", "no i meant friday")

    assert answer.startswith("OK, all quiet until Friday at 9 am.")


async def test_after_an_hour_there_is_nothing_to_take_back(nudged: World) -> None:
    await says(nudged, "pause")

    answer = await says(nudged, "undo", after=HOUR + MINUTE)

    assert answer == NOTHING
    assert standing(nudged).paused(nudged.clock.now())


async def test_a_snooze_that_has_gone_out_is_not_taken_back(nudged: World) -> None:
    await says(nudged, "snooze 10 min")
    await nudged.until(TEN + 30 * MINUTE)

    assert await says(nudged, "undo") == NOTHING


@pytest.mark.parametrize("last", ["everything feels so pointless lately", WANTS_TO_DIE, "NOW"])
async def test_undo_after_a_danger_or_a_nudge_on_demand_reaches_nothing_before_it(
    nudged: World, last: str
) -> None:
    await says(nudged, "less", last)

    await says(nudged, "undo")

    assert standing(nudged).fewer == 1


async def test_undo_takes_back_nothing_that_the_operator_did(nudged: World) -> None:
    await says(nudged, "less")
    person = nudged.store.people.person("maya")
    assert person is not None
    Operator(nudged.store.inbound, nudged.core.responder, nudged.core.zone).pause(
        person, None, nudged.clock.now()
    )

    assert await says(nudged, "undo") == NOTHING
    assert standing(nudged).paused_at is not None
    assert standing(nudged).fewer == 1


async def test_what_is_taken_back_stands_in_the_log(nudged: World) -> None:
    await says(nudged, "less", "undo")

    assert ("taken back", "less") in [(one.what, one.reason) for one in nudged.store.people.log("maya")]


# --- met ----------------------------------------------------------------------------------------------
def contacted(world: World) -> dict[str, datetime]:
    person = world.store.people.person("maya")
    assert person is not None
    return dict(person.history.contacted)


@pytest.fixture
async def befriended(world: World) -> World:
    await world.start(maya=MAYA.replace("limit = 2", "limit = 3") + SAMS)
    return world


async def test_met_notes_the_contact_and_undo_takes_it_back(befriended: World) -> None:
    answer = await says(befriended, "saw my sister")
    noted = contacted(befriended)
    await says(befriended, "undo")

    assert answer == "Good to hear. You and Ana is noted for today. UNDO takes it back."
    assert noted == {"Ana": MONDAY_NINE + MINUTE}
    assert contacted(befriended) == {}


@pytest.mark.parametrize("reply", ["Sam Lee", "Lee", "my brother", "sam lee!"])
async def test_of_two_sams_one_question_and_its_answer(befriended: World, reply: str) -> None:
    question = await says(befriended, "talked to Sam")
    answer = await says(befriended, reply)

    assert question == "Who was it: Sam Lee (brother), Sam Roy? Reply with the name."
    assert answer.startswith("Good to hear. You and Sam Lee is noted for today.")
    assert list(contacted(befriended)) == ["Sam Lee"]


async def test_met_settles_the_nudge_that_asked_for_it(befriended: World) -> None:
    await befriended.until(MONDAY_NINE + 3 * HOUR)

    await says(befriended, "talked to Ana")

    outcomes = {
        one.nudge: one.outcome
        for one in befriended.store.people.agenda("maya", MONDAY_NINE.date())
        if one.local_date == MONDAY_NINE.date()
    }
    assert outcomes == {"rest": None, "support": Outcome.DONE}


async def test_the_sam_who_is_named_whole_is_meant(befriended: World) -> None:
    await says(befriended, "talked to Sam Roy")

    assert list(contacted(befriended)) == ["Sam Roy"]


# --- who ----------------------------------------------------------------------------------------------
async def test_who_says_who_sends_how_to_reach_them_and_stop(world: World) -> None:
    world.inbox = world.new_inbox(sender=WhoSends("Elm Street Clinic", "call 020 7946 0000"))
    await world.start(maya=MAYA)

    answer = await says(world, "who is this")

    assert answer == (
        "This is nudger, an automated program of Elm Street Clinic. It sends you short notes from your plan, "
        "and never asks for money or passwords. To reach a person: call 020 7946 0000. STOP ends it."
    )


# --- after a danger, and after STOP ----------------------------------------------------------------------
async def test_a_concern_of_somebody_who_has_stopped_is_answered_with_helplines(nudged: World) -> None:
    await says(nudged, "STOP")

    answer = await says(nudged, "everything feels so pointless lately")

    assert "Samaritans on 116 123" in answer
    assert "quiet here for a day" not in answer


async def test_who_has_stopped_gets_no_other_answer(nudged: World) -> None:
    await says(nudged, "STOP")
    before = len(nudged.texts)

    await says(nudged, "who is this", "not today", "undo", "away wednesday to friday")

    assert len(nudged.texts) == before


@pytest.mark.parametrize("command", ["not today", "away wednesday to friday"])
async def test_under_a_hold_nothing_is_promised(nudged: World, command: str) -> None:
    answer = await says(nudged, WANTS_TO_DIE, command)

    assert answer.startswith("Your nudges rest until you reply RESUME.")
