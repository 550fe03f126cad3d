"""STOP, on every path: after its commit no ordinary message goes out. Real store, gate, words, dispatcher."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.app.core import Core
from nudger.domain.effects import Ask, Response
from nudger.domain.model import ChannelName, Kind, Origin
from nudger.inbound.port import Inbound
from nudger.store import Stores
from tests.support.worlds.delivery import World

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ONE = NINE + timedelta(hours=4)
MINUTE = timedelta(minutes=1)
CONSENT = 'consent = "2026-11-20, in person"\n'
MAYA = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
email = "maya@example.org"
channels = "{channels}"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = "16:00"
[[nudge]]
kind = "reflection"
at = "19:00"
channels = "email"
"""
SMS_ONLY = MAYA.format(channels="sms")

Step = Callable[[World], Awaitable[None]]


@pytest.fixture
def world(core: Core, store: Stores) -> World:
    return World(core, store)


def ordinary(world: World, channel: ChannelName = ChannelName.SMS) -> list[str]:
    sent = world.sms.sent if channel is ChannelName.SMS else world.email.sent
    return [str(one.origin) for one in sent if one.origin is not Origin.ANSWER]


# What waits to go out when the STOP comes; each is there at one o'clock or right after.
async def planned(world: World) -> None:
    world.clock.at = ONE - MINUTE


async def overdue(world: World) -> None:
    world.clock.at = ONE + MINUTE


async def retrying(world: World) -> None:
    world.sms.answer = lambda _: SendFailure(Failure.NOT_SENT, "busy")
    world.clock.at = ONE
    await world.tick()
    world.sms.answer = lambda _: None


async def snoozed(world: World) -> None:
    await world.until(ONE)
    await world.text("LATER")


async def asked_for(world: World) -> None:
    world.clock.at = ONE - 30 * MINUTE
    await world.inbox.take(Inbound("now", ChannelName.SMS, "+447700900123", "NOW", world.clock.now()))


async def asked_by_the_operator(world: World) -> None:
    world.clock.at = ONE - 30 * MINUTE
    ask = Response("send", None, (Ask(Kind.REST),))
    world.store.inbound.act("maya", world.clock.now(), lambda _: ask, "send")


PATHS = [planned, overdue, retrying, snoozed, asked_for, asked_by_the_operator]


@pytest.mark.parametrize("word", ["STOP", "stop texting me please", "STOP ALL", "Unsubscribe"])
@pytest.mark.parametrize("wait", PATHS)
async def test_after_stop_nothing_ordinary_goes_out_on_that_channel(
    world: World, wait: Step, word: str
) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    await wait(world)
    before = len(ordinary(world))

    await world.text(word)
    await world.until(ONE + timedelta(days=2))

    assert len(ordinary(world)) == before


async def test_what_waits_is_cancelled_in_the_transaction_of_the_stop(world: World) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    await snoozed(world)

    await world.inbox.take(Inbound("stop", ChannelName.SMS, "+447700900123", "STOP", world.clock.now()))

    today = [one for one in world.store.people.agenda("maya", ONE.date()) if one.due_at > world.clock.now()]
    by_sms = [one for one in today if one.nudge != "reflection"]
    assert {(str(one.state), one.reason) for one in by_sms} == {("cancelled", "opted out")}


async def test_a_welcome_that_waits_is_cancelled_by_stop(world: World) -> None:
    await world.start(maya=SMS_ONLY)
    await world.asking.run_once(world.clock.now())

    await world.text("STOP")
    await world.until(ONE + timedelta(days=1))

    assert ordinary(world) == []


async def test_stop_closes_its_own_channel_and_stop_all_every_channel(world: World) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)

    await world.text("STOP")
    await world.until(NINE + timedelta(hours=12))
    assert (ordinary(world), ordinary(world, ChannelName.EMAIL)) == ([], ["fixed"])

    await world.text("STOP ALL")
    await world.until(NINE + timedelta(days=2))
    assert len(ordinary(world, ChannelName.EMAIL)) == 1


