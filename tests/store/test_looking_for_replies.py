"""What people have written, looked for as an operator does, and who has seen to it."""

from collections.abc import Sequence

import pytest

from nudger.domain.effects import Effect, Need, Response
from nudger.inbound.port import Inbound, Writer
from nudger.operations.overview import Cursor, RepliesWanted, SeenReply
from nudger.store.operations import replies as looking
from tests.support.worlds.store import DAY, HOUR, MAYA_PHONE, MINUTE, NOON, SMS, World, plan

BO_PHONE = "+447700900124"


def wrote(
    world: World,
    intent: str = "done",
    need: Need | None = None,
    effects: Sequence[Effect] = (),
    address: str = MAYA_PHONE,
) -> None:
    """A text, a minute after the one before."""
    world.now += MINUTE
    world.ids += 1

    def respond(_: Writer) -> Response:
        return Response(intent, None, tuple(effects), need)

    inbound = Inbound(f"IN{world.ids}", SMS, address, f"text {world.ids}", world.now)
    world.store.inbound.take_reply(inbound, respond)


@pytest.fixture
def talked(world: World) -> World:
    """Maya and Bo have written, one after the other."""
    world.load(plan(), plan("bo", phone=BO_PHONE, channels=(SMS,), group="north"))
    wrote(world, "done")
    wrote(world, "unknown", Need.PERSON, address=BO_PHONE)
    wrote(world, "skip")
    wrote(world, "concern", Need.CONCERN)
    wrote(world, "done", address=BO_PHONE)
    return world


def found(world: World, **wanted: object) -> list[str]:
    page = world.store.replies.replies(RepliesWanted(**wanted), world.now, words=True)  # type: ignore[arg-type]
    assert page.number == len(page.replies)
    return [one.text for one in page.replies]


def test_the_latest_comes_first_with_its_person_and_what_it_was_understood_as(talked: World) -> None:
    page = talked.store.replies.replies(RepliesWanted(), talked.now)

    assert [(one.person, one.name, one.intent) for one in page.replies[:2]] == [
        ("bo", "Bo", "done"),
        ("maya", "Maya", "concern"),
    ]
    assert (page.number, page.counted_all, page.on) == (5, True, None)
    assert {one.text for one in page.replies} == {""}  # nobody has asked for words


def test_they_are_found_by_intent_person_need_and_time(talked: World) -> None:
    assert found(talked, intent="done") == ["text 5", "text 1"]
    assert found(talked, person="bo") == ["text 5", "text 2"]
    assert found(talked, person="bo", intent="done") == ["text 5"]
    assert found(talked, group="north") == ["text 5", "text 2"]
    assert found(talked, group="north", handled=True) == []
    assert found(talked, in_need=True) == ["text 4", "text 2"]
    assert found(talked, need=Need.PERSON) == ["text 2"]
    assert found(talked, since=NOON + 3 * MINUTE) == ["text 5", "text 4", "text 3"]
    assert found(talked, until=NOON + 2 * MINUTE) == ["text 2", "text 1"]
    assert found(talked, intent="nothing") == []


def test_who_has_seen_to_one_and_when_is_kept_and_stands_in_the_log(talked: World) -> None:
    (concern,) = talked.store.replies.replies(RepliesWanted(intent="concern"), talked.now).replies

    done = talked.store.replies.handle(concern.cursor.id, "Ann", talked.now)
    again = talked.store.replies.handle(concern.cursor.id, "Bert", talked.now + HOUR)

    assert done is not None
    assert (done.handled_by, done.handled_at) == ("Ann", talked.now)
    assert again == done
    assert found(talked, in_need=True, handled=False) == ["text 2"]
    assert found(talked, handled=True) == ["text 4"]
    log = talked.store.people.log("maya")
    assert [entry.reason.partition(",")[0] for entry in log if entry.what == "reply handled"] == ["by Ann"]
    assert talked.store.people.log("bo")[0].what == "reply"


def test_what_somebody_has_seen_to_needs_nobody_and_alarms_nobody(talked: World) -> None:
    waiting = talked.store.replies.replies(RepliesWanted(in_need=True), talked.now).replies
    assert len(talked.store.overview.vitals(talked.now).needed) == 2

    for one in waiting:
        talked.store.replies.handle(one.cursor.id, "Ann", talked.now)

    assert talked.store.overview.vitals(talked.now).needed == []
    assert talked.store.needs.claim_needs(talked.now) == []


def test_what_was_marked_by_mistake_is_opened_again(talked: World) -> None:
    line = talked.store.replies.replies(RepliesWanted(in_need=True), talked.now).replies[0].cursor.id
    talked.store.replies.handle(line, "Ann", talked.now)

    opened = talked.store.replies.handle(line, None, talked.now)

    assert opened is not None
    assert (opened.handled_by, opened.handled_at) == (None, None)
    assert found(talked, in_need=True, handled=False) == ["text 4", "text 2"]


def test_a_reply_that_nobody_has_written_cannot_be_handled(talked: World) -> None:
    assert talked.store.replies.handle(2**62, "Ann", talked.now) is None


def test_pages_have_each_reply_once_though_some_came_in_one_instant(world: World) -> None:
    world.load(plan())
    for number in range(7):
        wrote(world)
        world.now -= MINUTE * (number % 2)

    met: list[SeenReply] = []
    before: Cursor | None = None
    while True:
        page = world.store.replies.replies(RepliesWanted(), world.now + DAY, before, 3)
        met += page.replies
        before = page.on
        if before is None:
            break

    assert len({one.cursor.id for one in met}) == len(met) == 7
    assert [one.cursor.at for one in met] == sorted((one.cursor.at for one in met), reverse=True)


def test_a_look_for_what_is_rare_reads_only_so_many_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load(plan())
    for _ in range(10):
        wrote(world)
    first = world.store.replies.replies(RepliesWanted(), world.now, limit=10).replies[-1].cursor.id
    monkeypatch.setattr(looking, "READ", 4)
    monkeypatch.setattr(looking, "COUNTED", 8)
    world.store.replies.handle(first, "Ann", world.now)

    looks, before = [], None
    while True:
        page = world.store.replies.replies(RepliesWanted(handled=True), world.now, before)
        looks.append(len(page.replies))
        before = page.on
        if before is None:
            break

    assert looks[0] == 0
    assert sum(looks) == 1
    assert not page.counted_all
