"""What waits for its turn on a channel, and what has to have ended before more is claimed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from nudger.agenda.entries import Sending
from nudger.domain.model import ChannelName, Origin
from nudger.sending.dispatcher import KEPT, Lane
from nudger.sending.lease import AHEAD_S, LEAST, MOST, Prefetch
from tests.support.worlds.delivery import World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sending(name: str) -> Sending:
    return Sending(
        name, 1, "maya", ChannelName.SMS, "+447700900123", "Hello", "", timedelta(minutes=5), Origin.FIXED
    )


@dataclass
class Desk:
    """A channel and a store that say what a test tells them, and keep what they were asked."""

    asked: list[list[str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    ends: dict[str, asyncio.Event] = field(default_factory=dict)

    async def still_go(self, sendings: Sequence[Sending]) -> Sequence[Sending]:
        self.asked.append([one.message for one in sendings])
        await asyncio.sleep(0)
        return [one for one in sendings if one.message not in self.stopped]

    async def send(self, one: Sending) -> None:
        self.sent.append(one.message)
        await self.ends.setdefault(one.message, asyncio.Event()).wait()

    def end(self, *names: str) -> None:
        for name in names:
            self.ends.setdefault(name, asyncio.Event()).set()


async def quiet(turns: int = 20) -> None:
    """Everything that can go on without anybody's help has gone on."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_no_more_go_at_once_than_there_are_places_and_the_next_follow_in_order() -> None:
    desk = Desk()
    lane = Lane(2, desk.still_go, desk.send, lambda: None)

    await lane.take([sending(name) for name in "abcd"])
    await quiet()
    at_first = desk.sent.copy()
    desk.end("a")
    await quiet()

    assert (at_first, desk.sent, lane.load) == (["a", "b"], ["a", "b", "c"], 3)


async def test_what_has_to_wait_is_asked_about_when_its_place_is_free_and_together_with_others() -> None:
    desk = Desk()
    lane = Lane(2, desk.still_go, desk.send, lambda: None)

    await lane.take([sending(name) for name in "abcd"])
    await quiet()
    desk.stopped.add("c")
    desk.end("a", "b")
    await quiet()

    assert desk.asked == [["a", "b"], ["c", "d"]]
    assert desk.sent == ["a", "b", "d"]


async def test_what_was_stopped_leaves_its_place_to_the_next() -> None:
    desk = Desk(stopped={"a"})
    lane = Lane(1, desk.still_go, desk.send, lambda: None)

    await lane.take([sending(name) for name in "ab"])
    await quiet()

    assert desk.sent == ["b"]


async def test_a_lane_says_whenever_there_is_less_on_its_way() -> None:
    desk, loads = Desk(), list[int]()
    lane = Lane(1, desk.still_go, desk.send, lambda: loads.append(lane.load))

    await lane.take([sending(name) for name in "ab"])
    desk.end("a", "b")
    await quiet()

    assert loads[-1] == 0


async def test_where_all_places_are_taken_the_next_run_waits_a_little_and_claims_nothing(
    world: World,
) -> None:
    world.sms.gate = asyncio.Event()
    await world.start(**everybody(LEAST + 10))
    world.clock.at = NOON
    first = await world.dispatcher.run_once(NOON)

    second = await world.dispatcher.run_once(NOON)
    world.sms.gate.set()
    third = await world.dispatcher.run_once(NOON)
    await world.dispatcher.settled()

    assert (first.started, second.started, second.again_at, third.started) == (LEAST, 0, NOON, 10)


def pace(per_second: int) -> Prefetch:
    """After a second of so many ends."""
    one = Prefetch()
    one.most(100.0)
    for _ in range(per_second):
        one.count()
    one.most(101.0)
    return one


def test_as_much_is_claimed_ahead_as_went_out_lately_within_bounds() -> None:
    seen = [pace(per_second).most(101.0) for per_second in (0, 1_000, 9_000)]

    assert seen == [LEAST, int(1_000 * AHEAD_S), MOST]


def test_where_nothing_ends_any_more_little_is_claimed_ahead() -> None:
    one = pace(9_000)

    assert one.most(102.0) == LEAST


def everybody(number: int) -> dict[str, str]:
    """Plans of so many people, each with a nudge at noon."""
    return {
        f"p{one:03}": f'timezone = "UTC"\nphone = "+447700{one:06}"\nconsent = "2026-11-20, in person"\n'
        '[[nudge]]\nkind = "rest"\nat = "12:00"\n'
        for one in range(number)
    }


# --- what is urgent -------------------------------------------------------------------------------
def urgent(name: str) -> Sending:
    return replace(sending(name), urgent=True)


async def test_what_is_urgent_goes_before_all_that_waits() -> None:
    desk = Desk()
    lane = Lane(2, desk.still_go, desk.send, lambda: None)
    await lane.take([sending(name) for name in "abcd"])
    await quiet()

    await lane.take([urgent("!")])
    desk.end("a")
    await quiet()

    assert desk.sent == ["a", "b", "!"]


async def test_some_places_are_kept_for_what_is_urgent_however_slow_the_provider() -> None:
    desk = Desk()
    lane = Lane(KEPT, desk.still_go, desk.send, lambda: None)
    await lane.take([sending(str(number)) for number in range(2 * KEPT)])
    await quiet(100)
    ordinary = len(desk.sent)

    await lane.take([urgent("!"), urgent("?")])
    await quiet()

    assert ordinary == KEPT - 1
    assert desk.sent[ordinary:] == ["!"]


async def test_what_is_urgent_is_claimed_while_all_places_are_taken(world: World) -> None:
    world.sms.gate = asyncio.Event()
    await world.start(**everybody(LEAST + 10))
    world.clock.at = NOON
    await world.dispatcher.run_once(NOON)
    await world.inbox.take(world.inbound("I want to die", "+447700000209"))

    done = await world.dispatcher.run_once(NOON)
    handed_over = world.sms.sent[-1]
    world.sms.gate.set()
    await world.dispatcher.settled()

    assert done.started == 1
    assert (handed_over.urgent, handed_over.address) == (True, "+447700000209")
