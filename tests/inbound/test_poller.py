"""Asking the provider for what came in: when, and each text once, in the order in which they came."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from nudger.domain.errors import ChannelError, StoreError
from nudger.domain.model import ChannelName
from nudger.inbound.poller import GAP, LISTED, LONGEST_SILENCE, LOOK_EVERY, OVERLAP, WITH_WEBHOOKS, Poller
from nudger.inbound.port import Inbound
from tests.support.maya import SAM_PHONE, TEN, TRUSTED, nudged
from tests.support.maya import TWO_RESTS as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

MINUTE = timedelta(minutes=1)


class Listed:
    """A provider's list of what came in."""

    def __init__(self, *texts: tuple[str, datetime], address: str = "+447700900123") -> None:
        self.away = False
        self.asked: list[datetime] = []
        self.messages: list[Inbound] = []
        for text, at in texts:
            self.add(text, at, address)

    def add(self, text: str, at: datetime, address: str = "+447700900123") -> None:
        self.messages.append(Inbound(f"SM{len(self.messages)}", ChannelName.SMS, address, text, at))

    async def list_inbound(self, since: datetime) -> Sequence[Inbound]:
        self.asked.append(since)
        if self.away:
            raise ChannelError("Twilio could not be reached")
        return list(reversed(self.messages))


class Watched:
    """A store that counts which of its verbs are called."""

    READS = frozenset({"unseen", "restored"})

    def __init__(self, world: World) -> None:
        self._stores = (world.store.inbound, world.store.facts, world.store.restore)
        self._clock = world.clock
        self._turn_at = MONDAY_NINE
        self.called: list[str] = []

    def take_turn(self, duty: str, every: timedelta) -> bool:
        """As the database does by its own clock, but by the one that is stepped."""
        self.called.append("take_turn")
        mine = self._clock.now() >= self._turn_at
        self._turn_at = self._clock.now() + every if mine else self._turn_at
        return mine

    def __getattr__(self, verb: str) -> Any:
        self.called.append(verb)
        return next(getattr(store, verb) for store in self._stores if hasattr(store, verb))

    def written(self) -> list[str]:
        return [verb for verb in self.called if verb not in self.READS]


def polling(world: World, listed: Listed, every: timedelta = LOOK_EVERY, **more: Any) -> Poller:
    watched: Any = more.get("store") or Watched(world)
    return Poller(listed, world.inbox.take, watched, watched, watched, MONDAY_NINE, every)


async def look(world: World, poller: Poller, at: datetime) -> int:
    world.clock.at = at
    found = await poller.run_once(at)
    await world.tick()
    return found


async def test_a_polled_reply_is_taken_once_however_often_the_list_shows_it(world: World) -> None:
    await nudged(world)
    poller = polling(world, Listed(("later", world.clock.now())))

    found = [await look(world, poller, world.clock.now() + LOOK_EVERY) for _ in range(3)]

    assert found == [1, 0, 0]
    assert world.texts == ["A rest?", "OK, again at 11:05 am."]


async def test_another_daemon_and_a_restart_take_none_of_them_again(world: World) -> None:
    await nudged(world)
    listed = Listed(("later", world.clock.now()), ("done", world.clock.now() + MINUTE))
    at = world.clock.now() + 2 * MINUTE
    await look(world, polling(world, listed), at)

    assert await look(world, polling(world, listed), at) == 0


async def test_replies_are_taken_in_the_order_in_which_they_came(world: World) -> None:
    await nudged(world)
    at = world.clock.now()
    listed = Listed(("2h", at + timedelta(seconds=30)), ("later", at))

    await look(world, polling(world, listed), at + MINUTE)

    waiting = [one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.round == 1]
    assert [f"{one.due_at:%H:%M:%S}" for one in waiting] == ["12:05:30"]


async def test_the_first_poll_takes_nothing_from_before_the_first_start(world: World) -> None:
    await world.start(maya=MAYA)
    old = Listed(("stop", MONDAY_NINE - timedelta(seconds=1)))

    taken = await look(world, polling(world, old), TEN)

    person = world.store.people.person("maya")
    assert taken == 0
    assert person is not None
    assert person.standing.opted_out == frozenset()


