"""After downtime, a suspend, a stepped clock: one message a person, no burst for the sender, and each
miss with its reason; whatever was waiting in a queue, or for an open circuit, when it happened."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nudger.agenda.entries import Drop, Due, Failure, Send, SendFailure
from nudger.agenda.rate_limit import Limit
from nudger.domain.model import History, Origin, State
from tests.support.maya import ONE, always, states
from tests.support.maya import ONE_REST as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TEXTS_ONLY = MAYA.replace("phone =", 'channels = ["sms"]\nphone =')
MORE = '[[nudge]]\nkind = "movement"\nat = "13:10"\nmessage = "A stretch?"\n'


def crowd(number: int, text: str = TEXTS_ONLY) -> dict[str, str]:
    return {
        f"p{one:02}": text.replace("+447700900123", f"+4477009{one:05}").replace("maya@", f"p{one}@")
        for one in range(number)
    }


async def play(world: World, seconds: int) -> list[int]:
    """So many seconds, one tick each: the texts of each second."""
    counts = []
    for _ in range(seconds):
        before = len(world.texts)
        await world.tick()
        counts.append(len(world.texts) - before)
        world.clock.at += SECOND
    return counts


async def test_after_downtime_the_sender_keeps_to_its_budget(world: World) -> None:
    world.limit = Limit(per_second=2)
    world.dispatcher = world.new_dispatcher()
    await world.start(**crowd(10))

    world.clock.at = MONDAY_NINE + ONE + 20 * MINUTE
    counts = await play(world, 6)

    assert counts == [2, 2, 2, 2, 2, 0]


async def test_after_downtime_a_person_gets_one_message_though_the_budget_is_short(world: World) -> None:
    world.limit = Limit(per_second=1)
    world.dispatcher = world.new_dispatcher()
    await world.start(**crowd(5, TEXTS_ONLY + MORE))

    world.clock.at = MONDAY_NINE + ONE + 20 * MINUTE
    await play(world, 12)

    assert world.texts == ["A stretch?"] * 5
    for person in crowd(5):
        assert states(world, person) == {State.SENT: 1, State.MISSED: 1}


async def test_a_queue_that_a_suspend_overtook_is_missed_with_the_budget_as_its_reason(world: World) -> None:
    world.limit = Limit(per_second=0.1)
    world.dispatcher = world.new_dispatcher()
    await world.start(**crowd(5))
    world.clock.at = MONDAY_NINE + ONE
    await play(world, 2)

    world.clock.at += timedelta(hours=2)  # the lid was closed
    await play(world, 2)

    assert len(world.texts) == 1
    reasons = {
        one.reason
        for person in crowd(5)
        for one in world.store.people.agenda(person, MONDAY_NINE.date())
        if one.state is State.MISSED
    }
    assert reasons == {
        "could not go out before 13:30: more were due than the sender may send (SMS_PER_SECOND)"
    }


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_clock_stepped_an_hour_in_a_peak_sends_nothing_twice_and_no_burst(
    world: World, step: timedelta
) -> None:
    world.limit = Limit(per_second=1)
    world.dispatcher = world.new_dispatcher()
    await world.start(**crowd(6))
    world.clock.at = MONDAY_NINE + ONE
    before = await play(world, 3)

    world.clock.at += step
    after = await play(world, 5)
    world.clock.at = max(world.clock.at, MONDAY_NINE + ONE - 2 * SECOND)
    after += await play(world, 8)

    assert before == [1, 1, 1]
    assert max(after) <= 1
    sent = [sending.person for sending in world.sms.sent]
    assert len(sent) == len(set(sent))
    assert len(sent) == (6 if step < timedelta(0) else 3)


async def test_a_channel_that_rested_through_a_suspend_is_tried_with_one_message_first(world: World) -> None:
    world.sms.answer = lambda _: always(Failure.SENDER, code="20003")
    patient = TEXTS_ONLY.replace('at = "13:00"', 'at = "13:00"\nexpires = "4h"')
    await world.start(**crowd(4, patient))
    world.clock.at = MONDAY_NINE + ONE
    await world.tick()
    tried = len(world.texts)

    world.sms.answer = lambda _: None
    world.clock.at += timedelta(hours=1)
    probe = await world.dispatcher.run_once(world.clock.now())
    await world.dispatcher.settled()
    await world.tick()

    assert probe.started == 1
    assert len(world.texts) - tried == 4
    assert [alarm.cleared_at for alarm in world.store.alarms.alarms()] == [world.clock.at]


async def test_what_fails_at_one_moment_is_not_all_tried_again_at_one_moment(world: World) -> None:
    await world.start(**crowd(3))
    world.clock.at = MONDAY_NINE + ONE
    world.sms.answer = lambda _: always(Failure.NOT_SENT)
    await world.tick()

    due = {one.due_at for person in crowd(3) for one in world.store.people.agenda(person, MONDAY_NINE.date())}

    assert len([at for at in due if at < MONDAY_NINE + ONE + MINUTE]) == 3


async def test_what_was_tried_before_gives_way_to_what_was_planned_later(world: World) -> None:
    busy = SendFailure(Failure.NOT_SENT, "busy", retry_after=12 * MINUTE)
    await world.start(maya=TEXTS_ONLY + MORE)
    world.sms.answer = lambda _: busy
    world.clock.at = MONDAY_NINE + ONE
    await world.tick()
    world.sms.answer = lambda _: None
    world.sms.sent.clear()

    world.clock.at += 14 * MINUTE  # past the time of the second one, and past the next try of the first
    await world.tick()

    assert [sending.text for sending in world.sms.sent] == ["A stretch?"]
    assert states(world) == {State.SENT: 1, State.MISSED: 1}


async def test_where_the_latest_may_not_go_the_one_before_it_goes(world: World) -> None:
    drawn = '[[nudge]]\nkind = "movement"\nbetween = "10:00-17:00"\n'
    await world.start(maya=TEXTS_ONLY.replace('gap = "0m"', 'gap = "2h"') + drawn)
    maya = world.store.people.person("maya")
    assert maya is not None
    at = MONDAY_NINE + ONE
    an_hour_after_the_last = replace(maya, history=History(last_at=at - HOUR))
    fixed = due(1, "rest", Origin.FIXED, at)
    later = due(2, "movement", Origin.DRAWN, at + 10 * MINUTE)

    decision = world.core.decider.decide(an_hour_after_the_last, [fixed, later], at + 14 * MINUTE)

    first, second = decision.verdicts
    assert isinstance(first, Send)
    assert second == Drop(State.SUPPRESSED, "less than 2h after the last one")


def due(entry: int, nudge: str, origin: Origin, at: datetime) -> Due:
    return Due(entry, "maya", nudge, None, origin, at.date(), 1, 0, at, at + 30 * MINUTE)
