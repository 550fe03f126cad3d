"""A text comes in: what it does, and the one text that answers it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog

from nudger.domain.model import ChannelName, Outcome, State
from nudger.inbound.inbox import Inbox
from tests.support.maya import TEN, nudged
from tests.support.maya import TWO_RESTS as MAYA
from tests.support.observers import UNWATCHED
from tests.support.worlds.delivery import MONDAY_NINE, World


@pytest.mark.parametrize(
    ("reply", "answer", "again"),
    [
        ("LATER", "OK, again at 11:05 am.", "11:05"),
        ("snooze 2h", "OK, again at 12:05 pm.", "12:05"),
        ("30 min", "OK, again at 10:35 am.", "10:35"),
        ("at 6", "OK, again at 6 pm.", "18:00"),
        ("tonight", "OK, again at 7 pm.", "19:00"),
    ],
)
async def test_a_snooze_is_confirmed_with_its_local_time_and_comes_then(
    world: World, reply: str, answer: str, again: str
) -> None:
    await nudged(world)

    await world.text(reply)

    assert world.texts == ["A rest?", answer]
    waiting = [one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.round == 1]
    assert [f"{one.due_at:%H:%M}" for one in waiting] == [again]
    await world.until(waiting[0].due_at)
    assert world.texts.count("A rest?") >= 2


async def test_a_pause_of_a_lifetime_ends_in_ten_years_and_says_so(world: World) -> None:
    await nudged(world)

    await world.text("pause 1000 weeks")

    answer = "OK, all quiet until Sunday 30 November 2036 at 10:05 am. Reply RESUME to have them back sooner."
    assert world.texts == ["A rest?", answer]
    maya = world.store.people.person("maya")
    assert maya is not None
    paused_until = maya.standing.paused_until
    assert paused_until is not None
    assert f"{paused_until:%Y-%m-%d}" == "2036-11-30"


async def test_tomorrow_is_half_past_nine_by_the_wall_clock(world: World) -> None:
    await nudged(world)

    await world.text("tomorrow")

    assert world.texts[-1] == "OK, again tomorrow at 9:30 am."


async def test_a_second_later_moves_the_snooze_that_waits(world: World) -> None:
    await nudged(world)

    await world.text("later")
    await world.text("2h")

    waiting = [one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.round == 1]
    assert [f"{one.due_at:%H:%M}" for one in waiting] == ["12:05"]


async def test_an_undo_that_names_a_new_time_moves_the_snooze_there(world: World) -> None:
    await nudged(world)
    await world.text("snooze 2h")

    await world.text("cancel that, I meant 4pm")

    assert world.texts[-1] == "OK, again at 4 pm."
    waiting = [one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.round == 1]
    assert [f"{one.due_at:%H:%M}" for one in waiting] == ["16:00"]


async def test_a_snooze_into_quiet_hours_moves_to_their_end_and_says_so(world: World) -> None:
    await nudged(world)

    await world.text("at 22:00")

    assert world.texts[-1] == "OK, again tomorrow at 9 am, when your quiet hours end."


async def test_a_repeated_provider_id_changes_nothing(world: World) -> None:
    await nudged(world)

    for _ in range(3):
        await world.text("later", provider_id="SM-same")

    assert len(world.texts) == 2


async def test_a_stranger_gets_silence(world: World) -> None:
    await nudged(world)

    await world.text("later", address="+447700900999")

    assert world.texts == ["A rest?"]


async def test_done_and_skip_settle_the_nudge(world: World) -> None:
    await nudged(world)

    await world.text("done")

    [first, *_] = world.store.people.agenda("maya", MONDAY_NINE.date())
    assert (first.outcome, world.texts[-1]) == (Outcome.DONE, "Noted. Thanks for saying so.")


async def test_done_after_later_cancels_the_snooze(world: World) -> None:
    await nudged(world)
    await world.text("later")

    await world.text("done")
    await world.until(TEN + timedelta(hours=3))

    assert world.texts.count("A rest?") == 1


async def test_pause_keeps_everything_back_until_resume(world: World) -> None:
    await nudged(world)
    await world.text("pause")
    await world.until(TEN + timedelta(hours=7))

    await world.text("resume")
    await world.until(TEN + timedelta(days=1))

    assert world.texts.count("A rest?") == 2
    suppressed = [
        one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.state is State.SUPPRESSED
    ]
    assert [one.reason for one in suppressed] == ["paused"]


async def test_stop_ends_texts_and_start_brings_back_what_is_still_to_come_today(world: World) -> None:
    await nudged(world)
    await world.text("stop")
    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.opted_out == {ChannelName.SMS}

    await world.text("start")
    await world.laying_out.run_once(world.clock.now())
    await world.until(TEN + timedelta(hours=6))

    assert world.texts.count("A rest?") == 2


async def test_nothing_but_starts_answer_follows_a_stop(world: World) -> None:
    await nudged(world)
    await world.text("stop")
    after_stop = len(world.texts)

    for words in ("later", "help", "what is this", "now", "stop"):
        await world.text(words)
    await world.until(TEN + timedelta(days=2))

    assert world.texts[after_stop:] == []


async def test_a_crisis_text_is_answered_at_once_and_holds_everything(world: World) -> None:
    await nudged(world)
    await world.text("later")

    await world.text("I want to kill myself")
    await world.until(TEN + timedelta(days=3))

    assert "116 123" in world.texts[-1]
    assert world.texts.count("A rest?") == 1


async def test_resume_after_a_crisis_hold_brings_the_plan_back(world: World) -> None:
    await nudged(world)
    await world.text("I want to kill myself")

    await world.text("resume")
    await world.until(TEN + timedelta(hours=6))

    assert world.texts.count("A rest?") == 2


async def test_an_answer_goes_out_in_quiet_hours(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + timedelta(hours=16)  # one in the morning

    await world.text("help")

    assert "automated" in world.texts[-1]


async def test_a_snooze_counts_in_place_of_the_send_that_it_put_off(world: World) -> None:
    one_a_day = MAYA.replace("name =", "daily_limit = 2\nname =")
    await world.start(maya=one_a_day)
    await world.until(TEN)

    await world.text("later")
    await world.until(TEN + timedelta(hours=8))

    assert world.texts.count("A rest?") == 3


async def test_now_brings_one_nudge_outside_the_limit(world: World) -> None:
    await nudged(world)

    await world.text("now")
    await world.tick()

    assert world.texts.count("A rest?") == 2


# --- their own page -----------------------------------------------------------------------------
async def test_link_is_answered_with_the_address_of_their_own_page(world: World) -> None:
    world.inbox = Inbox(
        world.store.inbound,
        replace(world.core.responder, own_page=_address),
        UNWATCHED,
        structlog.get_logger("nudger.replies"),
    )
    await nudged(world)
    await world.text("LINK")

    assert world.texts[-1] == (
        "Your own page: https://nudger.example.org/me/maya-sms "
        "It opens for two weeks, to whoever has this link."
    )


async def test_where_no_link_can_lead_to_a_page_link_says_so(world: World) -> None:
    await nudged(world)
    await world.text("link please")

    assert world.texts[-1] == "There is no link for now. Reply PLAN to see what comes next."


async def test_links_are_sent_as_sparingly_as_other_answers(world: World) -> None:
    world.inbox = Inbox(
        world.store.inbound,
        replace(world.core.responder, own_page=_address),
        UNWATCHED,
        structlog.get_logger("nudger.replies"),
    )
    await nudged(world)
    for _ in range(5):
        await world.text("LINK")

    assert len([text for text in world.texts if "/me/" in text]) == 3


def _address(person: str, channel: ChannelName, _now: datetime) -> str:
    return f"https://nudger.example.org/me/{person}-{channel}"