@pytest.mark.parametrize("words", [("STOP", "STOP"), ("STOP", "stop all"), ("STOP", "LATER", "stop", "HELP")])
async def test_a_stop_is_confirmed_once(world: World, words: tuple[str, ...]) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)

    for word in words:
        await world.text(word)

    assert [text for text in world.texts if "nothing more" in text] == world.texts
    assert len(world.texts) == 1


async def test_a_stop_between_the_claim_and_the_request_wins(world: World) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    world.clock.at = ONE
    claim = world.store.sending.claim_due(
        ONE, 10, "test", lambda person, dues, ways: world.core.decider.decide(person, dues, ONE, ways)
    )

    await world.inbox.take(Inbound("stop", ChannelName.SMS, "+447700900123", "STOP", ONE))

    assert world.store.sending.stopped(claim.sendings, ONE) == {one.message for one in claim.sendings}


async def test_a_stop_reaches_what_waits_for_its_turn_on_a_busy_channel(world: World) -> None:
    """Four emails at once, say, and a slow server: the fifth is not on its way yet."""
    world.sms.places, world.sms.gate = 1, asyncio.Event()
    world.dispatcher = world.new_dispatcher()
    await world.start(maya=CONSENT + SMS_ONLY, jonas=CONSENT + SMS_ONLY.replace("900123", "900124"))
    world.clock.at = ONE
    await world.dispatcher.run_once(ONE)
    await asyncio.wait_for(world.sms.arrived.wait(), 5)
    (first,) = world.sms.sent
    waiting = "+447700900124" if first.address == "+447700900123" else "+447700900123"

    await world.inbox.take(Inbound("stop", ChannelName.SMS, waiting, "STOP", ONE))
    world.sms.gate.set()
    await world.dispatcher.settled()

    assert world.sms.sent == [first]


async def test_what_waits_for_its_turn_when_nudger_ends_is_planned_again(world: World) -> None:
    world.sms.places, world.sms.gate = 1, asyncio.Event()
    world.dispatcher = world.new_dispatcher()
    await world.start(maya=CONSENT + SMS_ONLY, jonas=CONSENT + SMS_ONLY.replace("900123", "900124"))
    world.clock.at = ONE
    await world.dispatcher.run_once(ONE)

    world.dispatcher.close()
    world.sms.gate.set()
    await world.dispatcher.settled()

    ends = sorted(
        str(one.state)
        for person in ("maya", "jonas")
        for one in world.store.people.agenda(person, ONE.date())
        if one.due_at == ONE
    )
    assert ends == ["planned", "sent"]


async def test_a_stop_that_only_the_provider_knows_counts_here_too(world: World) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    world.sms.answer = lambda _: SendFailure(Failure.OPTED_OUT, "opted out at the provider", "21610")

    await world.until(ONE + timedelta(days=2))

    assert ordinary(world) == ["fixed"]
    held = world.store.people.export("maya")
    assert held is not None
    last = held["consent"][-1]  # type: ignore[index]
    assert (last["what"], last["answer"]) == ("opted out", None)


@pytest.mark.parametrize("word", ["START", "YES", "UNSTOP"])
async def test_start_restores_what_is_still_to_come(world: World, word: str) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    await world.text("STOP")

    await world.text(word)
    await world.until(NINE + timedelta(hours=8))

    assert ordinary(world) == ["fixed", "fixed"]


@pytest.mark.parametrize("edit", ["13:30", "12:45"])
async def test_no_edit_of_the_plan_overrides_a_stop(world: World, edit: str) -> None:
    await world.start(maya=CONSENT + SMS_ONLY)
    await world.text("STOP")

    world.load(maya=CONSENT + SMS_ONLY.replace("13:00", edit).replace("900123", "900199"))
    await world.until(NINE + timedelta(days=2))

    assert ordinary(world) == []
