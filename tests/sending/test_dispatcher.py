"""The dispatcher on a real store: each due nudge goes out once, whatever the provider does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nudger.agenda.entries import Failure, Receipt, Sending
from nudger.agenda.rate_limit import Limit
from nudger.domain.model import ChannelName, State
from tests.support.maya import ONE, always, states
from tests.support.maya import ONE_REST as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, ScriptedChannel, World


async def test_a_due_nudge_goes_out_once_and_is_recorded(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + ONE

    await world.tick()
    await world.tick()

    assert world.texts == ["A rest, Maya?"]
    assert states(world) == {State.SENT: 1}


async def test_nothing_goes_out_before_its_time(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + ONE - timedelta(seconds=1)

    await world.tick()

    assert world.texts == []


async def test_an_ambiguous_end_becomes_unknown_and_is_never_sent_again(world: World) -> None:
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: always(Failure.AMBIGUOUS)

    await world.until(MONDAY_NINE + ONE + timedelta(hours=1))

    assert len(world.texts) == 1
    assert states(world) == {State.UNKNOWN: 1}


async def test_an_adapter_that_dies_leaves_an_unknown_end(world: World) -> None:
    class Broken(ScriptedChannel):
        async def send(self, sending: Sending) -> Receipt:
            raise ZeroDivisionError

    world.sms = Broken()
    world.dispatcher = world.new_dispatcher()
    await world.start(maya=MAYA)

    await world.until(MONDAY_NINE + ONE)

    assert states(world) == {State.UNKNOWN: 1}


async def test_what_was_certainly_not_accepted_is_sent_again_while_it_is_fresh(world: World) -> None:
    await world.start(maya=MAYA)
    failures = [always(Failure.NOT_SENT), always(Failure.NOT_SENT)]
    world.sms.answer = lambda _: failures.pop() if failures else None

    await world.until(MONDAY_NINE + ONE + timedelta(minutes=30))

    assert len(world.texts) == 3
    assert states(world) == {State.SENT: 1}


async def test_what_cannot_be_sent_before_it_expires_is_missed_with_its_reason(world: World) -> None:
    await world.start(maya=MAYA.replace("phone =", 'channels = ["sms"]\nphone ='))
    world.sms.answer = lambda _: always(Failure.NOT_SENT)

    await world.until(MONDAY_NINE + ONE + timedelta(hours=1))

    missed = [
        one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.state is State.MISSED
    ]
    assert [one.reason for one in missed] == [
        "could not go out before 13:30: the circuit of sms is open: as scripted"
    ]


async def test_a_channel_that_keeps_failing_gives_way_to_the_next(world: World) -> None:
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: always(Failure.NOT_SENT)

    await world.until(MONDAY_NINE + ONE + timedelta(hours=1))

    assert [sending.address for sending in world.email.sent] == ["maya@example.org"]
    assert states(world) == {State.SENT: 1}


async def test_a_number_that_will_not_take_it_gives_way_to_email(world: World) -> None:
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: always(Failure.RECIPIENT)

    await world.until(MONDAY_NINE + ONE)

    assert [sending.address for sending in world.email.sent] == ["maya@example.org"]
    assert states(world) == {State.SENT: 1}


async def test_a_stop_that_only_the_provider_knows_of_opts_out_here_too(world: World) -> None:
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: always(Failure.OPTED_OUT)

    await world.until(MONDAY_NINE + timedelta(days=1) + ONE)

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.opted_out == {ChannelName.SMS}
    assert len(world.sms.sent) == 1


async def test_a_refused_account_rests_the_channel_and_what_can_goes_by_email(world: World) -> None:
    world.sms.answer = lambda _: always(Failure.SENDER, code="20003")
    jonas = MAYA.replace("Maya", "Jonas").replace("+447700900123", "+447700900124")
    jonas = jonas.replace("phone", 'channels = ["email"]\nphone')
    await world.start(maya=MAYA, jonas=jonas)

    await world.until(MONDAY_NINE + ONE)

    assert [states(world, person) for person in ("maya", "jonas")] == [{State.SENT: 1}] * 2
    assert len(world.sms.sent) == 1
    assert [alarm.key for alarm in world.store.alarms.alarms()] == ["sender sms"]


async def test_a_slow_provider_holds_up_nobody_else(world: World) -> None:
    held = asyncio.Event()

    class Slow(ScriptedChannel):
        async def send(self, sending: Sending) -> Receipt:
            if sending.person == "maya":
                await held.wait()
            return await super().send(sending)

    world.sms = Slow()
    world.dispatcher = world.new_dispatcher()
    jonas = MAYA.replace("Maya", "Jonas").replace("0123", "0124").replace("13:00", "13:01")
    await world.start(maya=MAYA, jonas=jonas)

    for minute in (0, 1):
        world.clock.at = MONDAY_NINE + ONE + timedelta(minutes=minute)
        await world.dispatcher.run_once(world.clock.now())
    await world.dispatcher.wait_for_change()
    sent_meanwhile = world.texts.copy()
    held.set()
    await world.dispatcher.settled()

    assert sent_meanwhile == ["A rest, Jonas?"]
    assert sorted(world.texts) == ["A rest, Jonas?", "A rest, Maya?"]


async def test_a_budget_spreads_a_peak(world: World) -> None:
    world.limit = Limit(per_second=1)
    world.dispatcher = world.new_dispatcher()
    people = {
        f"p{number}": MAYA.replace("+447700900123", f"+44770090010{number}").replace("maya@", f"p{number}@")
        for number in range(5)
    }
    await world.start(**people)
    world.clock.at = MONDAY_NINE + ONE
    counts = []

    for _ in range(5):
        await world.tick()
        counts.append(len(world.texts))
        world.clock.at += timedelta(seconds=1)

    assert counts == [1, 2, 3, 4, 5]


async def test_what_a_closing_dispatcher_claims_is_released(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + ONE
    world.dispatcher.close()

    await world.dispatcher.run_once(world.clock.now())
    world.dispatcher = world.new_dispatcher()
    await world.tick()

    assert world.texts == ["A rest, Maya?"]


async def test_a_crash_between_claim_and_record_leaves_unknown_and_no_second_text(world: World) -> None:
    class Crashing(ScriptedChannel):
        async def send(self, sending: Sending) -> Receipt:
            self.sent.append(sending)
            await asyncio.Event().wait()
            raise AssertionError

    world.sms = Crashing()
    world.dispatcher = world.new_dispatcher()
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + ONE
    await world.dispatcher.run_once(world.clock.now())
    await asyncio.sleep(0)
    await world.dispatcher.drain(timedelta(0))  # the process ends here

    recovered = world.store.sending.recover("test", world.clock.now())
    world.dispatcher = world.new_dispatcher()
    await world.until(MONDAY_NINE + ONE + timedelta(hours=1))

    assert recovered == 1
    assert len(world.texts) == 1
    assert states(world) == {State.UNKNOWN: 1}


async def test_a_store_that_cannot_record_ends_the_next_run(world: World) -> None:
    class Failing:
        def __init__(self, store: object) -> None:
            self._store = store

        def __getattr__(self, name: str) -> object:
            if name == "record":
                raise OSError("disk full")
            return getattr(self._store, name)

    await world.start(maya=MAYA)
    world.store = replace(world.store, sending=Failing(world.store.sending))  # type: ignore[arg-type]
    world.dispatcher = world.new_dispatcher()
    world.clock.at = MONDAY_NINE + ONE
    await world.tick()

    with pytest.raises(OSError, match="disk full"):
        await world.tick()


async def test_after_downtime_a_person_gets_the_latest_fresh_one_and_the_rest_have_their_reason(
    world: World,
) -> None:
    more = '[[nudge]]\nkind = "movement"\nat = "13:10"\nmessage = "A stretch?"\n'
    await world.start(maya=MAYA + more)
    world.clock.at = MONDAY_NINE + ONE + timedelta(minutes=20)

    await world.tick()

    assert world.texts == ["A stretch?"]
    assert states(world) == {State.SENT: 1, State.MISSED: 1}
