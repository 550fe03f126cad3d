"""A restored backup: noticed by its mark, nothing of the past sent again, nothing at all before a word."""

from datetime import timedelta

import pytest

from nudger.agenda.entries import Mark, Restored
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName
from nudger.inbound.poller import OVERLAP, Poller
from nudger.inbound.port import Inbound
from nudger.operations.restore_guard import KeptMark, Machine, notice
from tests.support.worlds.delivery import MONDAY_NINE, World

HERE = Machine("m1", "server")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = MONDAY_NINE
KEPT = KeptMark(Mark("one", 200, NOW - HOUR), HERE)
MAYA = """
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = ["10:00", "13:00"]
"""


@pytest.mark.parametrize(
    ("found", "kept", "here", "shared", "why"),
    [
        (Mark("one", 200, NOW - HOUR), None, HERE, False, None),
        (Mark("one", 200, NOW - HOUR), KEPT, HERE, False, None),
        (Mark("one", 201, NOW - HOUR), KEPT, HERE, False, None),  # the file was not written any more
        (Mark("one", 999, NOW), KEPT, HERE, True, None),  # others of the fleet went on
        (Mark("one", 199, NOW - 2 * HOUR), KEPT, HERE, False, "older"),
        (Mark("one", 199, NOW - 2 * HOUR), KEPT, HERE, True, "older"),
        (Mark("two", 999, NOW), KEPT, HERE, False, "not the database"),
        (Mark("one", 200, NOW - HOUR), KEPT, Machine("m2", "other"), False, "another machine"),
        (Mark("one", 200, NOW - HOUR), KEPT, Machine("m2", "other"), True, None),  # one database all the same
        (Mark("one", 200, NOW - HOUR), KEPT, Machine("m1", "renamed"), False, None),
        (Mark("one", 200, NOW - HOUR), KEPT, Machine("m2", "server"), False, None),  # installed anew
    ],
)
def test_a_database_is_compared_with_what_was_kept_beside_it(
    found: Mark, kept: KeptMark | None, here: Machine, shared: bool, why: str | None
) -> None:
    noticed = notice(found, kept, here, NOW, shared=shared)

    assert (noticed is None) == (why is None)
    if noticed is not None:
        assert why is not None
        assert why in noticed.why
        assert noticed.done_until <= NOW


def test_what_a_backup_does_not_know_begins_at_its_own_last_mark() -> None:
    noticed = notice(Mark("one", 3, NOW - 5 * HOUR), KEPT, HERE, NOW, shared=False)

    assert noticed is not None
    assert noticed.knows_until == NOW - 5 * HOUR
    assert noticed.done_until == NOW - HOUR + 2 * MINUTE  # up to a minute may not have been marked


async def test_a_restored_database_sends_no_nudge_until_it_is_accepted_and_none_of_the_past(
    world: World,
) -> None:
    await world.start(maya=MAYA)
    world.clock.at = NOW + HOUR  # 10:00, which went out before the backup was put back
    world.store.restore.hold_back(Restored(world.clock.at, NOW, world.clock.at, "a backup was restored"))

    await world.until(NOW + HOUR)
    world.store.restore.accept_restored(world.clock.at)
    await world.until(NOW + 5 * HOUR)

    assert [sending.due_at for sending in world.sms.sent] == [NOW + 4 * HOUR]  # of the second
    reasons = [entry.reason for entry in world.store.people.agenda("maya", NOW.date())]
    assert "nudger accept-restore" in reasons[0]


async def test_once_accepted_what_was_due_before_is_left_out_though_still_fresh(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = NOW + HOUR + 10 * MINUTE
    world.store.restore.hold_back(Restored(NOW + HOUR, NOW, NOW + HOUR, "a backup was restored"))
    world.store.restore.accept_restored(world.clock.at)

    await world.tick()

    assert world.sms.sent == []
    first = world.store.people.agenda("maya", NOW.date())[0]
    assert first.reason == "the database was restored from a backup: it may have gone out before"


async def test_while_it_is_held_back_a_person_who_writes_is_answered(world: World) -> None:
    await world.start(maya=MAYA)
    world.store.restore.hold_back(Restored(NOW, NOW - HOUR, NOW, "a backup was restored"))
    world.clock.at = NOW + MINUTE

    await world.text("I want to die")

    assert len(world.texts) == 1
    assert "116 123" in world.texts[0]


async def test_an_answer_of_before_is_not_given_twice(world: World) -> None:
    await world.start(maya=MAYA)
    await world.inbox.take(Inbound("in-1", ChannelName.SMS, "+447700900123", "help", world.clock.now()))
    world.clock.at = NOW + MINUTE
    world.store.restore.hold_back(Restored(world.clock.at, NOW, world.clock.at, "a backup was restored"))

    await world.tick()

    assert world.texts == []


class Provider:
    """What came in meanwhile, as a provider lists it; away the first time."""

    def __init__(self, *inbound: Inbound) -> None:
        self.inbound = inbound
        self.asked: list[object] = []

    async def list_inbound(self, since: object) -> list[Inbound]:
        self.asked.append(since)
        if len(self.asked) == 1:
            raise ChannelError("away")
        return list(self.inbound)


async def test_a_stop_that_the_backup_does_not_know_is_asked_for_until_it_is_there(world: World) -> None:
    await world.start(maya=MAYA)
    world.store.restore.hold_back(Restored(NOW, NOW - HOUR, NOW, "a backup was restored"))
    stop = Inbound("in-1", ChannelName.SMS, "+447700900123", "STOP", NOW - 30 * MINUTE)
    provider = Provider(stop)
    duty = Poller(
        provider, world.inbox.take, world.store.inbound, world.store.facts, world.store.restore, NOW
    )

    done = [await duty.run_once(NOW), await duty.run_once(NOW), await duty.run_once(NOW)]

    assert done == [0, 1, 0]
    assert provider.asked == [NOW - HOUR - OVERLAP] * 2
    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.opted_out == {ChannelName.SMS}


async def test_what_may_have_been_answered_before_the_restore_is_not_answered_again_but_danger_is(
    world: World,
) -> None:
    await world.start(maya=MAYA)
    world.store.restore.hold_back(Restored(NOW, NOW - HOUR, NOW, "a backup was restored"))
    texts = [
        Inbound(f"in-{number}", ChannelName.SMS, "+447700900123", words, NOW - number * MINUTE)
        for number, words in enumerate(["I want to die", "pause", "HELP"], 1)
    ]
    world.clock.at = NOW + MINUTE
    provider = Provider(*texts)
    provider.asked = ["before"]

    await Poller(
        provider, world.inbox.take, world.store.inbound, world.store.facts, world.store.restore, NOW
    ).run_once(world.clock.at)
    await world.tick()

    assert len(world.texts) == 1
    assert "116 123" in world.texts[0]
    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.held_at == NOW - MINUTE


async def test_who_may_have_been_asked_for_consent_before_is_not_asked_again(world: World) -> None:
    await world.start(maya=MAYA.replace('consent = "2026-11-20, in person"\n', ""))
    world.store.restore.hold_back(Restored(NOW + HOUR, NOW, NOW + HOUR, "a backup was restored"))
    world.store.restore.accept_restored(NOW + HOUR)

    await world.until(NOW + 5 * HOUR)

    assert world.texts == []
