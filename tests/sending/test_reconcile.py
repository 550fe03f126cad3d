"""The duty that asks about unknown ends, on the real store: once, in time, and whatever goes wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from structlog.testing import capture_logs

from nudger.agenda.entries import Failure, Report, SendFailure, Stage
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName, State
from nudger.sending.port import Listed
from nudger.sending.receipts import AT_ONCE, BATCH, Reconciling, Reports
from tests.support.maya import ONE, always, states
from tests.support.maya import ONE_REST as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

SECOND = timedelta(seconds=1)


@dataclass
class ScriptedOutbox:
    """A provider that has what `accepted` says, or is away."""

    world: World
    accepted: bool = False
    away: bool = False
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def list_outbound(self, address: str, since: datetime) -> Sequence[Listed]:
        self.asked.append((self.world.clock.now(), address))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if self.away:
            raise ChannelError("Twilio could not be reached")
        if not self.accepted:
            return []
        return [
            Listed(Report(f"SM{number}", Stage.ACCEPTED), one.address, one.text, self.world.clock.now())
            for number, one in enumerate(self.world.sms.sent)
            if one.address == address
        ]


def reconciling(world: World, outbox: ScriptedOutbox) -> Reconciling:
    return Reconciling(world.store.sending, {ChannelName.SMS: outbox})


async def in_doubt(world: World) -> None:
    """The nudge of 13:00 went out, and nobody knows whether it was taken. From now on all is well."""
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: always(Failure.AMBIGUOUS)
    await world.until(MONDAY_NINE + ONE)
    world.sms.answer = lambda _: None


async def run_for(world: World, duty: Reconciling, span: timedelta) -> int:
    """The duty every 15 s, and the dispatcher, as the daemon runs them."""
    end, resolved = world.clock.at + span, 0
    while world.clock.at < end:
        resolved += await duty.run_once(world.clock.now())
        await world.tick()
        world.clock.at += 15 * SECOND
    return resolved


async def test_what_the_provider_has_is_sent_and_never_goes_out_again(world: World) -> None:
    await in_doubt(world)

    resolved = await run_for(
        world, reconciling(world, ScriptedOutbox(world, accepted=True)), timedelta(hours=1)
    )

    assert resolved == 1
    assert states(world) == {State.SENT: 1}
    assert len(world.texts) == 1


async def test_what_the_provider_does_not_have_goes_out_again_once_and_soon(world: World) -> None:
    await in_doubt(world)

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(minutes=2))

    assert world.texts == ["A rest, Maya?"] * 2
    assert states(world) == {State.SENT: 1}
    person = world.store.people.person("maya")
    assert person is not None
    assert person.history.sent == 1


async def test_it_is_never_free_within_a_minute_of_the_attempt(world: World) -> None:
    await in_doubt(world)

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(seconds=59))

    assert len(world.texts) == 1
    assert states(world) == {State.UNKNOWN: 1}


async def test_a_restart_in_the_middle_neither_shortens_nor_prolongs_it(world: World) -> None:
    await in_doubt(world)
    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(seconds=45))

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(seconds=16))

    assert len(world.texts) == 2


async def test_a_clock_stepped_ahead_frees_nothing_at_the_first_question(world: World) -> None:
    await in_doubt(world)
    world.clock.at += timedelta(minutes=5)

    await reconciling(world, ScriptedOutbox(world)).run_once(world.clock.now())
    await world.tick()

    assert len(world.texts) == 1


async def test_a_provider_that_is_away_concludes_nothing_and_is_asked_ever_more_rarely(world: World) -> None:
    await in_doubt(world)
    outbox = ScriptedOutbox(world, away=True)
    duty = reconciling(world, outbox)

    await run_for(world, duty, timedelta(hours=1))

    assert states(world) == {State.UNKNOWN: 1}
    assert len(outbox.asked) < 12
    outbox.away = False
    await run_for(world, duty, timedelta(hours=1))
    assert states(world) == {State.MISSED: 1}
    assert len(world.texts) == 1


async def test_a_stop_while_it_is_unknown_wins(world: World) -> None:
    await in_doubt(world)
    await world.text("STOP")

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(minutes=5))

    assert [text for text in world.texts if text.startswith("A rest")] == ["A rest, Maya?"]


async def test_a_crisis_while_it_is_unknown_wins(world: World) -> None:
    await in_doubt(world)
    await world.text("I want to kill myself")

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(minutes=5))

    assert [text for text in world.texts if text.startswith("A rest")] == ["A rest, Maya?"]
    assert world.email.sent == []


async def test_a_snooze_while_it_is_unknown_comes_at_its_time_and_once(world: World) -> None:
    await in_doubt(world)
    await world.text("later 1h")

    await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(minutes=59))
    before = [text for text in world.texts if text.startswith("A rest")]
    await world.until(MONDAY_NINE + ONE + timedelta(hours=2))

    assert len(before) == 1
    assert len([text for text in world.texts if text.startswith("A rest")]) == 2


async def test_no_other_channel_is_tried_while_the_end_is_unknown(world: World) -> None:
    await in_doubt(world)

    await run_for(world, reconciling(world, ScriptedOutbox(world, away=True)), timedelta(hours=2))

    assert world.email.sent == []


async def test_after_an_outage_of_many_the_questions_are_bounded(world: World) -> None:
    people = {
        f"p{number}": MAYA.replace("+447700900123", f"+4477009{number:05}").replace("maya@", f"p{number}@")
        for number in range(BATCH + 10)
    }
    await world.start(**people)
    world.sms.answer = lambda _: always(Failure.AMBIGUOUS)
    await world.until(MONDAY_NINE + ONE)
    outbox = ScriptedOutbox(world, accepted=True)
    duty = reconciling(world, outbox)

    first = await duty.run_once(world.clock.now())
    second = await duty.run_once(world.clock.now())

    assert (first, second) == (BATCH, 10)
    assert outbox.most == AT_ONCE


async def test_the_log_names_no_number_and_no_words(world: World) -> None:
    await in_doubt(world)
    with capture_logs() as logs:
        await run_for(world, reconciling(world, ScriptedOutbox(world, away=True)), timedelta(minutes=1))
        await run_for(world, reconciling(world, ScriptedOutbox(world)), timedelta(minutes=10))

    assert {"not_reconciled", "reconciled"} <= {line["event"] for line in logs}
    assert not [line for line in logs if "+44" in str(line) or "rest" in str(line).lower()]


async def test_a_text_that_a_carrier_refused_wakes_the_next_channel(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + ONE)
    woken: list[bool] = []
    reports = Reports(world.store.sending, world.clock, lambda: woken.append(True))
    landline = SendFailure(Failure.RECIPIENT, "the number is a landline", "30006")

    state = await reports.take(world.sms.sent[0].message, Report("SM1", Stage.FAILED, landline))
    await world.tick()

    assert (state, woken) == (State.FAILED, [True])
    assert [one.address for one in world.email.sent] == ["maya@example.org"]
    assert states(world) == {State.SENT: 1}


async def test_a_failure_after_delivered_is_ignored_and_noted(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + ONE)
    reports = Reports(world.store.sending, world.clock, lambda: None)
    message = world.sms.sent[0].message
    await reports.take(message, Report("SM1", Stage.DELIVERED))

    with capture_logs() as logs:
        state = await reports.take(message, Report("SM1", Stage.FAILED))

    assert state is None
    assert [line["ignored"] for line in logs] == [True]
    assert states(world) == {State.DELIVERED: 1}
