"""Asking the provider for replies, where no webhook can reach nudger."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nudger.delivery.inbound import Inbound
from nudger.delivery.inbox import Poller
from nudger.errors import ChannelError
from nudger.model import ChannelName
from tests.delivery.test_replies_end_to_end import MAYA, TEN, nudged
from tests.delivery.world import MONDAY_NINE, World


class Listed:
    """A provider's list of what came in."""

    def __init__(self, *texts: tuple[str, datetime]) -> None:
        self.away = False
        self.messages = [
            Inbound(f"SM{number}", ChannelName.SMS, "+447700900123", text, at)
            for number, (text, at) in enumerate(texts)
        ]

    async def list_inbound(self, since: datetime) -> Sequence[Inbound]:
        if self.away:
            raise ChannelError("Twilio could not be reached")
        return list(reversed(self.messages))


async def test_a_polled_reply_is_taken_once_however_often_the_list_shows_it(world: World) -> None:
    await nudged(world)
    poller = Poller(Listed(("later", world.clock.now())), world.inbox.take, MONDAY_NINE)

    for _ in range(3):
        await poller.run_once(world.clock.now())
        await world.tick()

    assert world.texts == ["A rest?", "OK, again at 11:05 am."]


async def test_replies_are_taken_in_the_order_in_which_they_came(world: World) -> None:
    await nudged(world)
    at = world.clock.now()
    listed = Listed(("2h", at + timedelta(seconds=30)), ("later", at))

    await Poller(listed, world.inbox.take, MONDAY_NINE).run_once(at + timedelta(minutes=1))
    await world.tick()

    waiting = [one for one in world.store.agenda("maya", MONDAY_NINE.date()) if one.round == 1]
    assert [f"{one.due_at:%H:%M:%S}" for one in waiting] == ["12:05:30"]


async def test_the_first_poll_takes_nothing_from_before_the_first_start(world: World) -> None:
    await world.start(maya=MAYA)
    old = Listed(("stop", MONDAY_NINE - timedelta(seconds=1)))

    taken = await Poller(old, world.inbox.take, MONDAY_NINE).run_once(TEN)

    person = world.store.person("maya")
    assert taken == 0
    assert person is not None
    assert person.standing.opted_out == frozenset()


async def test_a_provider_that_is_away_loses_nothing(world: World) -> None:
    await nudged(world)
    listed = Listed(("done", world.clock.now()))
    poller = Poller(listed, world.inbox.take, MONDAY_NINE)
    listed.away = True
    while_away = await poller.run_once(world.clock.now())

    listed.away = False
    afterwards = await poller.run_once(world.clock.now() + timedelta(minutes=5))

    assert (while_away, afterwards) == (0, 1)