async def test_a_text_of_the_very_second_of_the_first_start_is_taken(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed(("stop", MONDAY_NINE))
    watched: Any = Watched(world)
    first = MONDAY_NINE + timedelta(milliseconds=900)
    poller = Poller(listed, world.inbox.take, watched, watched, watched, first)

    assert await look(world, poller, TEN) == 1


async def test_a_provider_that_is_away_loses_nothing(world: World) -> None:
    await nudged(world)
    listed = Listed(("done", world.clock.now()))
    poller = polling(world, listed)
    listed.away = True
    while_away = await look(world, poller, world.clock.now())

    listed.away = False
    afterwards = await look(world, poller, world.clock.now() + 5 * MINUTE)

    assert (while_away, afterwards) == (0, 1)


# --- what is known costs one read -----------------------------------------------------------------
async def test_known_texts_and_those_of_strangers_are_known_by_one_read_and_nothing_is_written(
    world: World,
) -> None:
    await nudged(world)
    at = world.clock.now()
    listed = Listed(*((f"text {number}", at + timedelta(seconds=number)) for number in range(50)))
    for number in range(50):
        listed.add("who is this", at, f"+4477009{number:05}")
    store = Watched(world)
    poller = polling(world, listed, store=store)
    first = await look(world, poller, at + MINUTE)
    before, sent = len(world.store.people.log("maya", limit=1000)), len(world.sms.sent)
    store.called.clear()

    again = [await look(world, poller, at + MINUTE + (n + 1) * LOOK_EVERY) for n in range(4)]

    assert (first, again) == (50, [0] * 4)
    assert store.called.count("unseen") == 4
    assert set(store.written()) == {"take_turn"}
    assert (len(world.store.people.log("maya", limit=1000)), len(world.sms.sent)) == (before, sent)


async def test_a_contacts_stop_is_taken_from_the_list_and_once(world: World) -> None:
    await world.start(maya=MAYA + TRUSTED)
    listed = Listed(("STOP", TEN), address=SAM_PHONE)
    poller = polling(world, listed)

    found = [await look(world, poller, TEN + (n + 1) * LOOK_EVERY) for n in range(3)]

    assert found == [1, 0, 0]
    assert [one.what for one in world.store.people.log("maya")].count("trusted contact said STOP") == 1


async def test_a_stop_from_before_somebody_was_known_counts_and_nothing_else_does(world: World) -> None:
    await nudged(world)
    jonas = '\ntimezone = "Europe/London"\nphone = "+447700900777"\n'
    listed = Listed(("YES", TEN), ("PAUSE", TEN + MINUTE), address="+447700900777")
    poller = polling(world, listed)
    stranger = await look(world, poller, TEN + 2 * MINUTE)
    world.load(maya=MAYA, jonas=jonas)

    await look(world, poller, TEN + 3 * MINUTE)
    agreed = world.store.people.person("jonas")
    listed.add("STOP", TEN + MINUTE, "+447700900777")
    await look(world, poller, TEN + 4 * MINUTE)
    stopped = world.store.people.person("jonas")

    assert stranger == 0
    assert agreed is not None
    assert (agreed.standing.consented, agreed.standing.paused_at) == (frozenset(), None)
    assert stopped is not None
    assert stopped.standing.opted_out == {ChannelName.SMS}


# --- when ---------------------------------------------------------------------------------------
async def asked_at(world: World, poller: Poller, listed: Listed, *at: timedelta) -> list[timedelta]:
    """At which of these times the provider is asked."""
    asked = []
    for span in at:
        before = len(listed.asked)
        await look(world, poller, MONDAY_NINE + span)
        asked += [span] if len(listed.asked) > before else []
    return asked


def every(step: timedelta, until: timedelta) -> list[timedelta]:
    return [step * number for number in range(int(until / step) + 1)]


async def test_with_webhooks_it_is_asked_at_the_start_and_each_ten_minutes(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    poller = polling(world, listed, WITH_WEBHOOKS)

    asked = await asked_at(world, poller, listed, *every(LOOK_EVERY, timedelta(minutes=40)))

    assert [round(one / MINUTE) for one in asked] in ([0, 9, 18, 27, 36], [0, 10, 20, 30, 40])


async def test_each_start_asks_though_another_daemon_has_just_asked(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    await look(world, polling(world, listed, WITH_WEBHOOKS), MONDAY_NINE)

    await look(world, polling(world, listed, WITH_WEBHOOKS), MONDAY_NINE + MINUTE)

    assert len(listed.asked) == 2


async def test_daemons_that_run_side_by_side_take_turns(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    shared = Watched(world)
    both = [polling(world, listed, WITH_WEBHOOKS, store=shared) for _ in range(2)]
    for span in every(LOOK_EVERY, timedelta(minutes=25)):
        for one in both:
            await look(world, one, MONDAY_NINE + span)

    assert len(listed.asked) == 2 + 2  # each once at its start, then one of them


async def test_after_a_fault_of_ours_it_is_asked_at_the_next_look_and_once_more(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    poller = polling(world, listed, WITH_WEBHOOKS)
    await look(world, poller, MONDAY_NINE)
    poller.missed(MONDAY_NINE + MINUTE)

    asked = await asked_at(world, poller, listed, *(MINUTE + step for step in every(LOOK_EVERY, 3 * MINUTE)))

    assert asked == [MINUTE, MINUTE + LISTED]


async def test_what_was_lost_is_asked_for_until_the_provider_answers(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    poller = polling(world, listed, WITH_WEBHOOKS)
    await look(world, poller, MONDAY_NINE)
    poller.missed(MONDAY_NINE + MINUTE)
    listed.away = True

    asked = await asked_at(world, poller, listed, *(MINUTE + LOOK_EVERY * number for number in range(4)))

    assert len(asked) == 4


@pytest.mark.parametrize("step", [GAP + MINUTE, timedelta(hours=-3)], ids=["slept", "clock set back"])
async def test_after_a_gap_of_the_clock_it_is_asked(world: World, step: timedelta) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    poller = polling(world, listed, WITH_WEBHOOKS)
    await look(world, poller, MONDAY_NINE)
    await look(world, poller, MONDAY_NINE + LOOK_EVERY)

    await look(world, poller, MONDAY_NINE + LOOK_EVERY + step)

    assert len(listed.asked) == 2


async def test_it_is_asked_for_what_came_since_it_was_asked_last_across_restarts(world: World) -> None:
    await world.start(maya=MAYA)
    listed = Listed()
    await look(world, polling(world, listed), MONDAY_NINE + timedelta(hours=1))
    later, much_later = MONDAY_NINE + timedelta(days=3), MONDAY_NINE + timedelta(days=200)

    await look(world, polling(world, listed), later)
    await look(world, polling(world, listed), much_later)

    assert listed.asked == [
        MONDAY_NINE,
        MONDAY_NINE + timedelta(hours=1) - OVERLAP,
        much_later - LONGEST_SILENCE,
    ]


class Failing:
    """An inbox that fails over one text, until it is mended."""

    def __init__(self, world: World, words: str, fault: Exception) -> None:
        self.world, self.words, self.fault = world, words, fault

    async def take(self, inbound: Inbound) -> None:
        if inbound.text == self.words:
            raise self.fault
        await self.world.inbox.take(inbound)


async def test_a_fault_over_one_persons_text_keeps_no_other_waiting_and_is_tried_again(world: World) -> None:
    await nudged(world)
    at = world.clock.now()
    listed = Listed(("hm", at), ("STOP", at + timedelta(seconds=1)))
    poller, failing = polling(world, listed), Failing(world, "hm", KeyError("+447700900123"))
    poller.take = failing.take
    with capture_logs() as logs:
        found = [await look(world, poller, at + (n + 1) * MINUTE) for n in range(3)]

    failing.words = ""
    later = await look(world, poller, at + 5 * MINUTE)

    person = world.store.people.person("maya")
    assert (found, later) == ([1, 0, 0], 1)
    assert person is not None
    assert person.standing.opted_out == {ChannelName.SMS}
    assert [one["event"] for one in logs].count("text_not_taken") == 1
    assert "7700" not in str(logs)


async def test_a_database_that_is_away_is_no_ones_text(world: World) -> None:
    await nudged(world)
    listed = Listed(("hm", world.clock.now()))
    poller = polling(world, listed)
    poller.take = Failing(world, "hm", StoreError("the database is away")).take

    with pytest.raises(StoreError):
        await look(world, poller, world.clock.now())
    poller.take = world.inbox.take

    assert await look(world, poller, world.clock.now() + MINUTE) == 1
