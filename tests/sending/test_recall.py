"""A STOP takes back what still waits on the phone: whatever breaks in between, and nothing besides."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from nudger.domain.model import ChannelName, State
from nudger.inbound.port import Inbound
from nudger.sending.recall import AGAIN, HOPE, Recall, Recalling, TakenBack, again_at
from nudger.sending.receipts import Reconciling
from tests.support.doubles.smsgate_double import SmsGateDouble
from tests.support.doubles.twilio_double import Drop, Hang
from tests.support.maya import TEN, states
from tests.support.rigs import smsgate_channel
from tests.support.worlds.delivery import World

PHONE = "+447700900123"
HOUR = timedelta(hours=1)
MAYA = """
timezone = "Europe/London"
country = "GB"
phone = "+447700900123"
quiet = "none"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "10:00"
message = "A rest?"
"""


@dataclass
class Here:
    """The world, with a phone of one's own, on which texts lie for an hour."""

    world: World
    double: SmsGateDouble

    def __post_init__(self) -> None:
        self.double.holds = HOUR
        self.channel = smsgate_channel(
            self.double, clock=self.world.clock, timeout=timedelta(milliseconds=300)
        )
        sms: Any = self.channel
        self.world.sms = sms
        self.world.dispatcher = self.world.new_dispatcher()

    async def nudged(self) -> None:
        await self.world.start(maya=MAYA)
        await self.world.until(TEN)

    async def text(self, words: str) -> None:
        self.world.clock.at += timedelta(seconds=1)
        now = self.world.clock.now()
        await self.world.inbox.take(Inbound(f"one at {now}", ChannelName.SMS, PHONE, words, now))
        await self.world.tick()

    async def take_back(self) -> None:
        """By a daemon that has just started."""
        await Recalling(self.world.store.recalls, {ChannelName.SMS: self.channel}).run_once(
            self.world.clock.now()
        )

    async def later(self, span: timedelta = HOUR) -> list[str]:
        """What has gone out by then."""
        self.world.clock.at += span
        await self.double.work()
        return [text.text for text, _ in self.double.went_out]

    def deletes(self) -> int:
        return sum(method == "DELETE" for method, *_ in self.double.requests)


@pytest.fixture
async def here(world: World) -> AsyncIterator[Here]:
    async with SmsGateDouble(world.clock.now) as double:
        made = Here(world, double)
        yield made
        await made.channel.close()


@pytest.mark.parametrize("words", ["STOP", "I want to end my life"])
async def test_what_waits_on_the_phone_is_taken_back_and_the_answer_is_not(here: Here, words: str) -> None:
    await here.nudged()

    await here.text(words)
    await here.take_back()

    assert states(here.world) == {State.CANCELLED: 1}
    assert [text.state for text in here.double.texts.values()] == ["Cancelled", "Pending"]
    assert "A rest?" not in await here.later()


async def test_what_has_gone_out_stays_as_it_is_and_is_asked_for_once(here: Here) -> None:
    here.double.holds = timedelta(0)
    await here.nudged()
    await here.double.work()

    await here.text("STOP")
    for _ in range(3):
        await here.take_back()

    assert states(here.world) == {State.SENT: 1}
    assert here.deletes() == 1


async def test_a_phone_that_is_off_is_asked_until_it_answers_across_restarts(here: Here) -> None:
    await here.nudged()
    await here.double.refuse_connections()
    await here.text("STOP")
    for _ in range(3):
        await here.take_back()
        here.world.clock.at += AGAIN
    await here.double.listen()

    await here.take_back()

    assert states(here.world) == {State.CANCELLED: 1}
    assert "A rest?" not in await here.later()


async def test_an_answer_that_is_lost_is_asked_for_again(here: Here) -> None:
    await here.nudged()
    await here.text("STOP")
    befalls = [Drop(taken=True)]
    here.double.weather = lambda: befalls.pop() if befalls else None

    await here.take_back()
    here.world.clock.at += AGAIN
    await here.take_back()

    assert states(here.world) == {State.CANCELLED: 1}


async def test_a_text_of_unknown_end_is_taken_back_too(here: Here) -> None:
    here.double.behaviours[PHONE] = Hang(taken=True)
    await here.nudged()
    assert states(here.world) == {State.UNKNOWN: 1}
    del here.double.behaviours[PHONE]

    await here.text("STOP")
    await here.take_back()

    assert states(here.world) == {State.CANCELLED: 1}
    assert "A rest?" not in await here.later()


async def test_a_text_that_arrives_after_it_was_to_be_taken_back_is_taken_back_then(here: Here) -> None:
    here.double.behaviours[PHONE] = Hang(taken=False)
    await here.nudged()
    del here.double.behaviours[PHONE]
    await here.text("STOP")
    await here.take_back()
    assert here.deletes() == 1
    message = here.double.requests[0][3]
    await here.double._take(message, PHONE)  # a network has held it up
    here.world.clock.at += AGAIN

    await here.take_back()

    assert states(here.world) == {State.CANCELLED: 1}
    assert "A rest?" not in await here.later()


async def test_what_surely_is_not_there_is_asked_for_no_more_and_goes_out_no_more(here: Here) -> None:
    here.double.behaviours[PHONE] = Hang(taken=False)
    await here.nudged()
    del here.double.behaviours[PHONE]
    await here.text("STOP")
    reconciling = Reconciling(here.world.store.sending, {ChannelName.SMS: here.channel})
    for _ in range(30):
        await reconciling.run_once(here.world.clock.now())
        await here.take_back()
        await here.world.tick()
        here.world.clock.at += AGAIN
    asked = here.deletes()

    await here.take_back()

    assert here.deletes() == asked
    assert "A rest?" not in await here.later()


async def test_a_text_that_went_out_in_the_moment_in_which_it_was_taken_back_counts_as_sent(
    here: Here,
) -> None:
    await here.nudged()
    await here.text("STOP")
    await here.take_back()
    (text, _answer) = here.double.texts.values()

    here.double.hand_over(text)
    (found,) = await here.channel.look_up([text.id])
    here.world.store.sending.report(text.id, found.report, here.world.clock.now())

    lines = [one for one in here.world.store.people.conversation(person="maya") if one.text == "A rest?"]
    assert [one.state for one in lines] == [State.SENT]


async def test_what_lies_too_far_back_is_not_asked_for(here: Here) -> None:
    await here.nudged()
    await here.double.refuse_connections()
    await here.text("STOP")
    here.world.clock.at += HOPE
    await here.double.listen()

    await here.take_back()

    assert here.deletes() == 0


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.SENT])
@pytest.mark.parametrize("answer", TakenBack)
def test_only_what_may_still_come_is_asked_for_again(state: State, answer: TakenBack) -> None:
    at = again_at(Recall("one", "maya", ChannelName.SMS, state), answer, TEN)

    may_come = answer is TakenBack.NOT_THERE and state is not State.SENT
    assert (at is not None) is (may_come or answer is TakenBack.ASKED)


async def test_a_phone_behind_a_server_decides_by_itself(world: World) -> None:
    async with SmsGateDouble(world.clock.now, server=True) as double:
        here = Here(world, double)
        await here.nudged()
        await here.text("STOP")
        await here.take_back()
        assert states(world) == {State.SENT: 1}  # only asked
        await double.work()
        world.clock.at += AGAIN

        await here.take_back()

        assert states(world) == {State.CANCELLED: 1}
        await here.channel.close()


async def test_a_phone_that_is_off_for_twelve_hours_sends_nothing_late_and_leaves_nothing_unknown(
    world: World,
) -> None:
    async with SmsGateDouble(world.clock.now) as double:
        here = Here(world, double)
        double.holds = timedelta(0)
        times = ["10:00", "13:00", "16:00", "19:30"]
        plan = MAYA.replace('quiet = "none"', 'quiet = "20:00-09:00"\ndaily_limit = 4')
        await world.start(maya=plan.replace('at = "10:00"', f"at = {times}"))
        double.behaviours[PHONE] = Hang(taken=False)
        await world.until(TEN)  # of unknown end, and then it is off
        await double.refuse_connections()
        reconciling = Reconciling(world.store.sending, {ChannelName.SMS: here.channel})
        await world.until(TEN + 12 * HOUR)
        await reconciling.run_once(world.clock.now())
        assert states(world)[State.UNKNOWN] >= 1  # one more where a connection that was kept broke
        del double.behaviours[PHONE]
        await double.listen()

        for _ in range(8):
            world.clock.at += AGAIN
            await reconciling.run_once(world.clock.now())
            await world.tick()
            await double.work()

        assert State.UNKNOWN not in states(world)
        assert states(world)[State.MISSED] == len(times)
        assert double.went_out == []
        await here.channel.close()
